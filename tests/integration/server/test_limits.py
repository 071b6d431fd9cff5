"""What a connection may make us hold before anybody has let it in, and for how long."""

import asyncio
import json

import pytest

from raw_peer import RawPeer, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits


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


async def test_one_connection_too_many_is_dropped_unheard() -> None:
    async with LocalVenue(TOY, limits=Limits(connections=1)) as venue:
        first = await RawPeer.upgraded(venue.base, "/toy/v1")
        async with await RawPeer.connect(venue.base) as second:
            second.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await second.ended() == b""
        await first.aclose()
        await until(lambda: not venue.sessions)
        async with await RawPeer.upgraded(venue.base, "/toy/v1"):
            pass
