"""A machine that slept, over a real socket: the driver's clock is ours, and jumps."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from integration.client.staged_venue import PATIENCE, QUICK, Stage, StagedVenue
from venuewire.core.client_session import ClientSession
from venuewire.core.dialect import Profile
from venuewire.core.errors import NotLive
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy, Verdict
from venuewire.core.updates import Alive, Cause, Down, Ready, Suspect, Update
from venuewire.core.venue import ClientOptions
from venuewire.transport.client_driver import ClientDriver
from venuewire.transport.sentinel import sentinel

HOUR = 3600.0


class JumpingClock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Instant:
        return Instant(time.monotonic(), time.time() + self.ahead)


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.updates: asyncio.Queue[Update] = asyncio.Queue()

    def put(self, news: list[Update]) -> None:
        pass

    def told(self, update: Update) -> None:
        self.updates.put_nowait(update)

    def round_trip(self, id: int, seconds: float) -> None:
        pass

    async def next(self) -> Update:
        async with asyncio.timeout(PATIENCE):
            return await self.updates.get()


@asynccontextmanager
async def asleep(
    stage: Stage, *, ping_timeout: float
) -> AsyncIterator[tuple[ClientDriver, Listener]]:
    """A driver that is ready, and wakes after an hour."""
    venue, clock, listener = StagedVenue(), JumpingClock(), Listener()
    venue.profile = Profile(liveness=LivenessPolicy(ping_timeout=ping_timeout))
    dialect = venue.venue.client(ClientOptions(url=stage.url))
    kernel = ClientSession(dialect, backoff=QUICK, rng=Random(0))
    driver = ClientDriver(kernel, listener, clock=clock)
    driver.do(kernel.connect)
    try:
        assert isinstance(await listener.next(), Ready)
        assert len(sentinel(clock)) == 1
        clock.ahead = HOUR
        sentinel(clock).look()
        yield driver, listener
    finally:
        await driver.close()
        assert len(sentinel(clock)) == 0


async def test_a_link_that_outlived_sleep_is_cleared_by_its_probe() -> None:
    async with Stage() as stage, asleep(stage, ping_timeout=PATIENCE) as (driver, listener):
        assert isinstance(await listener.next(), Suspect)
        with pytest.raises(NotLive, match="after sleep"):
            driver.session.health(driver.clock()).assert_live(PATIENCE)
        assert isinstance(await listener.next(), Alive)
        assert driver.session.health(driver.clock()).verdict is Verdict.ALIVE
        assert driver.session.link == 1


async def test_one_that_did_not_is_replaced() -> None:
    async with Stage() as stage:
        stage.answering = False
        async with asleep(stage, ping_timeout=0.05) as (driver, listener):
            assert isinstance(await listener.next(), Suspect)
            down = await listener.next()
            assert isinstance(down, Down)
            assert down.cause is Cause.SILENT
            assert "3600.0 s ahead" in down.reason
            assert isinstance(await listener.next(), Ready)
            assert driver.session.link == 2
