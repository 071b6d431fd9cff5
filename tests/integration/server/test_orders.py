"""What an operator may have sessions and venues do, from Python; the control API does the same."""

import asyncio
import math

import pytest

from integration.server.test_local_venue import OTHER
from raw_peer import RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.client import connect
from venuewire.core.errors import LocalProtocolError, NotHere
from venuewire.core.updates import Down, Ready
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

DAY = 86_400.0


async def subscribed(venue: LocalVenue, channel: str = "news") -> RawPeer:
    peer = await RawPeer.upgraded(venue.base, "/toy/v1")
    peer.send(frame(b'{"op":"subscribe","channel":"%b"}' % channel.encode()))
    await peer.frame()
    return peer


async def test_a_session_is_cut_the_venues_own_way_by_a_code_or_abruptly() -> None:
    async with LocalVenue(TOY) as venue:
        peers = [await RawPeer.upgraded(venue.base, "/toy/v1") for _ in range(4)]
        assert await venue.cut(session=1) == 1
        assert await venue.cut(4000, session=2) == 1
        assert await venue.cut(abort=True, session=3) == 1
        assert [await peer.closed() for peer in peers[:3]] == [1001, 4000, None]
        for peer in peers[:3]:
            await peer.aclose()
        await until(lambda: [session.number for session in venue.sessions] == [4])
        with pytest.raises(NotHere, match="no session 3"):
            await venue.cut(session=3)
        await peers[3].aclose()


async def test_one_venue_is_cut_and_the_others_are_not() -> None:
    async with LocalVenue(TOY, OTHER) as venue:
        mine = await RawPeer.upgraded(venue.base, "/toy/v1")
        theirs = await RawPeer.upgraded(venue.base, "/other/toy/v1")
        assert await venue.cut(venue="other") == 1
        assert await theirs.closed() == 1001
        mine.send(frame(b'{"op":"ping","id":1}'))
        assert (await mine.frame())[1] == b'{"op":"pong","id":1}'
        with pytest.raises(NotHere, match="moon"):
            await venue.cut(venue="moon")
        with pytest.raises(LocalProtocolError, match="several"):
            await venue.cut(session=1)
        await mine.aclose()
        await theirs.aclose()


async def test_a_session_that_is_old_enough_is_cut_by_its_venue() -> None:
    """One is made 24 h old, and the other stays."""
    async with LocalVenue(TOY, terms={"lifetime": DAY}) as venue:
        old, young = [await subscribed(venue) for _ in range(2)]
        assert await venue.age(DAY - 3600, session=1) == 1
        [first, _] = venue.session_states().sessions
        assert DAY - 3600 <= first.age < DAY
        assert await venue.age(DAY, session=1) == 1
        assert await old.closed() == 1001
        assert await venue.age(60) >= 1
        young.send(frame(b'{"op":"ping","id":1}'))
        assert (await young.frame())[1] == b'{"op":"pong","id":1}'
        await old.aclose()
        await young.aclose()


async def test_a_day_that_passes_cuts_every_session_and_nobody_was_silent() -> None:
    async with LocalVenue(TOY, terms={"lifetime": DAY, "idle_timeout": 60.0}) as venue:
        peer = await subscribed(venue)
        assert await venue.advance(DAY / 2) == 1
        peer.send(frame(b'{"op":"ping","id":1}'))
        assert (await peer.frame())[1] == b'{"op":"pong","id":1}'
        assert await venue.advance(DAY / 2) == 1
        assert await peer.closed() == 1001
        await peer.aclose()


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
async def test_time_passes_forward_and_in_numbers(seconds: float) -> None:
    async with LocalVenue(TOY) as venue:
        with pytest.raises(LocalProtocolError, match="seconds"):
            await venue.advance(seconds)
        with pytest.raises(LocalProtocolError, match="seconds"):
            await venue.age(seconds)


async def test_the_journal_tells_a_session_from_its_opening_to_its_end() -> None:
    async with LocalVenue(TOY, terms={"max_sessions": 1}) as venue:
        peer = await subscribed(venue)
        async with await RawPeer.connect(venue.base) as refused:
            refused.send(upgrade("/toy/v1?token=canary"))
            assert (await refused.reply())[0] == 429
        peer.send(frame(b'{"op":"unsubscribe","channel":"news"}'))
        await peer.frame()
        await venue.cut(1012, "bye", session=1)
        assert await peer.closed() == 1012
        await peer.aclose()
        await until(lambda: not venue.sessions)
        told = [(event.what, event.session, event.code) for event in venue.journal()]
        assert told == [
            ("opened", 1, None),
            ("subscribed", 1, None),
            ("refused", None, 429),
            ("unsubscribed", 1, None),
            ("cut", 1, 1012),
            ("closed", 1, 1012),
        ]
        opened, subscribed_, refusal, *_, closed = venue.journal()
        assert opened.peer.startswith("127.0.0.1:")
        assert refusal.peer == "127.0.0.1"
        assert (subscribed_.channel, closed.reason) == ("news", "bye")
        assert refusal.reason == '{"no":"full"}'
        assert "canary" not in repr(venue.journal())


async def test_the_journal_tells_what_the_operator_did() -> None:
    async with LocalVenue(TOY, limits=Limits(journal_events=6)) as venue:
        await venue.publish("news", "1")
        await venue.notify("soon")
        number = venue.fault("latency")
        venue.clear_faults(number)
        await venue.advance(5)
        venue.drain()
        venue.drain()
        told = [event.what for event in venue.journal()]
        assert told == [
            "published",
            "notified",
            "fault_added",
            "faults_cleared",
            "advanced",
            "draining",
        ]
        await venue.publish("news", "1")
        assert (len(venue.journal()), venue.forgotten()) == (6, 1)
        assert [event.what for event in venue.journal(6)] == ["published"]
        with pytest.raises(NotHere):
            venue.journal(venue="moon")


async def test_sessions_are_told_page_by_page() -> None:
    async with LocalVenue(TOY, OTHER) as venue:
        peers = [await RawPeer.upgraded(venue.base, "/toy/v1") for _ in range(3)]
        peers.append(await RawPeer.upgraded(venue.base, "/other/toy/v1"))
        everybody = venue.session_states()
        assert (len(everybody.sessions), everybody.total) == (4, 4)
        page = venue.session_states("toy", after=1, limit=1)
        assert ([each.number for each in page.sessions], page.total) == ([2], 3)
        with pytest.raises(LocalProtocolError, match="after"):
            venue.session_states(after=1)
        for peer in peers:
            await peer.aclose()


async def test_a_day_passes_at_kucoin_and_the_client_comes_back_with_a_fresh_token() -> None:
    """The session is cut and its token expired; what the client signs is still of this moment."""
    async with (
        LocalVenue("kucoin") as venue,
        connect("kucoin", url=venue.url, credentials=venue.credentials) as session,
        asyncio.timeout(30),
    ):
        await session.ready()
        heard = aiter(session)
        assert await venue.advance(DAY) == 1
        while not isinstance(await anext(heard), Down):
            pass
        while not isinstance(await anext(heard), Ready):
            pass
        [now] = venue.session_states().sessions
        assert (now.number, now.age < DAY) == (2, True)
