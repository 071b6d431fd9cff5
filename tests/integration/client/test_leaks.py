"""What many reconnects leave behind: nothing. `tests/real/reconnects.py` does it 10,000 times."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

from integration.client.staged_venue import CREDENTIALS, Stage, StagedVenue, next_of
from venuewire import Backoff, Message, Subscribed

RECONNECTS = 40
OPEN_FILES = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")


def usage() -> tuple[int, int]:
    return len(asyncio.all_tasks()), sum(1 for _ in OPEN_FILES.iterdir())


async def settled(bound: tuple[int, int]) -> tuple[int, int]:
    """What there is, once what ends by itself had time to do so."""
    for _ in range(1000):
        if all(now <= most for now, most in zip(usage(), bound, strict=True)):
            break
        await asyncio.sleep(0.005)
    return usage()


@pytest.mark.parametrize("fetches", [False, True])
async def test_neither_tasks_nor_descriptors_nor_subscriptions_multiply(fetches: bool) -> None:
    """Method: each link is lost as soon as it has its channels; the second is the yardstick."""
    backoff = Backoff(initial=0.001, limit=0.002)
    venue = StagedVenue(fetches=fetches)
    async with (
        Stage() as stage,
        stage.session(venue=venue, credentials=CREDENTIALS, backoff=backoff) as session,
    ):
        await session.subscribe("news", timeout=5)
        await next_of(session, Subscribed)
        yardstick = (0, 0)
        for number in range(RECONNECTS):
            (await stage.link(number + 1)).transport.abort()
            await next_of(session, Subscribed)
            if number == 0:
                yardstick = usage()
        tasks, descriptors = await settled(yardstick)
        assert tasks <= yardstick[0]
        assert descriptors <= yardstick[1]
        await stage.say("news", 1, 2)
        heard = [await next_of(session, Message) for _ in range(2)]
        assert [message.data for message in heard if isinstance(message, Message)] == [1, 2]
        asked = Counter(request["op"] for request in stage.heard)
        assert asked == {"subscribe": RECONNECTS + 1}
        assert session.health.counters.reconnects == RECONNECTS
