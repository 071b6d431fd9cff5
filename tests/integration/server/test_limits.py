"""What a connection may make us hold before anybody has let it in, and for how long."""

import asyncio
import json
import socket

import pytest

from raw_peer import RawPeer, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport import premises
from venuewire.transport.limits import Limits

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


async def status_of(venue: LocalVenue, *pieces: bytes) -> tuple[int, str]:
    async with await RawPeer.connect(venue.base) as peer:
        for piece in pieces:
            peer.send(piece)
        status, _, body = await peer.reply()
        return status, json.loads(body)["error"]["code"]


@pytest.mark.parametrize("size", [20_000, 400_000])
async def test_a_head_may_not_be_too_large(size: int) -> None:
    """The refusal is heard although the rest of the head was still on its way."""
    async with LocalVenue(TOY) as venue:
        head = upgrade("/toy/v1", X_Long="x" * size)
        assert await status_of(venue, head) == (431, "head_too_large")
        assert await status_of(venue, b"GET /" + b"x" * size) == (431, "head_too_large")


async def test_a_large_head_that_is_not_too_large() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/toy/v1", X_Long="x" * 15_000))
        assert (await peer.reply_head())[0] == 101


async def test_a_head_may_not_take_too_long() -> None:
    async with LocalVenue(TOY, limits=Limits(request_timeout=0.1)) as venue:
        assert await status_of(venue, b"GET / HT") == (408, "too_slow")


async def test_single_bytes_do_not_buy_time() -> None:
    async with (
        LocalVenue(TOY, limits=Limits(request_timeout=0.1)) as venue,
        await RawPeer.connect(venue.base) as peer,
    ):
        for byte in b"GET / HTTP/1.1":
            peer.send(bytes((byte,)))
            await asyncio.sleep(0.02)
        assert (await peer.reply())[0] == 408


async def test_who_says_nothing_is_dropped_without_a_word() -> None:
    async with (
        LocalVenue(TOY, limits=Limits(request_timeout=0.1)) as venue,
        await RawPeer.connect(venue.base) as peer,
    ):
        assert await peer.ended() == b""


@pytest.mark.parametrize(
    "start",
    [
        b"POST /toy/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /hea",
    ],
)
async def test_a_body_or_the_next_request_may_not_take_too_long(start: bytes) -> None:
    async with (
        LocalVenue(TOY, limits=Limits(request_timeout=0.1)) as venue,
        await RawPeer.connect(venue.base) as peer,
    ):
        peer.send(start)
        await peer.ended()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_may_not_be_too_large(announced: bool) -> None:
    async with LocalVenue(TOY) as venue:
        body = b"x" * 70_000
        head = b"POST /toy/token HTTP/1.1\r\nHost: a\r\n"
        if announced:
            head += b"Content-Length: 70000\r\n\r\n"
        else:
            head += b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
        assert await status_of(venue, head, body) == (413, "body_too_large")


async def turned_away(venue: LocalVenue, asked: bytes = b"") -> tuple[int, str, str | None]:
    """Status, code and `Retry-After`."""
    async with await RawPeer.connect(venue.base) as late:
        late.send(asked or upgrade("/toy/v1"))
        status, headers, body = await late.reply()
        return status, json.loads(body)["error"]["code"], headers.get("retry-after")


async def test_one_connection_too_many_is_told_so_until_one_leaves() -> None:
    async with LocalVenue(TOY, limits=Limits(connections=1)) as venue:
        first = await RawPeer.upgraded(venue.base, "/toy/v1")
        assert await turned_away(venue) == (503, "busy", "1")
        assert await turned_away(venue, HEALTH) == (503, "busy", "1")
        assert venue._premises.refused == {503: 2}
        await first.aclose()
        await until(lambda: not venue.sessions)
        async with await RawPeer.upgraded(venue.base, "/toy/v1"):
            pass


async def test_being_told_so_is_limited_too() -> None:
    """Who comes to a full venue that is telling enough others already is dropped unheard; those
    who are being told take no place of those who are served."""
    async with LocalVenue(TOY, limits=Limits(connections=1, turned_away=1)) as venue:
        first = await RawPeer.upgraded(venue.base, "/toy/v1")
        async with await RawPeer.connect(venue.base) as second:
            assert (await second.reply())[0] == 503
            async with await RawPeer.connect(venue.base) as third:
                assert await third.ended() == b""
            assert venue._premises.refused == {503: 1, 0: 1}
            await first.aclose()
            await until(lambda: not venue.sessions)
            async with await RawPeer.upgraded(venue.base, "/toy/v1"):
                pass


async def test_connections_stay_below_what_the_system_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = Limits(connections=500, turned_away=10)
    async with LocalVenue(TOY, limits=limits) as venue:
        for allowed, most in ((None, 500), (1024, 500), (300, 258), (20, 1)):
            monkeypatch.setattr(premises, "descriptors", lambda allowed=allowed: allowed)
            assert venue.state.most_connections == most


async def test_who_is_being_told_does_not_delay_closing_time() -> None:
    async with LocalVenue(TOY, limits=Limits(connections=1, drain_timeout=30.0)) as venue:
        first = await RawPeer.connect(venue.base)
        second = await RawPeer.connect(venue.base)
        assert (await second.reply())[0] == 503
        await first.aclose()
    assert await second.ended() == b""
    await second.aclose()


async def test_connections_of_one_address_can_be_limited() -> None:
    async with LocalVenue(TOY, limits=Limits(connections_per_address=2)) as venue:
        session = await RawPeer.upgraded(venue.base, "/toy/v1")
        keeping = await RawPeer.connect(venue.base)
        keeping.send(HEALTH)
        assert (await keeping.reply())[0] == 200
        assert await turned_away(venue) == (429, "too_many_connections", "1")
        await session.aclose()
        await until(lambda: not venue.sessions)
        async with await RawPeer.upgraded(venue.base, "/toy/v1"):
            assert await turned_away(venue) == (429, "too_many_connections", "1")
        await keeping.aclose()
    assert not venue._premises.guests._by_address


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can tell")
@pytest.mark.parametrize(
    ("unread", "told"),
    [
        (12.0, [12_000, 6, 2]),
        (0.1, [100, 1, 1]),
        (100_000.0, [100_000_000, 32_767, 16_666]),  # Linux takes no more between probes.
        (2.0e9, [2**31 - 1, 32_767, 32_767]),
    ],
)
async def test_the_system_drops_who_acknowledges_nothing(unread: float, told: list[int]) -> None:
    """The kernel is asked to; real losses of packets are in `tests/real`."""
    async with (
        LocalVenue(TOY, limits=Limits(unread_timeout=unread)) as venue,
        await RawPeer.upgraded(venue.base, "/toy/v1"),
    ):
        await until(lambda: bool(venue.sessions and venue.sessions[0].link))
        stream = venue.sessions[0].link._transport.underlying_transport
        accepted = stream.get_extra_info("socket")
        tcp = socket.IPPROTO_TCP
        asked = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)
        assert [accepted.getsockopt(tcp, each) for each in asked] == told
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
