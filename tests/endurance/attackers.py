"""Attackers, as a process of their own, for some seconds each: run by `endurance.attack`.

    python -m endurance.attackers ORDER

ORDER is JSON; at the end a line of JSON tells what was done, in numbers, so that it can be seen
that it was an attack.

Law: an attacker obeys nobody but its own clock, and comes back as often as it is thrown out.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import uvloop
from msgspec import Struct

from raw_peer import CONTINUATION, PING, TEXT, frame, upgrade

_SPOT: Final = "/kraken-spot/v2"
_PING: Final = frame(b'{"method":"ping","req_id":7}')
_GONE: Final = (OSError, asyncio.IncompleteReadError, EOFError)


class Order(Struct, frozen=True):
    attack: str
    host: str
    port: int
    seconds: float
    strength: float
    """1 is as the page has it; less takes fewer connections."""
    tls: bool = False


class Attacker:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._until = 0.0
        self.done: Counter[str] = Counter()

    async def attack(self) -> None:
        self._until = asyncio.get_running_loop().time() + self._order.seconds
        count, once = ATTACKS[self._order.attack]
        many = max(1, round(count * self._order.strength))
        async with asyncio.TaskGroup() as group:
            for _ in range(many):
                group.create_task(self._again_and_again(once))

    @property
    def goes_on(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def _again_and_again(self, once: Callable[["Attacker"], Awaitable[None]]) -> None:
        while self.goes_on:
            with suppress(*_GONE, TimeoutError):
                # Whatever waits for the venue does not wait for longer than the attack.
                async with asyncio.timeout_at(self._until):
                    await once(self)
                continue
            if self.goes_on:
                self.done["thrown out"] += 1
            await asyncio.sleep(0)

    # What attackers are made of.

    @asynccontextmanager
    async def connected(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(self._order.host, self._order.port)
        self.done["connections"] += 1
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def upgraded(
        self, path: str = _SPOT
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with self.connected() as (reader, writer):
            writer.write(upgrade(path))
            await reader.readuntil(b"\r\n\r\n")
            yield reader, writer

    async def dribble(self, begin: bytes) -> None:
        """A byte now and then, which must not buy time."""
        async with self.connected() as (reader, writer):
            writer.write(begin)
            while not reader.at_eof():
                writer.write(b"1")
                self.done["bytes dribbled"] += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1000), 0.1)
            raise EOFError

    async def flood(self, data: bytes, what: str, count: int, *, listens: bool) -> None:
        """As fast as the venue takes it."""
        async with self.upgraded() as (reader, writer):
            deaf = asyncio.create_task(_read_on(reader)) if listens else None
            if not listens:
                writer.transport.pause_reading()  # type: ignore[attr-defined]
            try:
                while not writer.transport.is_closing() and not (deaf and deaf.done()):
                    writer.write(data)
                    self.done[what] += count
                    await writer.drain()
                    await asyncio.sleep(0)
            finally:
                if deaf is not None:
                    deaf.cancel()
            raise EOFError

    # The attacks.

    async def slow_head(self) -> None:
        await self.dribble(b"GET /kraken-spot/v2 HTTP/1.1\r\nUpgrade: websocket\r\nX: ")

    async def slow_body(self) -> None:
        head = b"POST /kucoin/api/v1/bullet-public HTTP/1.1\r\nHost: a\r\n"
        await self.dribble(head + b"Content-Length: 60000\r\n\r\n")

    async def silence(self) -> None:
        """Connected, and not a word: a handshake that never begins."""
        async with self.connected() as (reader, _):
            await reader.read()
            raise EOFError

    async def ping_flood(self) -> None:
        await self.flood(_PING * 200, "pings", 200, listens=True)

    async def control_flood(self) -> None:
        await self.flood(frame(b"x" * 100, PING) * 200, "PING frames", 200, listens=True)

    async def deaf_flood(self) -> None:
        await self.flood(_PING * 200, "pings", 200, listens=False)

    async def endless_fragments(self) -> None:
        """Messages that never end: of fragments of one byte, and of nothing at all."""
        async with self.upgraded() as (reader, writer):
            writer.write(frame(b"", TEXT, fin=False))
            tiny = (
                frame(b"x", CONTINUATION, fin=False) + frame(b"", CONTINUATION, fin=False)
            ) * 200
            while not reader.at_eof() and not writer.transport.is_closing():
                writer.write(tiny)
                self.done["fragments"] += 400
                await writer.drain()
                await asyncio.sleep(0)
            raise EOFError

    async def many_subscriptions(self) -> None:
        """As many in a request as a message may have."""
        async with self.upgraded() as (reader, writer):
            while True:
                writer.write(MANY_SUBSCRIPTIONS)
                self.done["subscriptions asked for"] += MANY
                await writer.drain()
                while b"Exceeded symbols" not in await reader.readuntil(b"}"):
                    pass

    async def hoard(self) -> None:
        """As many as are granted, given up, and taken again."""
        async with self.upgraded() as (reader, writer):
            reading = asyncio.create_task(_read_on(reader))
            try:
                while not reading.done():
                    for method in ("subscribe", "unsubscribe"):
                        params = {"channel": "book", "symbol": _LISTED, "snapshot": False}
                        writer.write(
                            frame(json.dumps({"method": method, "params": params}).encode())
                        )
                        self.done["subscriptions and their ends"] += len(_LISTED)
                    await writer.drain()
                    await asyncio.sleep(0)
            finally:
                reading.cancel()
            raise EOFError

    async def large_messages(self) -> None:
        """As large as they may be, and nonsense to the last byte."""
        async with self.upgraded() as (reader, writer):
            while True:
                writer.write(LARGE)
                self.done["megabytes"] += 1
                await writer.drain()
                await reader.readuntil(b"}")

    async def never_reading(self) -> None:
        """A subscriber of what is published all the time, with its ears shut."""
        async with self.upgraded() as (reader, writer):
            writer.write(frame(b'{"method":"subscribe","params":{"channel":"ticker",'
                               b'"symbol":["BTC/USD"],"snapshot":false}}'))  # fmt: skip
            await reader.readuntil(b'"success":true')
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            self.done["deaf subscribers"] += 1
            while not writer.transport.is_closing():
                writer.write(_PING)  # To notice that it was thrown out; and it is not idle.
                await asyncio.sleep(0.05)
            raise EOFError

    async def storm(self) -> None:
        """In, and out again."""
        async with self.upgraded():
            self.done["sessions begun"] += 1

    async def half_upgrade(self) -> None:
        """The upgrade is asked for, and nobody is there to hear the answer."""
        async with self.connected() as (_, writer):
            writer.write(upgrade(_SPOT))
            self.done["upgrades asked for"] += 1
            await asyncio.sleep(0)

    async def request_flood(self) -> None:
        async with self.connected() as (reader, writer):
            while True:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
                self.done["requests"] += 10
                for _ in range(10):
                    await reader.readuntil(b'ok"}')

    async def tls_stall(self) -> None:
        """Half a greeting, or none."""
        async with self.connected() as (reader, writer):
            if self.done["connections"] % 2:
                writer.write(_hello()[:100])
            await reader.read()
            raise EOFError

    async def tls_storm(self) -> None:
        """A handshake costs the venue more than anybody else's ping."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection(self._order.host, self._order.port, ssl=context)
        self.done["TLS handshakes"] += 1
        writer.transport.abort()

    async def nothing(self) -> None:
        await asyncio.sleep(self._order.seconds)


MANY: Final = 100_000
MANY_SUBSCRIPTIONS: Final = frame(
    b'{"method":"subscribe","params":{"channel":"ticker","symbol":["%b"]}}'
    % b'","'.join(b"%d" % number for number in range(MANY))
)
LARGE: Final = frame(b"[" + b"1," * 500_000 + b"x")
_LISTED: Final = ["BTC/USD", "ETH/USD", "SOL/USD", "XRP/USD", "ADA/USD", "DOGE/USD", "DOT/USD"]

ATTACKS: Final[dict[str, tuple[int, Callable[[Attacker], Awaitable[None]]]]] = {
    "nothing, for comparison": (1, Attacker.nothing),
    "slow loris, within heads": (1000, Attacker.slow_head),
    "slow loris, within bodies": (1000, Attacker.slow_body),
    "handshakes that never begin": (5000, Attacker.silence),
    "upgrades whose client is gone": (50, Attacker.half_upgrade),
    "connect storm": (50, Attacker.storm),
    "flood of pings": (20, Attacker.ping_flood),
    "flood of PING frames": (20, Attacker.control_flood),
    "flood whose answers nobody reads": (20, Attacker.deaf_flood),
    "subscribers that never read": (20, Attacker.never_reading),
    "a million subscriptions": (2, Attacker.many_subscriptions),
    "subscriptions without end": (20, Attacker.hoard),
    "fragments without end": (20, Attacker.endless_fragments),
    "messages as large as they may be": (2, Attacker.large_messages),
    "flood of requests": (20, Attacker.request_flood),
    "TLS handshakes that stall": (1000, Attacker.tls_stall),
    "storm of TLS handshakes": (20, Attacker.tls_storm),
}
"""By name: how many attackers at once, and what each does."""


def _hello() -> bytes:
    """A client's first words of TLS."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    greeting = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        greeting.do_handshake()
    return outgoing.read()


async def _read_on(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


def main() -> None:
    attacker = Attacker(msgspec.json.decode(sys.argv[1], type=Order))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(attacker.attack())
    print(msgspec.json.encode(attacker.done).decode())


if __name__ == "__main__":
    main()
