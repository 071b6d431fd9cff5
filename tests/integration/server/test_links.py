"""What one WebSocket connection may do to us, and what it gets for it."""

import asyncio
import logging

import pytest
import websockets

from raw_peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawPeer, frame, until
from toy_venue import TOY, ToyServer
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

ECHO = b'{"op":"echo","text":"%b"}'
PATH = "/toy/v1"


async def code_after(*data: bytes, limits: Limits | None = None) -> int | None:
    """The code of the CLOSE frame that answers this; the venue must survive it."""
    async with LocalVenue(TOY, limits=limits) as venue:
        async with await RawPeer.upgraded(venue.base, PATH) as peer:
            for piece in data:
                peer.send(piece)
            code = await peer.closed()
        async with await RawPeer.upgraded(venue.base, PATH) as other:
            other.send(frame(ECHO % b"still here"))
            assert await other.frame() == (TEXT, ECHO % b"still here")
        return code


# Messages.


async def test_answers_to_one_read_keep_their_order() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(b"".join(frame(ECHO % str(number).encode()) for number in range(100)))
        for number in range(100):
            assert (await peer.frame())[1] == ECHO % str(number).encode()


@pytest.mark.parametrize("size", [10, 126, 70_000])
async def test_messages_of_every_header_size(size: int) -> None:
    async with LocalVenue(TOY) as venue, websockets.connect(venue.url) as link:
        message = (ECHO % (b"x" * size)).decode()
        await link.send(message)
        assert await link.recv() == message


async def test_fragments_are_joined_and_control_frames_come_between() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        whole = ECHO % "größer".encode()
        peer.send(frame(whole[:28], fin=False) + frame(b"!", PING))
        peer.send(frame(whole[28:29], CONTINUATION, fin=False))
        peer.send(frame(whole[29:], CONTINUATION))
        assert await peer.frame() == (PONG, b"!")
        assert await peer.frame() == (TEXT, whole)


async def test_pings_are_answered_each_with_its_payload() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(frame(b"a", PING) + frame(ECHO % b"b") + frame(b"", PING) + frame(b"", PONG))
        assert await peer.frame() == (PONG, b"a")
        assert await peer.frame() == (PONG, b"")
        assert await peer.frame() == (TEXT, ECHO % b"b")


@pytest.mark.parametrize(("counts", "alive"), [(True, True), (False, False)])
async def test_a_session_hears_of_pings(counts: bool, alive: bool) -> None:
    terms = {"control_ping_counts": counts, "idle_timeout": 0.15}
    async with (
        LocalVenue(TOY, terms=terms) as venue,
        websockets.connect(venue.url, ping_interval=None) as link,
    ):
        for _ in range(4):
            await asyncio.sleep(0.06)
            if link.state is not websockets.State.OPEN:
                break
            await link.ping()
        assert (link.state is websockets.State.OPEN) == alive


# Offences.


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"\x00\x01", BINARY), 1003),
        (frame(b"\xff\xfe"), 1007),
        (frame(b"{}", rsv=4), 1002),
        (frame(b"", PING, rsv=1), 1002),
        (frame(b"{}", masked=False), 1002),
        (frame(b"{}", kind=0x3), 1002),
        (frame(b"{}", CONTINUATION), 1002),
        (frame(b"{", fin=False) + frame(b"{}"), 1002),
        (frame(b"", PING, fin=False), 1002),
        (frame((1005).to_bytes(2, "big"), CLOSE), 1002),
        (frame((1006).to_bytes(2, "big"), CLOSE), 1002),
        (frame(b"\x03", CLOSE), 1002),
    ],
)
async def test_a_breach_ends_the_link_and_no_other(data: bytes, code: int) -> None:
    assert await code_after(data) == code


async def test_a_frame_may_not_be_larger_than_a_message() -> None:
    assert await code_after(frame(b"x" * 2000), limits=Limits(message_bytes=1000)) == 1009


async def test_fragments_are_added_up() -> None:
    pieces = [frame(b"x" * 600, fin=False), frame(b"x" * 600, CONTINUATION, fin=False)]
    assert await code_after(*pieces, limits=Limits(message_bytes=1000)) == 1009


async def test_nothing_follows_our_close_when_the_breach_is_the_librarys() -> None:
    """picows closes for an unmasked frame by itself, before the frame in front of it is heard."""
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(frame(ECHO % b"a") + frame(b"{}", masked=False))
        kind, payload = await peer.frame()
        assert (kind, payload[:2]) == (CLOSE, (1002).to_bytes(2, "big"))
        assert await peer.ended() == b""
        assert venue.tally.breaches == 1


# Endings.


@pytest.mark.parametrize(("said", "echoed"), [(1000, 1000), (1001, 1001), (4321, 4321)])
async def test_a_close_is_echoed(said: int, echoed: int) -> None:
    assert await code_after(frame(said.to_bytes(2, "big") + b"bye", CLOSE)) == echoed


async def test_a_close_without_a_code_is_answered() -> None:
    assert await code_after(frame(b"", CLOSE)) == 1000


async def test_what_comes_after_a_close_is_not_heard() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(frame(b"\x03\xe8", CLOSE) + frame(ECHO % b"late") + frame(b"late", PING))
        assert (await peer.frame())[0] == CLOSE
        assert await peer.ended() == b""
        assert venue.sessions == ()


async def test_what_was_said_before_a_close_is_answered_first() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(frame(ECHO % b"early") + frame(b"\x03\xe8", CLOSE))
        assert await peer.frame() == (TEXT, ECHO % b"early")
        assert (await peer.frame())[0] == CLOSE


async def test_a_venue_ends_a_session_in_its_own_words() -> None:
    async with LocalVenue(TOY) as venue, websockets.connect(venue.url) as link:
        await link.send('{"op":"leave","code":4321,"text":"%s"}' % ("long " * 50))
        assert await link.recv() == '{"op":"bye"}'
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await link.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4321
        assert caught.value.rcvd.reason.startswith("long long")


async def test_a_venue_may_drop_the_connection() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.send(frame(b'{"op":"drop"}'))
        assert await peer.frame() == (TEXT, b'{"op":"bye"}')
        assert await peer.ended() == b""


async def test_a_client_that_does_not_answer_our_close_is_dropped() -> None:
    async with (
        LocalVenue(TOY, limits=Limits(close_timeout=0.1)) as venue,
        await RawPeer.upgraded(venue.base, PATH) as peer,
    ):
        peer.send(frame(b'{"op":"leave"}'))
        assert await peer.closed() == 1000
        peer.send(frame(ECHO % b"not heard"))
        assert await peer.ended() == b""


async def test_a_silent_client_is_told_and_closed() -> None:
    async with LocalVenue(TOY, terms={"idle_timeout": 0.1}) as venue:
        async with websockets.connect(venue.url) as link:
            assert await link.recv() == '{"op":"error","text":"are you there?"}'
            with pytest.raises(websockets.ConnectionClosedOK):
                await link.recv()
        assert venue.sessions == ()


async def test_a_session_that_asks_to_be_woken_sooner_is() -> None:
    async with (
        LocalVenue(TOY, terms={"heartbeat_interval": 0.02}) as venue,
        websockets.connect(venue.url) as link,
    ):
        await link.send('{"op":"beat"}')
        async with asyncio.timeout(1):
            for _ in range(3):
                assert await link.recv() == '{"op":"heartbeat"}'


async def test_a_venue_greets() -> None:
    async with (
        LocalVenue(TOY, terms={"greeting": "hello"}) as venue,
        websockets.connect(venue.url) as link,
    ):
        assert await link.recv() == '{"op":"welcome","text":"hello"}'


@pytest.mark.parametrize(
    ("moment", "code"), [("open", 1011), ("idle", 1011), ("beat", 1011), ("lost", None)]
)
async def test_an_error_at_any_moment_is_the_links_own(
    moment: str, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    terms = {"idle_timeout": 0.1, "heartbeat_interval": 0.02}
    async with LocalVenue(TOY, terms=terms) as venue:
        with monkeypatch.context() as patch:
            patch.setattr(ToyServer, moment, fail)
            async with await RawPeer.upgraded(venue.base, PATH) as peer:
                if moment == "beat":
                    peer.send(frame(b'{"op":"beat"}'))
                if code is not None:
                    assert await peer.closed() == code
            await until(lambda: not venue.sessions)
        async with await RawPeer.upgraded(venue.base, PATH) as other:
            other.send(frame(ECHO % b"still here"))
            assert await other.frame() == (TEXT, ECHO % b"still here")


async def test_an_error_of_ours_costs_one_link(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "venuewire")
    async with LocalVenue(TOY) as venue:
        async with websockets.connect(venue.url) as other, websockets.connect(venue.url) as link:
            await link.send('{"op":"crash","text":"hunter2"}')
            with pytest.raises(websockets.ConnectionClosedError) as caught:
                await link.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1011
            await other.send('{"op":"ping","id":1}')
            assert await other.recv() == '{"op":"pong","id":1}'
        assert venue.tally.failures == 1
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text
