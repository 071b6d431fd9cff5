"""The deadline queue, driven by hand: its clock stands still and its loop is a list."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from clock import VirtualClock
from venuewire.core.instant import Instant
from venuewire.transport.deadlines import BATCH, NEVER, DeadlineQueue


class Sleeper:
    """Wants waking at `due`, and may want it again `every` so many seconds."""

    def __init__(self, due: float | None, every: float | None = None) -> None:
        self.deadline = due
        self.every = every
        self.watched_at = NEVER
        self.woken: list[float] = []

    def wake(self, now: Instant) -> None:
        self.woken.append(now.monotonic)
        self.deadline = None if self.every is None else now.monotonic + self.every


class Handle:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call, self.cancelled = at, call, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """The one timer that is armed."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.handles: list[Handle] = []

    def call_later(self, delay: float, call: Callable[[], None]) -> Handle:
        self.handles.append(Handle(self.clock.seconds + delay, call))
        return self.handles[-1]

    def call_soon(self, call: Callable[[], None]) -> Handle:
        return self.call_later(0.0, call)

    @property
    def armed(self) -> list[Handle]:
        return [handle for handle in self.handles if not handle.cancelled]

    def run_until(self, end: float) -> int:
        """Let time pass; how many ticks there were."""
        ticks = 0
        while self.armed and self.armed[0].at <= end:
            (handle,) = self.armed
            handle.cancelled = True
            self.clock.seconds = max(self.clock.seconds, handle.at)
            handle.call()
            ticks += 1
        self.clock.seconds = end
        return ticks


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(autouse=True)
def loop(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop(clock)
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    return loop


@pytest.fixture
def queue(clock: VirtualClock) -> DeadlineQueue:
    return DeadlineQueue(clock)


def test_each_is_woken_at_its_time(queue: DeadlineQueue, loop: Loop) -> None:
    sleepers = [Sleeper(at) for at in (3.0, 1.0, 2.0)]
    for sleeper in sleepers:
        queue.watch(sleeper)
    loop.run_until(10.0)
    assert [sleeper.woken for sleeper in sleepers] == [[3.0], [1.0], [2.0]]
    assert len(queue) == 0


def test_one_timer_serves_all(queue: DeadlineQueue, loop: Loop) -> None:
    for number in range(1000):
        queue.watch(Sleeper(1000.0 - number))
    assert len(loop.armed) == 1


def test_what_moves_away_costs_nothing_until_its_old_place_comes_up(
    queue: DeadlineQueue, loop: Loop
) -> None:
    sleeper = Sleeper(1.0)
    queue.watch(sleeper)
    sleeper.deadline = 5.0
    queue.watch(sleeper)
    assert len(loop.handles) == 1
    loop.run_until(4.0)
    assert sleeper.woken == []
    loop.run_until(6.0)
    assert sleeper.woken == [5.0]


def test_what_comes_nearer_is_woken_earlier_and_once(queue: DeadlineQueue, loop: Loop) -> None:
    sleeper = Sleeper(5.0)
    queue.watch(sleeper)
    sleeper.deadline = 1.0
    queue.watch(sleeper)
    loop.run_until(10.0)
    assert sleeper.woken == [1.0]


def test_who_wants_it_again_gets_it_again(queue: DeadlineQueue, loop: Loop) -> None:
    sleeper = Sleeper(1.0, every=1.0)
    queue.watch(sleeper)
    loop.run_until(4.5)
    assert sleeper.woken == [1.0, 2.0, 3.0, 4.0]


def test_without_a_deadline_there_is_no_timer(queue: DeadlineQueue, loop: Loop) -> None:
    queue.watch(Sleeper(None))
    assert loop.handles == []


def test_forgotten_is_not_woken(queue: DeadlineQueue, loop: Loop) -> None:
    sleeper = Sleeper(1.0)
    queue.watch(sleeper)
    queue.forget(sleeper)
    queue.forget(sleeper)
    loop.run_until(2.0)
    assert sleeper.woken == []
    assert len(queue) == 0


def test_forgotten_entries_are_not_kept_until_their_deadline(queue: DeadlineQueue) -> None:
    day = 86_400.0
    for _ in range(10_000):
        sleeper = Sleeper(day)
        queue.watch(sleeper)
        queue.forget(sleeper)
    assert len(queue._places) < 200


def test_moving_to_and_fro_keeps_one_place_each(queue: DeadlineQueue) -> None:
    sleeper = Sleeper(1e9)
    for step in range(10_000):
        sleeper.deadline = 1e9 - step
        queue.watch(sleeper)
    assert len(queue) == 1
    assert len(queue._places) < 200


def test_many_at_once_let_the_loop_have_its_turn(queue: DeadlineQueue, loop: Loop) -> None:
    sleepers = [Sleeper(1.0) for _ in range(20_000)]
    for sleeper in sleepers:
        queue.watch(sleeper)
    ticks = loop.run_until(1.5)
    assert ticks >= 20_000 / BATCH
    assert all(len(sleeper.woken) == 1 for sleeper in sleepers)


def test_one_that_stays_due_does_not_starve_the_others(queue: DeadlineQueue, loop: Loop) -> None:
    class Stuck(Sleeper):
        def wake(self, now: Instant) -> None:
            self.woken.append(now.monotonic)

    stuck, other = Stuck(1.0), Sleeper(1.01)
    queue.watch(stuck)
    queue.watch(other)
    loop.run_until(1.1)
    assert len(stuck.woken) <= 110
    assert len(other.woken) == 1


def test_an_error_of_one_is_not_the_others(
    queue: DeadlineQueue, loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Sleeper):
        def wake(self, now: Instant) -> Any:
            raise RuntimeError("".join(("se", "cret")))

    broken, other = Broken(1.0), Sleeper(1.0)
    queue.watch(broken)
    queue.watch(other)
    loop.run_until(2.0)
    assert other.woken == [1.0]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_closed_wakes_nobody_and_arms_nothing(queue: DeadlineQueue, loop: Loop) -> None:
    sleeper = Sleeper(1.0)
    queue.watch(sleeper)
    queue.close()
    assert loop.armed == []
    assert sleeper.watched_at == NEVER
    queue.watch(sleeper)
    loop.run_until(2.0)
    assert sleeper.woken == [1.0]


def test_a_deadline_in_the_past_is_served_at_once(queue: DeadlineQueue, loop: Loop) -> None:
    loop.clock.seconds = 10.0
    sleeper = Sleeper(3.0)
    queue.watch(sleeper)
    loop.run_until(10.0)
    assert sleeper.woken == [10.0]
