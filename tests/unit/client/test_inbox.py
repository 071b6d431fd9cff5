"""The inbox: order, one wake-up, and what is given up when nobody asks."""

import asyncio

import pytest

from venuewire.client.inbox import BACKLOG, Inbox
from venuewire.client.losses import FELL_BEHIND
from venuewire.core.errors import ConfigurationError
from venuewire.core.messages import Message
from venuewire.core.updates import (
    Cause,
    Down,
    Gap,
    Notice,
    Ready,
    Subscribed,
    Suspect,
    Unreadable,
    Update,
)


def message(channel: str, at: float, raw: bytes = b"1") -> Message:
    return Message(channel=channel, raw=raw, received=at)


async def all_of(inbox: Inbox) -> list[Update]:
    inbox.end()
    return [update async for update in inbox]


async def test_updates_come_out_as_they_went_in() -> None:
    inbox = Inbox(8)
    news: list[Update] = [Ready(1), message("a", 1.0), Suspect("?")]
    inbox.put(news)
    assert len(inbox) == 3
    assert await all_of(inbox) == news


async def test_the_consumer_waits_for_the_next_and_is_told_the_end() -> None:
    inbox = Inbox(8)
    listening = asyncio.create_task(anext(inbox))
    await asyncio.sleep(0)
    inbox.put([Ready(1)])
    inbox.put([Ready(2)])
    assert await listening == Ready(1)
    inbox.end(ConfigurationError("no"))
    assert await anext(inbox) == Ready(2)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            await anext(inbox)


async def test_beyond_the_bound_each_channel_gets_one_gap_before_its_next_message() -> None:
    inbox = Inbox(8)
    for at in range(9):
        inbox.put([message("a" if at % 2 else "b", float(at))])
    assert inbox.dropped == 2
    assert await all_of(inbox) == [
        Gap("b", 0.0, 0.0, FELL_BEHIND),
        message("b", 2.0),
        Gap("a", 1.0, 1.0, FELL_BEHIND),
        *[message("a" if at % 2 else "b", float(at)) for at in range(3, 9)],
    ]


async def test_gaps_of_one_stretch_become_one() -> None:
    inbox = Inbox(8)
    for at in range(100):
        inbox.put([message("a", float(at))])
    first, *rest = await all_of(inbox)
    assert first == Gap("a", 0.0, 99.0 - len(rest), FELL_BEHIND)
    assert rest == [message("a", float(at)) for at in range(100 - len(rest), 100)]
    assert 6 <= len(rest) <= 8
    assert inbox.dropped == 100 - len(rest)


async def test_a_channel_that_lost_its_last_message_gets_its_gap_too() -> None:
    inbox = Inbox(8)
    inbox.put([message("quiet", 0.0)])
    inbox.put([message("loud", float(at)) for at in range(1, 9)])
    assert await all_of(inbox) == [
        Gap("loud", 1.0, 1.0, FELL_BEHIND),
        *[message("loud", float(at)) for at in range(2, 9)],
        Gap("quiet", 0.0, 0.0, FELL_BEHIND),
    ]


async def test_only_messages_are_lost() -> None:
    inbox = Inbox(8)
    told: list[Update] = [Ready(1), Subscribed("a"), Gap("a", 1.0, 2.0, "lost"), Suspect("?")]
    inbox.put(told)
    inbox.put([message("a", float(at)) for at in range(50)])
    heard = await all_of(inbox)
    assert [update for update in heard if update in told] == told
    assert len(heard) <= 9


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    inbox = Inbox(100_000, bytes_limit=1_000_000)
    for at in range(2 * BACKLOG):
        inbox.put([message("a", float(at), raw=bytes(10_000))])
    first, *rest = await all_of(inbox)
    assert isinstance(first, Gap)
    assert len(rest) <= BACKLOG
    assert rest[-1] == message("a", 2.0 * BACKLOG - 1, raw=bytes(10_000))


async def test_a_bound_in_bytes_does_not_count_what_was_consumed() -> None:
    inbox = Inbox(100_000, bytes_limit=10_000_000)
    inbox.put([message("a", 0.0)] * BACKLOG)
    for at in range(3_000):
        inbox.put([message("a", float(at), raw=bytes(10_000))])
        await anext(inbox)
    assert inbox.dropped == 0


async def test_when_nobody_ever_asks_the_last_of_each_kind_and_channel_stays() -> None:
    inbox = Inbox(16)
    for link in range(1, 1000):
        inbox.put(
            [
                Ready(link),
                Subscribed("a"),
                Gap("a", link - 0.5, float(link), "lost"),
                Notice(f"n{link}"),
                message("a", float(link)),
                Unreadable("?"),
                Down(Cause.LOST, "lost", 1.0),
            ]
        )
        assert len(inbox) <= 23
    inbox.put([Ready(1000)])
    heard = await all_of(inbox)
    assert [update for update in heard if isinstance(update, Down | Ready)][-2:] == [
        Down(Cause.LOST, "lost", 1.0),
        Ready(1000),
    ]
    gaps = [gap for gap in heard if isinstance(gap, Gap)]
    assert (gaps[0].since, max(gap.until for gap in gaps)) == (0.5, 999.0)


async def test_more_channels_than_room_are_all_kept() -> None:
    inbox = Inbox(8)
    for _ in range(10):
        inbox.put([Subscribed(f"channel {number}") for number in range(100)])
    heard = await all_of(inbox)
    assert {update.channel for update in heard if isinstance(update, Subscribed)} == {
        f"channel {number}" for number in range(100)
    }
    assert len(heard) <= 300
