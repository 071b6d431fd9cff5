"""What a task may wait for, and how each wait ends."""

import asyncio

import pytest

from venuewire.client.waits import (
    UntilAgreed,
    UntilAnswered,
    UntilReady,
    UntilReplaced,
    Wait,
    Waits,
)
from venuewire.core.errors import AccessRefused, ConfigurationError, NotLive
from venuewire.core.updates import (
    Cause,
    Down,
    Notice,
    Ready,
    Refused,
    Rotated,
    Subscribed,
    Suspect,
    Unsubscribed,
    Update,
)

LOST = Down(Cause.LOST, "lost", 1.0)
CLOSED = Down(Cause.CLOSED, "closed", None)
MISCONFIGURED = Down(Cause.CONFIGURATION, "cannot work", None)


async def outcome(wait: Wait, *updates: Update) -> str:
    """How a wait ends when it hears these: by returning, by an error's name, or not yet."""
    waits = Waits()
    waits.add(wait)
    for update in updates:
        waits.told(update)
    try:
        await waits.end_of(wait, 0)
    except TimeoutError:
        return "goes on"
    except (AccessRefused, ConfigurationError, NotLive) as error:
        return type(error).__name__
    finally:
        assert len(waits) == 0
    return "ends"


async def test_until_ready() -> None:
    assert await outcome(UntilReady(), Suspect("?"), LOST) == "goes on"
    assert await outcome(UntilReady(), LOST, Ready(2), Ready(3)) == "ends"
    assert await outcome(UntilReady(), CLOSED) == "NotLive"
    assert await outcome(UntilReady(), MISCONFIGURED) == "ConfigurationError"


async def test_until_subscribed() -> None:
    def wait() -> Wait:
        return UntilAgreed(["a", "b"], Subscribed)

    assert await outcome(UntilAgreed([], Subscribed)) == "ends"
    assert await outcome(wait(), Subscribed("a"), LOST) == "goes on"
    assert await outcome(wait(), Subscribed("a"), Unsubscribed("b")) == "goes on"
    assert await outcome(wait(), Subscribed("b"), LOST, Subscribed("a")) == "ends"
    assert await outcome(wait(), Refused("no", "b"), Subscribed("a")) == "AccessRefused"
    assert await outcome(wait(), Refused("no", "c"), Refused("no")) == "goes on"
    assert await outcome(wait(), CLOSED, Subscribed("a"), Subscribed("b")) == "NotLive"


async def test_until_unsubscribed() -> None:
    def wait() -> Wait:
        return UntilAgreed(["a", "b"], Unsubscribed)

    assert await outcome(wait(), Unsubscribed("a")) == "goes on"
    assert await outcome(wait(), Unsubscribed("a"), Unsubscribed("b")) == "ends"
    assert await outcome(wait(), LOST) == "ends"
    assert await outcome(wait(), Refused("no", "a")) == "AccessRefused"


async def test_until_a_pong() -> None:
    assert await outcome(UntilAnswered([1]), Ready(1)) == "goes on"
    assert await outcome(UntilAnswered([1]), LOST) == "NotLive"
    waits = Waits()
    wait = UntilAnswered([2])
    waits.add(wait)
    waits.round_trip(1, 0.5)
    waits.round_trip(2, 0.25)
    waits.round_trip(2, 0.75)
    assert await waits.end_of(wait, None) == 0.25


async def test_a_wait_that_is_canceled_is_forgotten() -> None:
    waits = Waits()
    wait = UntilReady()
    waits.add(wait)
    waiting = asyncio.create_task(waits.end_of(wait, None))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    waits.told(Ready(1))
    assert len(waits) == 0


async def test_until_replaced() -> None:
    def wait(*links: int, goes_on: bool = True) -> Wait:
        return UntilReplaced([1, 2], lambda: links, lambda: goes_on)

    rotated, stays = Rotated(1, 3, "asked for"), Notice("link 2 stays: unreachable")
    assert await outcome(wait(3, 4), rotated) == "ends"
    assert await outcome(wait(3, 2), rotated, Notice("welcome")) == "goes on"
    assert await outcome(wait(3, 4), LOST, Subscribed("a")) == "goes on"
    assert await outcome(wait(3, 4), LOST, Ready(4)) == "ends"
    assert await outcome(wait(3), Unsubscribed("a")) == "ends"
    assert await outcome(wait(3, 2, goes_on=False), stays) == "NotLive"
    assert await outcome(wait(3, 2, goes_on=False), LOST) == "goes on"
    assert await outcome(wait(3, 2), CLOSED) == "NotLive"


async def test_who_waits_for_a_link_to_be_replaced_hears_why_it_stays() -> None:
    waits, wait = Waits(), UntilReplaced([1], lambda: [1], lambda: False)
    waits.add(wait)
    waits.told(Notice("link 1 stays: unreachable"))
    with pytest.raises(NotLive, match="not replaced: link 1 stays: unreachable"):
        await waits.end_of(wait, 0)
