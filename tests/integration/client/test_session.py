"""A session's life as an application sees it, over a real socket."""

import asyncio

import pytest

import venuewire
from integration.client.staged_venue import QUICK, Stage, StagedVenue, next_of, rest_of
from rude_server import answering
from venuewire import (
    AccessRefused,
    Backoff,
    Cause,
    ConfigurationError,
    Down,
    LocalProtocolError,
    Message,
    NotLive,
    Ready,
    Refused,
    Subscribed,
    Unsubscribed,
)


async def test_connect_subscribe_hear_and_leave() -> None:
    async with Stage() as stage:
        async with stage.session() as session:
            await session.subscribe("news", timeout=5)
            await stage.say("news", {"a": 1})
            heard = [await next_of(session, Ready, Subscribed, Message) for _ in range(3)]
        assert heard[:2] == [Ready(1), Subscribed("news")]
        assert isinstance(heard[2], Message)
        assert heard[2].data == {"a": 1}
        assert await rest_of(session) == [Down(Cause.CLOSED, "closed by the application", None)]
        link = await stage.link(1)
        await link.wait_closed()
        assert link.close_code == 1000


async def test_nothing_is_left_behind() -> None:
    async with Stage() as stage, stage.session(venue=StagedVenue(fetches=True)) as session:
        await session.subscribe("news", timeout=5)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_leaving_is_bounded_when_the_venue_does_not_answer() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with answering(mute) as port:
        async with venuewire.connect(StagedVenue().venue, url=f"ws://127.0.0.1:{port}/") as session:
            await asyncio.sleep(0.05)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 1.0
        assert session.health.phase is venuewire.Phase.CLOSED


async def test_entering_does_not_wait_and_a_session_is_entered_once() -> None:
    session = venuewire.connect(StagedVenue().venue, url="ws://127.0.0.1:1/", backoff=QUICK)
    async with session:
        with pytest.raises(LocalProtocolError, match="once"):
            await session.__aenter__()
        assert isinstance(await next_of(session, Down), Down)
        with pytest.raises(NotLive, match=r"not ready within 0.01 s: .*Connection refused"):
            await session.ready(timeout=0.01)


async def test_wishes_may_come_before_the_session_begins_but_waiting_may_not() -> None:
    async with Stage() as stage:
        session = stage.session()
        session.want("news")
        with pytest.raises(LocalProtocolError, match="not been entered"):
            await session.subscribe("news")
        async with session:
            assert await next_of(session, Subscribed) == Subscribed("news")
            assert repr(session) == "Session(staged, ready, link 1)"


async def test_subscribing_waits_for_all_of_a_list_and_not_for_what_is_there() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("one,two", timeout=5)
        stage.answering = False
        await session.subscribe("two,one", timeout=5)
        assert [said["channel"] for said in stage.heard] == ["one", "two"]


async def test_a_refused_subscription_raises_and_the_session_lives() -> None:
    async with Stage() as stage, stage.session() as session:
        with pytest.raises(AccessRefused, match="no") as refusal:
            await session.subscribe("forbidden", timeout=5)
        assert refusal.value.auth is False
        assert await next_of(session, Refused) == Refused("no", "forbidden")
        await session.subscribe("news", timeout=5)


async def test_a_subscription_that_is_not_answered_raises_and_remains_wanted() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        stage.answering = False
        with pytest.raises(NotLive, match=r"no agreement to news within 0.05 s"):
            await session.subscribe("news", timeout=0.05)
        stage.answering = True
        await stage.links[0].close()
        assert await next_of(session, Subscribed) == Subscribed("news")


async def test_unsubscribing_waits_for_the_venue() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        await session.unsubscribe("news", timeout=5)
        assert await next_of(session, Unsubscribed) == Unsubscribed("news")
        assert [said["op"] for said in stage.heard] == ["subscribe", "unsubscribe"]
        await session.unsubscribe("never-wanted", timeout=5)


async def test_unsubscribing_is_done_when_the_link_is_lost() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        stage.answering = False
        ending = asyncio.create_task(session.unsubscribe("news", timeout=5))
        await asyncio.sleep(0.01)
        stage.links[0].transport.abort()
        await ending


@pytest.mark.parametrize("control", [False, True], ids=["JSON ping", "WebSocket PING"])
async def test_a_ping_gives_the_round_trip(control: bool) -> None:
    async with (
        Stage() as stage,
        stage.session(venue=StagedVenue(control_pings=control)) as session,
    ):
        with pytest.raises(NotLive, match="dialing"):
            await session.ping()
        await session.ready(timeout=5)
        assert 0 < await session.ping() < 1
        assert session.health.counters.pongs == 1
        session.assert_live()


async def test_a_ping_ends_with_its_limit_or_with_its_link() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        stage.answering = False
        with pytest.raises(NotLive, match=r"no pong within 0.02 s"):
            await session.ping(timeout=0.02)
        asked = asyncio.create_task(session.ping())
        await asyncio.sleep(0.01)
        await stage.links[0].close(1012, "restarting")
        with pytest.raises(NotLive, match="restarting"):
            await asked
        with pytest.raises(NotLive):
            session.assert_live()


async def test_a_configuration_that_cannot_work_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match="no venue is called 'atlantis'"):
        venuewire.connect("atlantis")
    venue = StagedVenue()
    venue.misconfigured = True
    with pytest.raises(ConfigurationError, match="ping_interval"):
        async with venuewire.connect(venue.venue, url="ws://127.0.0.1:1/"):
            pass
    async with Stage() as stage, stage.session() as session:
        with pytest.raises(ConfigurationError, match="spaces"):
            await session.subscribe("no such thing")


async def test_a_configuration_found_wanting_later_ends_iteration_and_waiting() -> None:
    venue = StagedVenue(fetches=True)
    venue.misconfigured = True
    async with Stage() as stage, stage.session(venue=venue) as session:
        with pytest.raises(ConfigurationError, match="ping_interval"):
            await session.ready(timeout=5)
        await next_of(session, Down)
        with pytest.raises(ConfigurationError, match="ping_interval"):
            await anext(aiter(session))
        with pytest.raises(ConfigurationError):
            await session.subscribe("news")


async def test_a_session_that_gives_up_says_so_and_ends() -> None:
    once = Backoff(initial=0.01, attempts=1)
    session = venuewire.connect(StagedVenue().venue, url="ws://127.0.0.1:1/", backoff=once)
    async with session:
        with pytest.raises(NotLive, match="the session is closed"):
            await session.subscribe("news", timeout=5)
        downs = await rest_of(session)
        assert [type(down) for down in downs] == [Down, Down]
        assert isinstance(downs[-1], Down)
        assert downs[-1].retry_in is None


async def test_leaving_ends_what_still_waits() -> None:
    async with Stage() as stage:
        stage.answering = False
        async with stage.session() as session:
            waiting = asyncio.create_task(session.subscribe("news"))
            await session.ready(timeout=5)
        with pytest.raises(NotLive, match="closed by the application"):
            await waiting
        await session.aclose()
