"""Everybody who uses a team's venue, in one process: run by `endurance.soak`, in hasty time.

Sessions that stay, two at each venue with accounts of their own; and in each round a connect storm,
guests with new accounts that are revoked, publications, notifications, a fault, an hour that leaps
by. At the end of a round everybody has left who does not stay, those who stay are live again, and a
line of JSON says so; a line on standard input begins the next round.

Law: all times here are the venue's.
"""

import asyncio
import gc
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

import venuewire
from endurance.served import DEMO, WITNESS, credentials
from raw_peer import RawPeer, frame, upgrade
from venuewire import Down, Gap, Message, Phase, Refused, Subscribed, Suspect, Verdict
from venuewire.core.secrets import Credentials
from venuewire.venues import venue as venue_named

SETTLED: Final = 900.0
"""Seconds in which those who stay have to be live again after a round."""
LEAP: Final = 3600.0
"""Seconds by which sessions and tokens become older in each round, at once."""
STORM: Final = 40
"""Connections."""
_PATHS: Final = ("/kraken-spot/v2", "/kraken-futures/ws/v1", "/kraken-prime/ws/v1")
_PUBLISHED: Final[dict[str, tuple[str, Any]]] = {
    "kraken-spot": ("ticker:BTC/USD", {"last": 1.0}),
    "kraken-futures": ("ticker:PI_XBTUSD", {"last": 1.0}),
    "kraken-prime": ("MarketDataSnapshot:BTC-USD", [{"Symbol": "BTC-USD"}]),
    "kucoin": ("/market/ticker:BTC-USDT", {"price": "1"}),
    "kucoin-futures": ("/contractMarket/tickerV2:XBTUSDTM", {"price": "1"}),
}
_FAULTS: Final = (
    *("mute-pongs@0+30", "half-open@0+30", "reset@0+10", "http-503@0+20", "close-1001@0+10"),
    *("latency:seconds=2@0+30", "never-reading@0+20", "ack-never@0+30", "garble@0+10"),
)


class Order(Struct, frozen=True):
    base: str
    endpoints: dict[str, str]
    rounds: int
    round_seconds: float
    seed: int


class Report(Struct, frozen=True):
    """At the end of a round."""

    done: dict[str, int]
    """Since the beginning."""
    sessions: int
    """That stay; and of them so many are live."""
    live: int
    tasks: int


class Team:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._rng = random.Random(order.seed)
        self.done: Counter[str] = Counter()
        self._staying: list[venuewire.Session] = []
        self._listening: list[asyncio.Task[None]] = []

    async def run(self, said: asyncio.StreamReader) -> None:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True)
        ) as self._client:
            for name in self._order.endpoints:
                for account in (DEMO, WITNESS):
                    await self._stay(name, credentials(account)[name])
            await self._settled()
            self._tell()
            for _ in range(self._order.rounds):
                await said.readline()
                await self._round()
                self._tell()
            await said.readline()
            for session in self._staying:
                await session.aclose()
            await asyncio.gather(*self._listening)

    async def _stay(self, name: str, keys: Credentials) -> None:
        session = venuewire.connect(name, url=self._order.endpoints[name], credentials=keys)
        for channel in venue_named(name).watched:
            session.want(channel)
        await session.__aenter__()
        self._staying.append(session)
        self._listening.append(asyncio.create_task(self._listen(session)))

    async def _listen(self, session: venuewire.Session) -> None:
        async for update in session:
            match update:
                case Message():
                    self.done["messages heard by those who stay"] += 1
                case Down():
                    self.done["links lost"] += 1
                case Gap():
                    self.done["gaps told"] += 1
                case Suspect():
                    self.done["suspicions"] += 1
                case _:
                    pass

    async def _round(self) -> None:
        ends = time.monotonic() + self._order.round_seconds
        await self._ask("POST", "clock", {"seconds": LEAP})
        self.done["hours that leapt by"] += 1
        fault = {"venue": self._rng.choice(list(_PUBLISHED)), "fault": self._rng.choice(_FAULTS)}
        await self._ask("POST", "faults", fault)
        self.done["faults"] += 1
        await asyncio.gather(self._storm(), self._guests(), self._news())
        await self._ask("DELETE", "faults")
        await asyncio.sleep(max(0.0, ends - time.monotonic()))
        await self._settled()

    async def _settled(self) -> None:
        """Whoever stays is live, or time is over."""
        until = time.monotonic() + SETTLED
        # Health is looked at; it does not call.
        while len(self._live()) < len(self._staying) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(1.0)

    def _live(self) -> list[venuewire.Session]:
        return [each for each in self._staying if _is_live(each)]

    def _tell(self) -> None:
        gc.collect()
        live, tasks = len(self._live()), len(asyncio.all_tasks())
        report = Report(dict(self.done), len(self._staying), live, tasks)
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        sys.stdout.flush()

    # Who comes and goes.

    async def _storm(self) -> None:
        """All at once: up, a word, and away, some without a goodbye."""
        await asyncio.gather(*(self._passing_by(number) for number in range(STORM)))

    async def _passing_by(self, number: int) -> None:
        with suppress(OSError, TimeoutError, AssertionError, asyncio.IncompleteReadError):
            peer = await RawPeer.connect(self._order.base)
            try:
                peer.send(upgrade(_PATHS[number % 3]))
                await peer.reply_head()
                peer.send(frame(b'{"method":"ping"}'))
                await peer.frame()
                self.done["connections of storms"] += 1
            finally:
                await (peer.aclose() if number % 2 else _closed(peer))

    async def _guests(self) -> None:
        """At each venue one with a new key, which is revoked while it is there."""
        await asyncio.gather(*(self._guest(name) for name in _PUBLISHED))

    async def _guest(self, name: str) -> None:
        account = {"venue": name, "name": "guest"}
        added = await self._ask("POST", "accounts", account)
        if added is None:
            return
        keys = Credentials(**added["credentials"])
        session = venuewire.connect(name, url=self._order.endpoints[name], credentials=keys)
        session.want(venue_named(name).watched[-1])
        revoke, revoked = f"accounts?name=guest&venue={name}", None
        with suppress(TimeoutError):
            async with asyncio.timeout(120.0), session:
                async for update in session:
                    if isinstance(update, Subscribed):
                        self.done["guests that were served"] += 1
                        revoked = await self._ask("DELETE", revoke)
                    if isinstance(update, Refused | Down):
                        break
        if revoked is None:
            await self._ask("DELETE", revoke)
        self.done["accounts added and revoked"] += 1

    async def _news(self) -> None:
        for name, (channel, payload) in _PUBLISHED.items():
            for _ in range(10):
                order = {"venue": name, "channel": channel, "payload": payload}
                await self._ask("POST", "publish", order)
                self.done["publications"] += 1
        for _ in range(3):
            noted = await self._ask("POST", "notify", {"note": "a round", "type": "general"})
            self.done["notifications"] += 1
            if noted is not None:
                await self._ask("DELETE", f"notifications?id={noted['id']}")

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer; None where there was none, as on a machine that stood still."""
        try:
            url = f"{self._order.base}/control/{path}"
            async with self._client.request(method, url, json=body) as reply:
                answer = await reply.json()
                if reply.status == 200:
                    return answer
                self.done[f"{method} {path.partition('?')[0]} {reply.status}"] += 1
        except (aiohttp.ClientError, TimeoutError):
            self.done["orders unanswered"] += 1
        return None


def _is_live(session: venuewire.Session) -> bool:
    health = session.health
    return health.phase is Phase.READY and health.verdict is Verdict.ALIVE


async def _closed(peer: RawPeer) -> None:
    peer.writer.close()
    with suppress(OSError):
        await peer.writer.wait_closed()


def serve(order: str) -> None:
    team = Team(msgspec.json.decode(order, type=Order))

    async def run() -> None:
        said = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(said)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        await team.run(said)

    asyncio.run(run())
