"""An application that keeps the event loop busy, on every loop we know."""

import asyncio
import time
from collections.abc import Callable

import pytest
import uvloop

from integration.client.staged_venue import Stage, StagedVenue, next_of
from venuewire import Alive, Message, Suspect, Verdict
from venuewire.core.dialect import Profile
from venuewire.core.liveness import LivenessPolicy

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("new_loop", LOOPS)
def test_a_busy_loop_is_not_a_silent_venue(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """Method: the venue speaks, then the loop is kept from reading that until the link's silence
    is overdue. Some loops serve timers before sockets."""

    async def rehearse() -> None:
        venue = StagedVenue()
        venue.profile = Profile(liveness=LivenessPolicy(silence_timeout=0.08, ping_timeout=0.08))
        async with Stage() as stage, stage.session(venue=venue) as session:
            await session.subscribe("news", timeout=5)
            await stage.say("news", 1)
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251 - that is what is being tested
            heard = await next_of(session, Message, Suspect)
            assert isinstance(heard, Message)
            await asyncio.sleep(0.01)
            assert session.health.verdict is Verdict.ALIVE

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(rehearse())


@pytest.mark.parametrize("new_loop", LOOPS)
def test_silence_is_noticed_in_real_time(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def rehearse() -> None:
        venue = StagedVenue()
        venue.profile = Profile(liveness=LivenessPolicy(silence_timeout=0.05, ping_timeout=1.0))
        async with Stage() as stage, stage.session(venue=venue) as session:
            await session.ready(timeout=5)
            began = asyncio.get_running_loop().time()
            await next_of(session, Suspect)
            assert 0.04 < asyncio.get_running_loop().time() - began < 1
            await next_of(session, Alive)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(rehearse())
