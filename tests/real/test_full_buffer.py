"""A peer that does not read, until no system on the way has room for another byte.

Law: these run always, so they take little time: one venue, pinged often.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from signal import SIGCONT, SIGSTOP
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
from websockets.asyncio.server import ServerConnection, serve

import venuewire
from real.processes import ClientProcess, VenueProcess
from venuewire import Down, Ready
from venuewire.core.updates import Cause
from venuewire.demo import CREDENTIALS
from venuewire.venues import venue as venue_named

NAME: Final = "kraken-prime"
PING_INTERVAL: Final = 0.4
BOUND: Final = 3 * PING_INTERVAL
"""A `Ping` is due; it is unanswered when the next one is; and so is that."""
GRACE: Final = 1.0
STARTING: Final = 10.0

BUFFER: Final = 4096
"""Bytes the deaf venue asks of its system."""
WISHES: Final = 6_000
SYMBOL: Final = "X" * 2_000
"""Subscriptions of two kilobytes each, twelve megabytes in all: more than systems buffer."""

PUBLICATION: Final = {"Symbol": "BTC-USD", "Status": "x" * 60_000}
PUBLICATIONS: Final = 1_000


@asynccontextmanager
async def deaf_venue() -> AsyncIterator[str]:
    """It upgrades, and reads nothing from then on; its URL. The server is one nobody here wrote."""

    over = asyncio.Event()

    async def ignore(link: ServerConnection) -> None:
        link.transport.pause_reading()
        await over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        port = listening.getsockname()[1]
        async with serve(ignore, sock=listening, ping_interval=None, close_timeout=0.1) as server:
            try:
                yield f"ws://127.0.0.1:{port}/"
            finally:
                over.set()
                for link in server.connections:
                    link.transport.abort()


async def test_a_venue_that_never_reads_is_noticed_though_nothing_can_be_sent() -> None:
    """And then nothing of what could not be sent is left: neither a socket nor a task."""
    async with deaf_venue() as url:
        session = venuewire.connect(
            NAME, url=url, credentials=CREDENTIALS[NAME], ping_interval=PING_INTERVAL
        )
        async with session:
            updates = aiter(session)
            assert await anext(updates) == Ready(1)
            for number in range(WISHES):
                session.want(f"MarketDataSnapshot:{SYMBOL}{number}")
            link = next(iter(session._driver._links.values()))
            assert link._paused, "the buffers are not full"
            connection = link._socket
            assert connection is not None
            began = time.monotonic()
            async with asyncio.timeout(BOUND + GRACE):
                down = await anext(update async for update in updates if isinstance(update, Down))
            assert down.cause is Cause.SILENT
            assert time.monotonic() - began <= BOUND + GRACE
            await asyncio.sleep(0.05)
            assert connection.fileno() == -1
        assert time.monotonic() - began <= BOUND + 2 * GRACE
        assert not session._driver._tasks


@pytest.fixture
def venue() -> Iterator[VenueProcess]:
    with VenueProcess("127.0.0.1:0", "--venue", NAME) as venue:
        yield venue


def test_a_client_that_never_reads_is_cut_off_and_comes_back(venue: VenueProcess) -> None:
    """The venue keeps a bounded number of bytes for it, and goes on with everybody else."""
    channels = venue_named(NAME).watched
    url = venue.endpoints()[NAME]
    base = url.replace("ws:", "http:", 1).removesuffix(venue_named(NAME).endpoint)
    with ClientProcess({NAME: {"url": url, "backoff_limit": 0.2}}) as client:
        client.until_subscribed(NAME, channels, after=0.0, limit=STARTING)
        stopped = client.signal(SIGSTOP)
        assert order(base, "sessions")["sessions"]
        said = {"venue": NAME, "channel": "MarketDataSnapshot:BTC-USD", "payload": PUBLICATION}
        heard = [order(base, "publish", said)["heard"] for _ in range(PUBLICATIONS)]
        assert heard[0] == 1
        assert heard[-1] == 0, "it was never cut off"
        assert order(base, "sessions")["sessions"] == []
        client.signal(SIGCONT)
        down = client.first(NAME, "Down", after=stopped, limit=GRACE)
        assert down.fields["cause"] == "lost"
        client.until_subscribed(NAME, channels, after=down.at, limit=2 * GRACE)
        assert client.gaps(NAME, after=stopped, count=len(channels)) == set(channels)


def order(base: str, what: str, said: dict[str, Any] | None = None) -> Any:
    """To the venue's operator."""
    content = None if said is None else json.dumps(said).encode()
    request = Request(f"{base}/control/{what}", content, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=STARTING) as answer:  # noqa: S310
        return json.load(answer)
