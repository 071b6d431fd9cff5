"""What a local Kraken Spot knows of its market: the symbols, and what was last said of them.

Law 1: the snapshot of a channel is what was last published on it (of trades the last fifty items);
       before that, a market in which nothing has happened yet: no orders, no trades, all zero.
Law 2: numbers are JSON numbers, and published ones stay as they were written, digit by digit.
Law 3: symbols are bounded, and with them everything kept here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Raw
from msgspec.json import encode

from venuewire.core.errors import LocalProtocolError
from venuewire.core.instant import Instant
from venuewire.core.stamps import Stamps
from venuewire.venues.kraken_spot.channels import Key
from venuewire.venues.kraken_spot.terms import KrakenSpotTerms

Item: TypeAlias = Mapping[str, Any]
State: TypeAlias = Sequence[Item] | Item
"""The `data` of a message: of `instrument` an object, of all other channels a list of them."""

TRADES_KEPT: Final = 50
""" "Snapshot of the last 50 trades"."""


class Market:
    __slots__ = ("_said", "_said_at", "_stamps", "_terms", "symbols")

    def __init__(self, terms: KrakenSpotTerms, stamps: Stamps) -> None:
        self.symbols: dict[str, None] = dict.fromkeys(terms.symbols)
        self._terms = terms
        self._stamps = stamps
        self._said: dict[Key, State] = {}
        self._said_at: dict[Key, float] = {}

    def enlist(self, symbol: str) -> None:
        """Raises `LocalProtocolError` when there are too many symbols."""
        if symbol not in self.symbols and len(self.symbols) >= self._terms.max_symbols:
            raise LocalProtocolError(f"cannot list {symbol}: there are {len(self.symbols)} symbols")
        self.symbols[symbol] = None

    def say(self, key: Key, data: State, now: Instant) -> None:
        """Remember what is being published."""
        if key.channel == "trade" and not isinstance(data, Mapping):
            earlier = self._said.get(key, ())
            data = [*earlier, *data][-TRADES_KEPT:]
        self._said[key] = data
        self._said_at[key] = now.monotonic

    def said(self, key: Key) -> State | None:
        """What a snapshot would show; None where nothing has been published."""
        return self._said.get(key)

    def restore(self, key: Key, data: State) -> None:
        """What was `said` to an earlier process."""
        self._said[key] = data

    def forget(self, channel: str, subject: str) -> list[Key]:
        """All that was said of a subject on a channel; under which keys."""
        keys = [key for key in self._said if key[:2] == (channel, subject)]
        for key in keys:
            del self._said[key]
        return keys

    def said_at(self, keys: Iterable[Key]) -> float:
        """When something was last published on any of these, in monotonic seconds."""
        return max((self._said_at[key] for key in keys if key in self._said_at), default=0.0)

    def snapshot(self, key: Key, now: Instant) -> bytes:
        """A whole frame."""
        data = self._said.get(key)
        if data is None:
            data = self._untouched(key, now)
        return encode({"channel": key.channel, "type": "snapshot", "data": data})

    # A market in which nothing has happened yet.

    def _untouched(self, key: Key, now: Instant) -> State:
        match key.channel:
            case "ticker":
                return [_ticker(key.subject)]
            case "book":
                return [_book(key.subject)]
            case "ohlc":
                return [self._candle(key, now)]
            case "instrument":
                return _instruments(self.symbols)
            case _:
                return []

    def _candle(self, key: Key, now: Instant) -> Item:
        minutes = key.variant if isinstance(key.variant, int) else 1
        begin = now.realtime // (60 * minutes) * (60 * minutes)
        zeros = dict.fromkeys(("open", "high", "low", "close", "volume", "vwap"), 0.0)
        return {
            "symbol": key.subject,
            **zeros,
            "trades": 0,
            "interval_begin": self._stamps.rfc3339(begin).decode(),
            "interval": minutes,
            "timestamp": self._stamps.rfc3339(begin + 60 * minutes).decode(),
        }


def _ticker(symbol: str) -> Item:
    prices = ("bid", "bid_qty", "ask", "ask_qty", "last", "volume", "vwap", "low", "high")
    return {"symbol": symbol, **dict.fromkeys((*prices, "change", "change_pct"), 0.0)}


def _book(symbol: str) -> Item:
    """The checksum is a CRC32 of the best levels; that of none is 0."""
    return {"symbol": symbol, "bids": [], "asks": [], "checksum": 0}


def _instruments(symbols: Iterable[str]) -> Item:
    pairs = [_pair(symbol) for symbol in symbols]
    names = dict.fromkeys(name for pair in pairs for name in (pair["base"], pair["quote"]))
    return {"assets": [_asset(name) for name in names], "pairs": pairs}


def _asset(name: str) -> Item:
    return {
        "id": name,
        "status": "enabled",
        "precision": 10,
        "precision_display": 5,
        "multiplier": 1.0,
        "borrowable": False,
        "collateral_value": 0.0,
        "margin_rate": 0.0,
    }


def _pair(symbol: str) -> Item:
    base, _, quote = symbol.partition("/")
    return {
        "symbol": symbol,
        "base": base,
        "quote": quote,
        "status": "online",
        "marginable": False,
        "has_index": False,
        "qty_precision": 8,
        "qty_increment": Raw(b"0.00000001"),
        "qty_min": Raw(b"0.0001"),
        "price_precision": 5,
        "price_increment": Raw(b"0.00001"),
        "cost_precision": 5,
        "cost_min": 0.5,
    }
