"""What a new subscriber is shown first: a picture per feed and product, or per feed and account.

Law 1: a picture is what was published, brought up to date by every later publication; before the
       first it is a well-formed default, so that no subscriber waits for one.
Law 2: within one product `seq` increases by 1, from the snapshot on.
Law 3: values are passed on as they were written; only what is missing is filled in.
"""

from collections import deque
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec
from msgspec import Raw, Struct

from venuewire.core.errors import LocalProtocolError
from venuewire.venues.kraken_futures.terms import KrakenFuturesTerms
from venuewire.venues.kraken_futures.wire import SNAPSHOT, UNREADABLE, encode

Members: TypeAlias = dict[str, Any]
"""A message as an object whose values are untouched JSON (`Raw`), or plain where filled in."""


class Picture(Protocol):
    seq: int
    """Of the last message; 0 where there are no numbers."""

    def take(self, members: Members) -> bytes:
        """Note a publication; the frame that tells it. Raises `LocalProtocolError`."""
        ...

    def frame(self) -> bytes:
        """The state, as a frame for a new subscriber."""
        ...

    def kept(self) -> bytes:
        """The state, for `bring_back`."""
        ...


def picture(feed: str, product: str, terms: KrakenFuturesTerms, milliseconds: int) -> Picture:
    """The default picture of a product of which nothing has been published."""
    match feed:
        case "trade":
            return Trades(product, terms.max_trades)
        case "book":
            return Book(product, terms.max_levels, milliseconds)
        case "ticker":
            return Latest(encode(_ticker(product, milliseconds)))
        case _:
            return Latest(encode(_ticker_lite(product)))


class Latest:
    """`ticker` and `ticker_lite`: each message is the full state."""

    __slots__ = ("_frame", "seq")

    def __init__(self, frame: bytes) -> None:
        self._frame = frame
        self.seq = 0

    def take(self, members: Members) -> bytes:
        self._frame = encode(members)
        return self._frame

    def frame(self) -> bytes:
        return self._frame

    def kept(self) -> bytes:
        return encode(_Kept(Raw(self._frame)))


class _Numbered(Struct):
    seq: int = 0


class _TradeSnapshot(Struct):
    trades: list[_Numbered]


class _RawTrades(Struct):
    trades: list[Raw]


class Trades:
    """`trade`: a snapshot lists the last trades, the newest first."""

    __slots__ = ("_members", "_trades", "seq")

    def __init__(self, product: str, limit: int) -> None:
        self._members: Members = {"feed": "trade_snapshot", "product_id": product}
        self._trades: deque[Raw] = deque(maxlen=limit)
        self.seq = 0

    def take(self, members: Members) -> bytes:
        if is_snapshot(members):
            return self._replace(members)
        members = {**members, "seq": _next(members, self.seq)}
        self.seq = members["seq"]
        frame = encode(members)
        self._trades.appendleft(Raw(frame))
        return frame

    def _replace(self, members: Members) -> bytes:
        frame = encode(members)
        trades = _read(frame, _TradeSnapshot).trades
        self.seq = max((trade.seq for trade in trades), default=self.seq)
        self._members = members
        limit = self._trades.maxlen
        self._trades = deque(_read(frame, _RawTrades).trades[:limit], maxlen=limit)
        return frame

    def frame(self) -> bytes:
        return encode({**self._members, "trades": list(self._trades)})

    def kept(self) -> bytes:
        return encode(_Kept(Raw(self.frame()), self.seq))


class _Level(Struct):
    price: float
    qty: float


class _BookSnapshot(Struct):
    bids: list[_Level]
    asks: list[_Level]


class _BookChange(Struct):
    side: Literal["buy", "sell"]
    price: float
    qty: float
    timestamp: int | None = None


class Book:
    """`book`: a change sets the quantity of one level; zero takes the level away."""

    __slots__ = ("_asks", "_bids", "_frame", "_limit", "_members", "seq")

    def __init__(self, product: str, limit: int, milliseconds: int) -> None:
        self._members: Members = {
            "feed": "book_snapshot",
            "product_id": product,
            "timestamp": milliseconds,
            "tickSize": None,
        }
        self._bids = {_BID: 1.0}
        self._asks = {_ASK: 1.0}
        self._limit = limit
        self.seq = 0
        self._frame: bytes | None = None

    def take(self, members: Members) -> bytes:
        members = {**members, "seq": _next(members, self.seq)}
        frame = encode(members)
        if is_snapshot(members):
            self._replace(frame, members)
        else:
            self._change(frame)
        self.seq = members["seq"]
        self._frame = None
        return frame

    def _replace(self, frame: bytes, members: Members) -> None:
        read = _read(frame, _BookSnapshot)
        self._bids = {level.price: level.qty for level in read.bids[: self._limit]}
        self._asks = {level.price: level.qty for level in read.asks[: self._limit]}
        self._members = members

    def _change(self, frame: bytes) -> None:
        try:
            change = msgspec.json.decode(frame, type=_BookChange)
        except UNREADABLE:
            return  # Free text of the operator's: told to everybody, but not a level.
        levels = self._bids if change.side == "buy" else self._asks
        if change.qty > 0:
            levels[change.price] = change.qty
        else:
            levels.pop(change.price, None)
        if len(levels) > self._limit:
            del levels[min(levels) if change.side == "buy" else max(levels)]
        if change.timestamp is not None:
            self._members["timestamp"] = change.timestamp

    def frame(self) -> bytes:
        if self._frame is None:
            self._frame = encode(
                {
                    **self._members,
                    "seq": self.seq,
                    "bids": _side(self._bids, descending=True),
                    "asks": _side(self._asks, descending=False),
                }
            )
        return self._frame

    def kept(self) -> bytes:
        return encode(_Kept(Raw(self.frame()), self.seq))


def _side(levels: dict[float, float], *, descending: bool) -> list[_Level]:
    return [_Level(price, levels[price]) for price in sorted(levels, reverse=descending)]


# Outliving a process.


class _Kept(Struct):
    frame: Raw
    """As a new subscriber is shown it."""
    seq: int = 0
    """A snapshot of trades does not tell it when there are none."""


def bring_back(fresh: Picture, feed: str, product: str, kept: bytes) -> None:
    """Make a picture of which nothing has been published what it was when it was `kept`."""
    state = msgspec.json.decode(kept, type=_Kept)
    fresh.take(completed(read_members(bytes(state.frame)), feed, product))
    fresh.seq = state.seq


# Reading what an operator publishes.


def read_members(payload: bytes) -> Members:
    """Raises `LocalProtocolError` unless it is a JSON object."""
    try:
        payload.decode()  # Values are passed on unread, so their UTF-8 is looked at here.
        members: Members = msgspec.json.decode(payload, type=dict[str, Raw])
    except UNREADABLE as error:
        raise LocalProtocolError(f"the payload must be a JSON object: {error}") from error
    return members


def completed(members: Members, feed: str, product: str | None = None) -> Members:
    """With `feed` and `product_id` filled in where they are missing.

    Raises `LocalProtocolError` when they are there and speak of another channel.
    """
    said = _text(members, "feed", feed)
    if said not in {feed, feed + SNAPSHOT}:
        raise LocalProtocolError(f"the payload's feed is {said!r}, the channel's is {feed!r}")
    filled = {"feed": said}
    if product is not None:
        named = _text(members, "product_id", product)
        if named.upper() != product:
            raise LocalProtocolError(f"the payload's product_id is {named!r}, not {product!r}")
        filled["product_id"] = product
    return filled | members | filled  # In front when new, in its place when not.


def is_snapshot(members: Members) -> bool:
    """Of members that are `completed`."""
    said: str = members["feed"]
    return said.endswith(SNAPSHOT)


def _text(members: Members, name: str, default: str) -> str:
    value = members.get(name)
    text: str = default if value is None else _read(value, str, name)
    return text


def _next(members: Members, last: int) -> int:
    value = members.get("seq")
    number: int = last + 1 if value is None else _read(value, int, "seq")
    return number


def _read(value: bytes | Raw, type: Any, name: str = "the payload") -> Any:
    try:
        return msgspec.json.decode(value, type=type)
    except UNREADABLE as error:
        raise LocalProtocolError(f"{name}: {error}") from error


# Defaults. The numbers are invented; the shapes are the documentation's.

_BID: Final = 100.0
_ASK: Final = 100.5


def _pair(product: str) -> str:
    """`PI_XBTUSD` trades `XBT:USD`."""
    symbol = product.split("_")[1] if "_" in product else product
    return f"{symbol[:-3]}:{symbol[-3:]}"


def _ticker(product: str, milliseconds: int) -> Members:
    perpetual = product.startswith(("PI_", "PF_"))
    ticker: Members = {
        "feed": "ticker",
        "product_id": product,
        "time": milliseconds,
        "bid": _BID,
        "ask": _ASK,
        "bid_size": 1.0,
        "ask_size": 1.0,
        "volume": 0.0,
        "dtm": 0,
        "leverage": "50x",
        "index": _BID,
        "premium": 0.0,
        "last": _BID,
        "change": 0.0,
        "suspended": False,
        "tag": "perpetual" if perpetual else "month",
        "pair": _pair(product),
        "openInterest": 0.0,
        "markPrice": _BID,
        "maturityTime": 0,
        "post_only": False,
        "volumeQuote": 0.0,
    }
    if perpetual:  # "Funding" is a perpetual contract's only.
        ticker |= {
            "funding_rate": 0.0,
            "funding_rate_prediction": 0.0,
            "relative_funding_rate": 0.0,
            "relative_funding_rate_prediction": 0.0,
            "next_funding_rate_time": milliseconds - milliseconds % 3_600_000 + 3_600_000,
        }
    return ticker


def _ticker_lite(product: str) -> Members:
    return {
        "feed": "ticker_lite",
        "product_id": product,
        "bid": _BID,
        "ask": _ASK,
        "change": 0.0,
        "premium": 0.0,
        "volume": 0.0,
        "tag": "perpetual" if product.startswith(("PI_", "PF_")) else "month",
        "pair": _pair(product),
        "dtm": 0,
        "maturityTime": 0,
    }


def account_default(feed: str, account: str, milliseconds: int) -> Members:
    """An account in which nothing has happened."""
    named = {"feed": feed + SNAPSHOT, "account": account}
    match feed:
        case "fills":
            return {**named, "fills": []}
        case "open_orders" | "open_orders_verbose":
            return {**named, "orders": []}
        case "balances":
            empty: Members = {"holding": {}, "futures": {}, "flex_futures": {}}
            return {**named, "timestamp": milliseconds, "seq": 0, **empty}
        case "open_positions":
            stamp = {"seq": 0, "timestamp": milliseconds}
            return {"feed": feed, "account": account, "positions": [], **stamp}
        case _:
            return {"feed": feed + SNAPSHOT, "logs": []}
