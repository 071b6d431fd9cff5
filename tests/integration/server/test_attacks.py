"""Attackers, each for a few seconds, over real sockets; beside each a session that must not notice.

Law: no test judges by the clock. An attack is over when the venue has answered it or cut it off, a
probe's ping must be answered in between, and what the attacker makes the venue hold stays bounded.
"""

import asyncio
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
import uvloop
import websockets

from raw_peer import CONTINUATION, PATIENCE, PING, PONG, TEXT, RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

SPOT: Final = "/kraken-spot/v2"


class Probe:
    """An honest session."""

    def __init__(self, link: websockets.ClientConnection) -> None:
        self._link = link
        self._number = 0

    async def ping(self) -> None:
        """Returns when it is answered."""
        self._number += 1
        await self._link.send(json.dumps({"method": "ping", "req_id": self._number}))
        async with asyncio.timeout(PATIENCE):
            while json.loads(await self._link.recv()).get("req_id") != self._number:
                pass


@asynccontextmanager
async def attacked(**limits: float) -> AsyncIterator[tuple[LocalVenue, Probe]]:
    """All venues and the toy one, at one port, and the probe."""
    settings = Limits(**limits)  # type: ignore[arg-type]
    async with LocalVenue("all", TOY, limits=settings) as venue:
        url = venue.endpoints["kraken-spot"]
        async with websockets.connect(url, ping_interval=None) as link:
            probe = Probe(link)
            await probe.ping()
            yield venue, probe
            await probe.ping()
            assert not venue.tally.failures


async def meanwhile(probe: Probe, over: Callable[[], bool]) -> None:
    """Probe until it is over."""
    async with asyncio.timeout(PATIENCE):
        while not over():
            await probe.ping()


# Heads and bodies.


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET /kraken-spot/v2 HTTP/1.1\r\nUpgrade: websocket\r\nX: ",
        b"POST /kucoin/api/v1/bullet-public HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
        b"POST /control/publish HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_fifty_that_dribble_a_request_are_dropped(begin: bytes) -> None:
    async with attacked(request_timeout=0.5) as (venue, probe):
        crowd = [await RawPeer.connect(venue.base) for _ in range(50)]
        for peer in crowd:
            peer.send(begin)
        async with asyncio.timeout(PATIENCE):
            while venue.state.connections > 1:
                for peer in crowd:
                    peer.send(b"1")
                await probe.ping()
                await asyncio.sleep(0.02)
        for peer in crowd:
            await peer.aclose()


# Frames.


@pytest.mark.parametrize("flood", [frame(b'{"method":"ping","req_id":7}'), frame(b"x" * 100, PING)])
async def test_a_flood_of_pings_is_answered_and_delays_nobody(flood: bytes) -> None:
    async with (
        attacked() as (venue, probe),
        await RawPeer.upgraded(venue.base, SPOT) as peer,
    ):
        heard = 0

        async def read() -> None:
            nonlocal heard
            while heard < 20_000:
                kind, payload = await peer.frame()
                heard += kind == 0xA or b"pong" in payload

        reading = asyncio.create_task(read())
        for _ in range(20):
            peer.send(flood * 1000)
            await probe.ping()
        await meanwhile(probe, reading.done)
        await reading


async def test_who_floods_and_does_not_read_is_cut_off() -> None:
    async with (
        attacked(queued_bytes=100_000) as (venue, probe),
        await RawPeer.upgraded(venue.base, SPOT) as peer,
    ):
        peer.read_nothing()

        def flooded() -> bool:
            if not peer.writer.transport.is_closing():
                peer.send(frame(b"x" * 100, PING) * 2000)
            return venue.tally.slow == 1

        await meanwhile(probe, flooded)


async def test_who_does_not_read_what_is_published_is_cut_off_at_the_limit() -> None:
    limit, size = 1_000_000, 100_000
    async with (
        attacked(queued_bytes=limit) as (venue, probe),
        await RawPeer.upgraded(venue.base, "/toy/v1") as deaf,
    ):
        deaf.read_nothing()
        deaf.send(frame(b'{"op":"subscribe","channel":"news"}'))
        await meanwhile(probe, lambda: venue._halls["toy"].floor.held == 1)
        most = 0
        while venue.tally.slow == 0:
            await venue.publish("news", '"%s"' % ("x" * size), venue="toy")
            most = max([most, *(each.queued for each in venue.session_states("toy").sessions)])
            await probe.ping()
        assert 0 < most <= limit + size + 1000
        await meanwhile(probe, lambda: venue.state.connections == 1)
        [cut] = [event for event in venue.journal() if event.what == "slow"]
        assert (cut.venue, cut.reason.endswith("bytes are waiting")) == ("toy", True)


MANY: Final = [f"A{number}/B" for number in range(100_000)]
STREAMS: Final = [{"name": "MarketDataSnapshot", "Symbol": symbol} for symbol in MANY[:20_000]]


@pytest.mark.parametrize(
    ("path", "request_of_many", "times", "refused"),
    [
        (
            SPOT,
            {"method": "subscribe", "params": {"channel": "ticker", "symbol": MANY}},
            10,
            b"Exceeded symbols per request",
        ),
        (
            "/kraken-futures/ws/v1",
            {"event": "subscribe", "feed": "ticker", "product_ids": MANY},
            10,
            b"Too many products in one request",
        ),
        (
            "/kraken-prime/ws/v1",
            {"reqid": 1, "type": "subscribe", "streams": STREAMS},
            50,
            b"error",
        ),
    ],
)
async def test_a_million_subscriptions_are_refused_by_the_request(
    path: str, request_of_many: object, times: int, refused: bytes
) -> None:
    """In requests as large as they may be; one answer to each, and nothing is kept."""
    message = json.dumps(request_of_many, separators=(",", ":")).encode()
    async with (
        attacked(message_bytes=2_000_000) as (venue, probe),
        await RawPeer.upgraded(venue.base, path) as peer,
    ):
        answers = 0
        while answers < times:
            peer.send(frame(message))
            await peer.writer.drain()
            await probe.ping()
            while refused not in (await peer.frame())[1]:
                pass
            answers += 1
        assert {each.subscriptions for each in venue.session_states().sessions} == {0}


async def test_a_million_topics_of_kucoin_are_refused_by_the_request() -> None:
    topic = "/market/ticker:" + ",".join(f"A{number}-B" for number in range(100_000))
    message = json.dumps({"id": 1, "type": "subscribe", "topic": topic, "response": True}).encode()
    async with attacked(message_bytes=2_000_000) as (venue, probe):
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(b"POST /kucoin/api/v1/bullet-public HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            token = json.loads((await peer.reply())[2])["data"]["token"]
        async with await RawPeer.upgraded(venue.base, f"/kucoin/?token={token}") as peer:
            assert b"welcome" in (await peer.frame())[1]
            for _ in range(10):
                peer.send(frame(message))
                await peer.writer.drain()
                await probe.ping()
                answer = json.loads((await peer.frame())[1])
                assert (answer["type"], answer["code"]) == ("error", 509)
            assert {each.subscriptions for each in venue.session_states().sessions} == {0}


async def test_a_message_of_fragments_that_never_ends_is_ended() -> None:
    async with (
        attacked(message_bytes=50_000) as (venue, probe),
        await RawPeer.upgraded(venue.base, SPOT) as peer,
    ):
        peer.send(frame(b"", TEXT, fin=False))
        for _ in range(51):
            peer.send(frame(b"x", CONTINUATION, fin=False) * 1000)
            await probe.ping()
        assert await peer.closed() == 1009
        assert venue.tally.breaches == 1


async def test_fragments_of_nothing_are_nothing() -> None:
    """Twenty thousand of them, PINGs between, are one message, and cost what it costs."""
    async with (
        attacked(message_bytes=100) as (venue, probe),
        await RawPeer.upgraded(venue.base, SPOT) as peer,
    ):
        peer.send(frame(b'{"method":', TEXT, fin=False))
        for _ in range(20):
            peer.send(frame(b"", CONTINUATION, fin=False) * 1000 + frame(b"", PING))
            await probe.ping()
        peer.send(frame(b'"ping","req_id":7}', CONTINUATION))
        while b'"req_id":7' not in (await peer.frame())[1]:
            pass


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux' /proc")
@pytest.mark.parametrize("size", [2**21, 2**31, 2**40, 2**62, 2**63, 2**64 - 1])
async def test_a_frame_that_declares_itself_huge_is_refused_unread(size: int) -> None:
    async with attacked() as (venue, probe):
        before = resident()
        crowd = [await RawPeer.upgraded(venue.base, SPOT) for _ in range(20)]
        for peer in crowd:
            peer.send(b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b"x" * 1000)
        for peer in crowd:
            assert await peer.closed() in {1002, 1009}
            await probe.ping()
            await peer.aclose()
        assert resident() - before < 64 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems size buffers otherwise")
async def test_however_much_is_sent_little_is_read_at_once() -> None:
    """Found by `make attack`: what was read at once doubled with each read, up to megabytes, and
    one client kept the others waiting for seconds."""
    async with LocalVenue("kraken-spot") as venue, await RawPeer.upgraded(venue.base, SPOT) as peer:
        peer.send(frame(b"", PONG) * 500_000)
        counts, turns = venue._halls["kraken-spot"].counts, [0]
        while turns[-1] < 500_000:
            await asyncio.sleep(0)
            turns.append(counts.frames_in)
        assert max(after - before for before, after in pairwise(turns)) < 10_000


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("size", [500, 50_000])
def test_who_resets_behind_what_is_unread_is_gone(
    size: int, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Found by `make attack`: under uvloop such a connection stayed for ever, where nothing is
    written to it."""

    async def scenario() -> None:
        async with LocalVenue("kraken-prime") as venue:
            for _ in range(5):
                await reset_behind_unread(venue, frame(b"x" * 2 * size)[:size])
                await until(lambda: venue.state.connections == 0)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(scenario())


async def reset_behind_unread(venue: LocalVenue, data: bytes) -> None:
    address, loop = urlsplit(venue.base), asyncio.get_running_loop()
    with socket.create_connection((address.hostname, address.port)) as stream:
        stream.sendall(upgrade("/kraken-prime/ws/v1"))
        stream.setblocking(False)
        while b"hello" not in await loop.sock_recv(stream, 4096):
            pass
        # In one turn of the loop, which is the venue's, too.
        stream.send(data)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# Descriptors.


async def test_without_descriptors_the_venue_serves_whom_it_has_and_then_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """TLS handshakes, and whatever else lives in a process, may use up more than is counted."""
    async with attacked() as (venue, probe):
        late = await unserved(venue, probe)
        assert late.reader.at_eof() is False
        late.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            head = await late.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await late.aclose()
    assert len([each for each in caplog.records if "accept" in each.getMessage()]) < 20


async def unserved(venue: LocalVenue, probe: Probe) -> RawPeer:
    """Somebody who connects while this process can open nothing more; it can again, afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = asyncio.create_task(RawPeer.connect(venue.base))
    await asyncio.sleep(0)  # The client's own socket is made; nobody has accepted it yet.
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        peer = await waiting
        before = venue.state.connections
        for _ in range(20):
            await probe.ping()
        assert venue.state.connections == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return peer
