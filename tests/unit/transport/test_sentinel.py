"""A look at the clocks once a second: lag, sleep, and a clock that was set. No real time passes."""

import asyncio
import logging

import pytest

from clock import EPOCH
from venuewire.core.events import LoopLagged, Oddity, TimeJumped
from venuewire.core.instant import Instant
from venuewire.transport.sentinel import Sentinel, oddities, sentinel


class Clocks:
    """Two that can be moved apart."""

    def __init__(self) -> None:
        self.monotonic = 100.0
        self.realtime = EPOCH
        self.between_readings = 0.0
        """Seconds for which the process is stopped after the next monotonic reading."""

    def __call__(self) -> Instant:
        monotonic = self.monotonic
        self.awake(self.between_readings)
        self.between_readings = 0.0
        return Instant(monotonic, self.realtime)

    def awake(self, seconds: float) -> None:
        self.monotonic += seconds
        self.realtime += seconds

    def asleep(self, seconds: float) -> None:
        self.realtime += seconds


class Noting:
    def __init__(self) -> None:
        self.noted: list[Oddity] = []
        self.told = asyncio.Event()

    def noticed(self, oddity: Oddity, now: Instant) -> None:
        self.noted.append(oddity)
        self.told.set()


class Failing:
    def noticed(self, oddity: Oddity, now: Instant) -> None:
        raise ValueError("a bug")


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (Instant(11.0, 1001.0), []),
        (Instant(11.2, 1001.2), []),
        (Instant(11.0, 1001.4), []),
        (Instant(11.0, 1000.6), []),
        (Instant(13.0, 1003.0), [LoopLagged(2.0)]),
        (Instant(11.0, 4601.0), [TimeJumped(3600.0, 1000.0)]),
        (Instant(11.0, 991.0), [TimeJumped(-10.0, 1000.0)]),
        (Instant(13.0, 4603.0), [LoopLagged(2.0), TimeJumped(3600.0, 1000.0)]),
    ],
)
def test_what_is_odd_about_two_readings(after: Instant, found: list[Oddity]) -> None:
    assert oddities(Instant(10.0, 1000.0), 11.0, after) == found


async def test_sleep_is_told_once_to_everybody() -> None:
    clocks, first, second = Clocks(), Noting(), Noting()
    watch = Sentinel(clocks)
    for watcher in (first, second, first):
        watch.watch(watcher)
    clocks.awake(1.0)
    watch.look()
    clocks.awake(1.0)
    clocks.asleep(3600.0)
    watch.look()
    clocks.awake(1.0)
    watch.look()
    assert first.noted == second.noted == [TimeJumped(3600.0, EPOCH + 1)]
    watch.forget(first)
    watch.forget(second)


async def test_a_process_stopped_between_two_clocks_did_not_sleep() -> None:
    clocks, watcher = Clocks(), Noting()
    watch = Sentinel(clocks)
    watch.watch(watcher)
    clocks.awake(1.0)
    clocks.between_readings = 5.0
    watch.look()
    assert watcher.noted == [LoopLagged(5.0)]
    watch.forget(watcher)


async def test_the_failure_of_one_is_not_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clocks, watcher = Clocks(), Noting()
    watch = Sentinel(clocks)
    failing = Failing()
    watch.watch(failing)
    watch.watch(watcher)
    clocks.asleep(60.0)
    with caplog.at_level(logging.CRITICAL, logger="venuewire"):
        watch.look()
    assert len(watcher.noted) == 1
    watch.forget(failing)
    watch.forget(watcher)


async def test_it_looks_by_itself_and_only_while_somebody_watches() -> None:
    clocks, watcher = Clocks(), Noting()
    watch = Sentinel(clocks, interval=0.001)
    watch.watch(watcher)
    clocks.asleep(60.0)
    async with asyncio.timeout(10):
        await watcher.told.wait()
    watch.forget(watcher)
    watch.forget(watcher)
    assert len(watch) == 0
    clocks.asleep(60.0)
    await asyncio.sleep(0.01)
    assert len(watcher.noted) == 1


async def test_a_loop_has_one_for_each_clock() -> None:
    clocks = Clocks()
    assert sentinel(clocks) is sentinel(clocks)
    assert sentinel(clocks) is not sentinel(Clocks())
