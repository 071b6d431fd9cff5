"""Witnesses: honest sessions at every venue that ping, subscribe, and hear exactly what is theirs.

Law 1: each pong comes once and in the order of the pings, each publication once and in the order in
       which it was published, on the channels of this session; beside the heartbeats it asked for,
       nothing else comes.
Law 2: what only the witness's account may hear carries a mark. Nobody else ever receives it.
Law 3: a witness judges by order and content, not by the clock; how long its pings took is noted.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from endurance.lobby import Passes, passes
from endurance.served import PATIENCE, WITNESS, Served, credentials
from raw_peer import TEXT, RawPeer, frame

MARK: Final = "for-the-witness-only"
MARKS: Final = (
    MARK.encode(),
    credentials(WITNESS)["kucoin"].api_secret.encode(),
    b"Traceback",
)
"""No client but a witness may ever receive these."""


class Objection(AssertionError):
    """A witness has not heard what it should have, or something else."""


class Subscription(Struct, frozen=True, kw_only=True):
    """One channel of a witness: how it is published, and where the number stands in what comes."""

    channel: str
    """As the control API takes it."""
    private: bool = False
    payload: Callable[[int], Any]
    is_it: Callable[[dict[str, Any]], bool]
    number: Callable[[dict[str, Any]], int]


class Part(Struct, frozen=True, kw_only=True):
    """What a witness at one door says, and how it understands the answers."""

    venue: str
    door: str
    subscribe: Callable[[Passes], list[dict[str, Any]]]
    """Requests without a challenge; each is answered by something."""
    logs_in: bool = False
    """Its private feeds need a challenge first."""
    subscriptions: tuple[Subscription, ...]
    ping: Callable[[int], dict[str, Any]]
    pong: Callable[[dict[str, Any]], int | None]
    """Of which ping; 0 where the venue does not say; None for anything else."""
    beat: Callable[[dict[str, Any]], bool] = lambda _: False


def _n(value: Any) -> int:
    return int(value)


_SPOT_TICKER: Final = Subscription(
    channel="ticker:WITNESS/USD",
    payload=lambda n: {"last": n},
    is_it=lambda said: said.get("channel") == "ticker",
    number=lambda said: _n(said["data"][0]["last"]),
)
_SPOT_BALANCES: Final = Subscription(
    channel="balances",
    private=True,
    payload=lambda n: [{"asset": MARK, "balance": n}],
    is_it=lambda said: said.get("channel") == "balances",
    number=lambda said: _n(said["data"][0]["balance"]),
)
_FUTURES_TICKER: Final = Subscription(
    channel="ticker:PI_WITNESS",
    payload=lambda n: {"last": n},
    is_it=lambda said: said.get("feed") == "ticker",
    number=lambda said: _n(said["last"]),
)
_FUTURES_FILLS: Final = Subscription(
    channel="fills",
    private=True,
    payload=lambda n: {"username": MARK, "fills": [{"number": n}]},
    is_it=lambda said: said.get("feed") == "fills",
    number=lambda said: _n(said["fills"][0]["number"]),
)
_PRIME_BOOK: Final = Subscription(
    channel="MarketDataSnapshot:WITNESS-USD",
    payload=lambda n: [{"Symbol": "WITNESS-USD", "Number": n}],
    is_it=lambda said: said.get("type") == "MarketDataSnapshot",
    number=lambda said: _n(said["data"][0]["Number"]),
)
_PRIME_BALANCE: Final = Subscription(
    channel="Balance",
    private=True,
    payload=lambda n: [{"Currency": MARK, "Number": n}],
    is_it=lambda said: said.get("type") == "Balance",
    number=lambda said: _n(said["data"][0]["Number"]),
)


def _kucoin(venue: str, public: str, private: str) -> Part:
    def topic(channel: str, *, private: bool) -> Subscription:
        return Subscription(
            channel=channel,
            private=private,
            payload=lambda n: {"number": n, "for": MARK if private else "all"},
            is_it=lambda said: said.get("topic") == channel,
            number=lambda said: _n(said["data"]["number"]),
        )

    return Part(
        venue=venue,
        door=venue,
        subscribe=lambda _: [
            {"id": "s", "type": "subscribe", "topic": channel, "response": True}
            for channel in (public, private)
        ],
        subscriptions=(topic(public, private=False), topic(private, private=True)),
        ping=lambda n: {"id": str(n), "type": "ping"},
        pong=lambda said: _n(said["id"]) if said.get("type") == "pong" else None,
    )


PARTS: Final = (
    Part(
        venue="kraken-spot",
        door="kraken-spot",
        subscribe=lambda _: [
            {
                "method": "subscribe",
                "params": {"channel": "ticker", "symbol": ["WITNESS/USD"], "snapshot": False},
            }
        ],
        subscriptions=(_SPOT_TICKER,),
        ping=lambda n: {"method": "ping", "req_id": n},
        pong=lambda said: said["req_id"] if said.get("method") == "pong" else None,
        beat=lambda said: said == {"channel": "heartbeat"},
    ),
    Part(
        venue="kraken-spot",
        door="kraken-spot-auth",
        subscribe=lambda passes: [
            {
                "method": "subscribe",
                "params": {"channel": "balances", "token": passes.spot, "snapshot": False},
            }
        ],
        subscriptions=(_SPOT_BALANCES,),
        ping=lambda n: {"method": "ping", "req_id": n},
        pong=lambda said: said["req_id"] if said.get("method") == "pong" else None,
        beat=lambda said: said == {"channel": "heartbeat"},
    ),
    Part(
        venue="kraken-futures",
        door="kraken-futures",
        subscribe=lambda _: [
            {"event": "subscribe", "feed": "heartbeat"},
            {"event": "subscribe", "feed": "ticker", "product_ids": ["PI_WITNESS"]},
        ],
        logs_in=True,
        subscriptions=(_FUTURES_TICKER, _FUTURES_FILLS),
        ping=lambda n: {"event": "ping", "n": n},
        pong=lambda said: 0 if said == {"event": "pong"} else None,
        beat=lambda said: said.get("feed") == "heartbeat" and said.keys() == {"feed", "time"},
    ),
    Part(
        venue="kraken-prime",
        door="kraken-prime",
        subscribe=lambda _: [
            {
                "reqid": 1,
                "type": "subscribe",
                "streams": [{"name": "MarketDataSnapshot", "Symbol": "WITNESS-USD"}],
            },
            {"reqid": 2, "type": "subscribe", "streams": [{"name": "Balance"}]},
        ],
        subscriptions=(_PRIME_BOOK, _PRIME_BALANCE),
        ping=lambda n: {"reqid": n + 10, "type": "Ping", "ts": "t", "data": [{"n": n}]},
        pong=lambda said: said["reqid"] - 10 if said.get("type") == "Pong" else None,
    ),
    _kucoin("kucoin", "/market/ticker:WITNESS-USDT", "/account/balance"),
    _kucoin("kucoin-futures", "/contractMarket/tickerV2:WITNESSM", "/contractAccount/wallet"),
)


class Witness:
    """One session. `step` is one round of ping and publications."""

    def __init__(self, part: Part, served: Served, client: aiohttp.ClientSession) -> None:
        self.part = part
        self._served = served
        self._client = client
        self._round = 0
        self.heard = 0
        """Frames."""
        self.latencies: list[float] = []
        """Seconds from a ping to its pong, in the order of the pings."""

    async def enter(self, known: Passes) -> None:
        """Upgraded, and everything subscribed."""
        for each in self.part.subscriptions:
            await self._publish(each, 0, heard=None)  # Whatever is published is listed.
        self._peer = await RawPeer.connect(self._served.base)
        self._peer.send(known.upgrade(self.part.door))
        status, _, head = await self._peer.reply_head()
        if status != 101:
            raise self._objection(f"is not let in: {head!r}")
        for request in self.part.subscribe(known):
            self._say(request)
        if self.part.logs_in:
            await self._log_in(known)
        await self._settled()

    async def step(self) -> None:
        """Raises `Objection`."""
        self._round += 1
        publishing = asyncio.gather(
            *(self._publish(each, self._round, heard=1) for each in self.part.subscriptions)
        )
        try:
            await self._hear()
        finally:
            if not publishing.done():
                await asyncio.wait([publishing])  # Bounded by its own patience.
            publishing.exception()  # Seen; raised below, unless there is worse.
        await publishing

    async def _hear(self) -> None:
        """A pong, and each publication of this round."""
        began, ponged = time.perf_counter(), False
        expected = dict.fromkeys(self.part.subscriptions)
        self._say(self.part.ping(self._round))
        while not ponged or expected:
            said = await self._next()
            if (number := self.part.pong(said)) is not None:
                self.latencies.append(time.perf_counter() - began)
                if ponged or number not in {0, self._round}:
                    raise self._objection(f"a pong it has not asked for: {said}")
                ponged = True
            elif not self.part.beat(said):
                self._take(said, expected)

    async def leave(self) -> None:
        await self._peer.aclose()

    def _take(self, said: dict[str, Any], expected: dict[Subscription, None]) -> None:
        for each in self.part.subscriptions:
            if each.is_it(said):
                if each.number(said) != self._round or each not in expected:
                    raise self._objection(f"in round {self._round}: {said}")
                del expected[each]
                return
        raise self._objection(f"what is not its own: {said}")

    # Its parts.

    async def _log_in(self, known: Passes) -> None:
        key = credentials(WITNESS)[self.part.venue].api_key
        self._say({"event": "challenge", "api_key": key})
        while (said := await self._next()).get("event") != "challenge":
            pass
        self._say({"event": "subscribe", "feed": "fills", **known.proof(said["message"])})

    async def _settled(self) -> None:
        """Ping until the answers to all that was asked are in; none of them is an error."""
        self._say(self.part.ping(0))
        while (said := await self._next(), self.part.pong(said))[1] is None:
            if "error" in said or said.get("event") == "error" or said.get("type") == "error":
                raise self._objection(f"cannot subscribe: {said}")

    async def _publish(self, what: Subscription, number: int, *, heard: int | None) -> None:
        body = {
            "venue": self.part.venue,
            "channel": what.channel,
            "payload": what.payload(number),
        }
        if what.private:
            body["account"] = WITNESS
        url = f"{self._served.base}/control/publish"
        async with asyncio.timeout(PATIENCE), self._client.post(url, json=body) as reply:
            answer = await reply.json()
        if reply.status != 200:
            raise self._objection(f"publishing {what.channel}: {answer}")
        # Others may hear a public channel.
        if heard is not None and (
            answer["heard"] < heard or (what.private and answer["heard"] > heard)
        ):
            raise self._objection(f"{what.channel} is heard by {answer['heard']}, not {heard}")

    def _say(self, message: dict[str, Any]) -> None:
        self._peer.send(frame(msgspec.json.encode(message)))

    async def _next(self) -> dict[str, Any]:
        try:
            kind, payload = await self._peer.frame()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise self._objection(f"hears nothing any more: {error!r}") from None
        if kind != TEXT:
            raise self._objection(f"a frame of kind {kind}: {payload[:200]!r}")
        self.heard += 1
        said: dict[str, Any] = msgspec.json.decode(payload)
        return said

    def _objection(self, text: str) -> Objection:
        return Objection(f"the witness at {self.part.door}: {text}")


class Witnesses:
    """One at each door, or at some."""

    def __init__(self, served: Served, doors: frozenset[str] | None = None) -> None:
        self._served = served
        self._parts = [part for part in PARTS if doors is None or part.door in doors]
        self.all: list[Witness] = []
        self.rounds = 0

    async def enter(self) -> None:
        # A connection for each order, so that none is left over where connections are counted.
        self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        known = await asyncio.to_thread(passes, self._served, WITNESS)
        self.all = [Witness(part, self._served, self._client) for part in self._parts]
        for each in self.all:
            await each.enter(known)

    async def step(self) -> None:
        """A round of each, all at once. Raises `Objection`."""
        found = await asyncio.gather(*(each.step() for each in self.all), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        self.rounds += 1

    async def leave(self) -> None:
        for each in self.all:
            await each.leave()
        await self._client.close()

    @property
    def latencies(self) -> list[float]:
        return sorted(one for each in self.all for one in each.latencies)
