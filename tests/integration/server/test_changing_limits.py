"""Limits that are changed while the local venue runs hold from then on, for whoever comes."""

import socket
from collections.abc import Callable

import pytest

from raw_peer import RawPeer, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits


async def status_of(venue: LocalVenue, request: bytes) -> int:
    async with await RawPeer.connect(venue.base) as peer:
        peer.send(request)
        return (await peer.reply())[0]


def posted(size: int) -> bytes:
    return b"POST /toy/token HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size


def order(size: int) -> bytes:
    body = b'{"draining":false}' + b" " * (size - 18)
    head = b"POST /control/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    return head % size + body


@pytest.mark.parametrize(("request_of", "status"), [(posted, 401), (order, 200)])
async def test_a_body_may_be_as_long_as_is_said_last(
    request_of: Callable[[int], bytes], status: int
) -> None:
    async with LocalVenue(TOY) as venue:
        assert await status_of(venue, request_of(5000)) == status
        assert venue.set_limits(Limits(body_bytes=4000)) == ("body_bytes",)
        assert await status_of(venue, request_of(5000)) == 413


async def test_a_head_too() -> None:
    async with LocalVenue(TOY, limits=Limits(head_bytes=300)) as venue:
        head = upgrade("/toy/v1", X_Long="x" * 1000)
        assert await status_of(venue, head) == 431
        venue.set_limits(Limits())
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(head)
            assert (await peer.reply_head())[0] == 101


async def test_whoever_is_there_stays() -> None:
    async with (
        LocalVenue(TOY) as venue,
        await RawPeer.upgraded(venue.base, "/toy/v1"),
        await RawPeer.upgraded(venue.base, "/toy/v1"),
    ):
        venue.set_limits(Limits(connections=1))
        assert await status_of(venue, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") == 503
        assert len(venue.sessions) == 2
        assert (venue.state.limits.connections, venue.state.connections) == (1, 2)


async def test_the_journal_says_what_changed_and_is_as_long_as_is_said() -> None:
    async with LocalVenue(TOY) as venue:
        for _ in range(9):
            venue.drain()
            venue.drain(False)
        assert venue.set_limits(Limits(journal_events=3, close_timeout=1.0)) == (
            *("close_timeout", "journal_events"),
        )
        assert [event.what for event in venue.journal()] == [
            *("draining", "serving", "limits_changed"),
        ]
        assert venue.journal()[-1].reason == "close_timeout=1.0, journal_events=3"
        assert venue.set_limits(Limits(journal_events=3, close_timeout=1.0)) == ()
        assert venue.journal()[-1].what == "limits_changed", "nothing changed, nothing is told"
        assert venue.forgotten() == 16


async def test_who_comes_is_given_up_by_the_system_as_is_said_last() -> None:
    """Also who waited to be accepted when it was said."""
    async with LocalVenue(TOY) as venue:
        venue.set_limits(Limits(unread_timeout=30.0))
        for number in (1, 2):
            async with await RawPeer.upgraded(venue.base, "/toy/v1"):
                await until(lambda: bool(venue.sessions and venue.sessions[0].link))
                stream = venue.sessions[0].link._transport.underlying_transport
                accepted = stream.get_extra_info("socket")
                asked = socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT
                assert accepted.getsockopt(*asked) == 30_000, number
            await until(lambda: not venue.sessions)
