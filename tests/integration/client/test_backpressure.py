"""Over a real socket: how each channel is delivered to an application that is slower than it."""

import asyncio
import json
import logging
from collections.abc import Callable

import pytest
import uvloop

from integration.client.staged_venue import PATIENCE, Stage, StagedVenue, next_of
from integration.client.test_tls import client_context, server_context
from venuewire import (
    Block,
    ConfigurationError,
    Conflate,
    DropOldest,
    Fail,
    Gap,
    Message,
    Overrun,
    Ready,
    Session,
    Subscribed,
    Suspect,
    Unsubscribed,
    Update,
    Verdict,
)
from venuewire.client.losses import CONFLATED, FELL_BEHIND
from venuewire.core.dialect import Profile
from venuewire.core.liveness import LivenessPolicy
from venuewire.transport import client_driver, client_link

FILLER = "x" * 20_000
"""Makes a message large enough that a few hundred of them fill what sockets hold."""


async def heard_until(session: Session, channel: str, data: object) -> list[Update]:
    """All updates up to that message."""
    heard: list[Update] = []
    async with asyncio.timeout(PATIENCE):
        async for update in session:
            heard.append(update)
            if isinstance(update, Message) and (update.channel, update.data) == (channel, data):
                return heard
    raise AssertionError("the session ended")


async def paused(session: Session) -> None:
    """Until reading has."""
    async with asyncio.timeout(PATIENCE):
        while session._audience.inbox._pause is None:  # noqa: ASYNC110 - it is not ours to tell
            await asyncio.sleep(0.001)


def data_of(updates: list[Update], channel: str) -> list[object]:
    return [u.data for u in updates if isinstance(u, Message) and u.channel == channel]


def gaps_of(updates: list[Update]) -> list[tuple[str, str]]:
    return [(u.channel, u.why) for u in updates if isinstance(u, Gap)]


async def test_each_channel_is_delivered_as_it_was_asked_for() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("prices", delivery=Conflate(), timeout=5)
        await session.subscribe("news", delivery=DropOldest(3), timeout=5)
        await session.subscribe("rest", timeout=5)
        await stage.say("rest", *range(5))
        await stage.say("prices", *range(5))
        await stage.say("news", *range(5))
        await stage.say("rest", "end")
        await session.ping()
        heard = await heard_until(session, "rest", "end")
        assert data_of(heard, "prices") == [4]
        assert data_of(heard, "news") == [2, 3, 4]
        assert data_of(heard, "rest") == [*range(5), "end"]
        assert gaps_of(heard) == [("prices", CONFLATED), ("news", FELL_BEHIND)]
        assert session.dropped == 4 + 2


async def test_a_delivery_for_all_channels_is_chosen_with_the_session() -> None:
    async with Stage() as stage, stage.session(delivery=Conflate()) as session:
        session.want("a,b")
        await session.subscribe("c", delivery=DropOldest(), timeout=5)
        for channel in "abc":
            await stage.say(channel, 1, 2, 3)
        await session.ping()
        heard = await heard_until(session, "c", 3)
        assert [data_of(heard, channel) for channel in "abc"] == [[3], [3], [1, 2, 3]]


async def test_a_choice_made_late_holds_for_what_waits_already() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("a", timeout=5)
        await stage.say("a", 1, 2)
        await session.ping()
        await session.subscribe("b", delivery=DropOldest(1), timeout=5)
        await stage.say("a", 3)
        assert data_of(await heard_until(session, "a", 3), "a") == [1, 2, 3]


async def test_an_overrun_channel_is_unsubscribed_and_may_be_subscribed_again() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("trades", delivery=Fail(2), timeout=5)
        await stage.say("trades", 1, 2, 3, 4)
        async with asyncio.timeout(PATIENCE):
            while [said["op"] for said in stage.heard] != ["subscribe", "unsubscribe"]:
                await session.ping()
        async with asyncio.timeout(PATIENCE):
            heard = [await anext(aiter(session)) for _ in range(7)]
        assert heard[:2] == [Ready(1), Subscribed("trades")]
        assert data_of(heard, "trades") == [1, 2]
        assert gaps_of(heard) == [("trades", FELL_BEHIND)]
        assert heard[5:] == [Overrun("trades", 2), Unsubscribed("trades")]
        await session.subscribe("trades", timeout=5)
        await stage.say("trades", 5)
        assert data_of(await heard_until(session, "trades", 5), "trades") == [5]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("tls", [False, True])
def test_a_blocked_venue_waits_and_nothing_is_lost(
    new_loop: Callable[[], asyncio.AbstractEventLoop], tls: bool
) -> None:
    """Goal: backpressure reaches the venue. Method: it says more than all buffers hold; it is
    stuck until the application reads, which then hears all of it."""
    count = 600

    async def rehearse(stage: Stage, session: Session) -> None:
        await session.subscribe("news", delivery=Block(16, patience=20), timeout=5)
        words = [[number, FILLER] for number in range(count)]
        saying = asyncio.create_task(stage.say("news", *words))
        await paused(session)
        await asyncio.sleep(0.05)
        assert not saying.done()
        assert len(session._audience.inbox) < 100
        heard = await heard_until(session, "news", words[-1])
        await saying
        assert data_of(heard, "news") == words
        assert not gaps_of(heard)
        assert session.dropped == 0
        assert session.health.counters.reconnects == 0

    async def perform() -> None:
        server = server_context("127.0.0.1") if tls else None
        client = client_context() if tls else None
        async with Stage(server) as stage, stage.session(ssl_context=client) as session:
            await rehearse(stage, session)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(perform())


async def test_our_not_reading_is_not_the_venues_silence() -> None:
    """Method: reading pauses for several times what the venue may be silent or owe a pong."""
    venue = StagedVenue()
    venue.profile = Profile(
        liveness=LivenessPolicy(ping_interval=0.2, ping_timeout=0.4, silence_timeout=0.4)
    )
    async with Stage() as stage, stage.session(venue=venue) as session:
        await session.subscribe("news", delivery=Block(2), timeout=5)
        await stage.say("news", 1, 2, 3)
        await paused(session)
        await asyncio.sleep(1.0)
        health = session.health
        assert health.verdict is Verdict.ALIVE
        assert health.evidence.endswith("not read, because the application is behind")
        assert health.counters.pings > 2
        await stage.say("news", 4)
        heard = await heard_until(session, "news", 4)
        await session.ping()
        assert session.health.verdict is Verdict.ALIVE
        assert data_of(heard, "news") == [1, 2, 3, 4]
        assert not any(isinstance(update, Suspect) for update in heard)
        assert session.health.counters.reconnects == 0


async def test_all_links_of_a_session_wait_and_all_go_on() -> None:
    """Method: two channels on two links; the full one is Block's, the other one's says what is
    heard only when its link is read again."""
    venue = StagedVenue()
    venue.capacity = 1
    async with Stage() as stage, stage.session(venue=venue) as session:
        await session.subscribe("fills", delivery=Block(2), timeout=5)
        await session.subscribe("news", timeout=5)
        fills, news = stage.links
        for number in (1, 2, 3):
            await fills.send(json.dumps({"op": "data", "channel": "fills", "data": number}))
        await paused(session)
        await news.send(json.dumps({"op": "data", "channel": "news", "data": "late"}))
        pong = asyncio.create_task(session.ping())
        await asyncio.sleep(0.05)
        assert not pong.done()
        heard = await heard_until(session, "news", "late")
        assert data_of(heard, "fills") == [1, 2, 3]
        await pong


async def test_patience_at_an_end_the_session_reads_on_and_tells_what_it_drops() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", delivery=Block(4, patience=0.3), timeout=5)
        await stage.say("news", *range(50))
        await paused(session)
        await session.ping()  # Is read only when the session reads again.
        heard = await heard_until(session, "news", 49)
        assert data_of(heard, "news") == [46, 47, 48, 49]
        assert gaps_of(heard) == [("news", FELL_BEHIND)]
        assert session.dropped == 46


async def test_a_session_may_be_closed_while_it_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Method: it may wait long for the venue's CLOSE; so it ends because it hears it."""
    for module in (client_link, client_driver):
        monkeypatch.setattr(module, "CLOSE_TIMEOUT", 10 * PATIENCE)
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", delivery=Block(2), timeout=5)
        await stage.say("news", 1, 2, 3)
        await paused(session)
        async with asyncio.timeout(PATIENCE):
            await session.aclose()
            heard = [update async for update in session]
        assert data_of(heard, "news") == [1, 2, 3]


async def test_a_link_lost_while_it_was_not_read_is_replaced() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", delivery=Block(2), timeout=5)
        await stage.say("news", 1, 2, 3)
        await paused(session)
        stage.links[0].transport.abort()
        assert data_of(await heard_until(session, "news", 3), "news") == [1, 2, 3]
        assert await next_of(session, Ready) == Ready(2)
        await next_of(session, Gap)
        await stage.say("news", 4)
        await heard_until(session, "news", 4)


async def test_a_key_that_fails_is_reported_once_and_not_where_the_socket_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(message: Message) -> str:
        raise KeyError(f"quoting {message.data + 40}")

    async with Stage() as stage, stage.session() as session:
        await session.subscribe("prices", delivery=Conflate(by=fail), timeout=5)
        await stage.say("prices", 1, 2, 3)
        await session.ping()
        assert data_of(await heard_until(session, "prices", 3), "prices") == [3]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [error.splitlines()[0] for error in errors] == ["the key of Conflate failed: KeyError"]
    assert "on_ws_frame" not in errors[0]
    assert "quoting 41" not in caplog.text


async def test_what_cannot_be_delivered_so_is_said_at_once() -> None:
    async with Stage() as stage:
        for options in ({"delivery": Conflate()}, {"backfill": print}):
            with pytest.raises(ConfigurationError, match="with on_message nothing waits"):
                stage.session(on_message=print, **options)
        with pytest.raises(ConfigurationError, match=r"one of DropOldest\(\), Conflate\(\)"):
            stage.session(delivery="latest")
        async with stage.session(on_message=print) as session:
            with pytest.raises(ConfigurationError, match="with on_message nothing waits"):
                await session.subscribe("a", delivery=DropOldest())
        async with stage.session() as session:
            with pytest.raises(ConfigurationError, match="not 'latest'"):
                session.want("a", delivery="latest")  # type: ignore[arg-type]
            assert session.health.channels == 0
