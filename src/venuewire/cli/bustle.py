"""Something for `watch --local` to see: the embedded local venue says a word every second.

Law: all of it is invented, `watch` says so, and no other command does it.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from random import Random
from typing import Any, Final

from msgspec import Struct

from venuewire.cli.roster import Entry, is_private
from venuewire.core.errors import VenuewireError
from venuewire.core.stamps import Stamps
from venuewire.server import LocalVenue

INTERVAL: Final = 1.0
"""Seconds between two words of a venue."""
NOTE: Final = "venuewire: an invented notification, to show how one arrives"
NOTE_AFTER: Final = 2
"""Words before the notification."""
SAYING: Final = "it invents what it says: a message a second to each session, one notification"


class Quote(Struct, frozen=True):
    number: int
    """From 1."""
    bid: float
    ask: float
    moment: float
    """Seconds since the epoch."""

    @property
    def milliseconds(self) -> int:
        return int(self.moment * 1000)

    @property
    def stamp(self) -> str:
        return Stamps().rfc3339(self.moment).decode()


def _spot_ticker(quote: Quote) -> Any:
    return {
        "bid": quote.bid,
        "bid_qty": 0.75,
        "ask": quote.ask,
        "ask_qty": 1.25,
        "last": quote.bid,
        "volume": float(quote.number),
        "vwap": quote.bid,
        "low": quote.bid,
        "high": quote.ask,
        "change": 0.0,
        "change_pct": 0.0,
    }


def _futures_ticker(quote: Quote) -> Any:
    return {
        "time": quote.milliseconds,
        "bid": quote.bid,
        "bid_size": 750.0,
        "ask": quote.ask,
        "ask_size": 1250.0,
        "volume": float(quote.number),
        "index": quote.bid,
        "last": quote.bid,
        "markPrice": quote.bid,
    }


def _spot_balances(quote: Quote) -> Any:
    return {
        "asset": "USD",
        "asset_class": "currency",
        "balance": round(10_000.0 + quote.number, 2),
        "wallet_type": "spot",
        "wallet_id": "main",
        "timestamp": quote.stamp,
    }


def _prime_snapshot(quote: Quote) -> Any:
    return {
        "Timestamp": quote.stamp,
        "Symbol": "BTC-USD",
        "Status": "Online",
        "Bids": [{"Price": f"{quote.bid:.2f}", "Size": "0.75"}],
        "Offers": [{"Price": f"{quote.ask:.2f}", "Size": "1.25"}],
    }


def _kucoin_ticker(quote: Quote) -> Any:
    return {
        "sequence": str(quote.number),
        "price": f"{quote.bid:.1f}",
        "size": "0.1",
        "bestBid": f"{quote.bid:.1f}",
        "bestBidSize": "0.75",
        "bestAsk": f"{quote.ask:.1f}",
        "bestAskSize": "1.25",
        "time": quote.milliseconds,
    }


def _kucoin_futures_ticker(quote: Quote) -> Any:
    return {
        "symbol": "XBTUSDTM",
        "sequence": quote.number,
        "bestBidPrice": f"{quote.bid:.1f}",
        "bestBidSize": 75,
        "bestAskPrice": f"{quote.ask:.1f}",
        "bestAskSize": 125,
        "ts": quote.milliseconds * 1_000_000,
    }


_SPELLINGS: Final[Mapping[tuple[str, str], Callable[[Quote], Any]]] = {
    ("kraken-spot", "ticker"): _spot_ticker,
    ("kraken-spot", "balances"): _spot_balances,
    ("kraken-futures", "ticker"): _futures_ticker,
    ("kraken-prime", "MarketDataSnapshot"): _prime_snapshot,
    ("kucoin", "/market/ticker"): _kucoin_ticker,
    ("kucoin-futures", "/contractMarket/tickerV2"): _kucoin_futures_ticker,
}
"""By venue and channel, without its symbol: how that channel's page spells it."""


async def bustle(local: LocalVenue, entries: Iterable[Entry], rng: Random) -> None:
    """Until it is canceled."""
    chosen = {entry.venue.name: channel for entry in entries if (channel := _choose(entry))}
    price, number = 65_000.0, 0
    while True:
        await asyncio.sleep(INTERVAL)
        number += 1
        price += round(rng.gauss(0.0, 12.0), 1)
        quote = Quote(number, round(price, 1), round(price + 0.5, 1), time.time())
        for venue, channel in chosen.items():
            spell = _SPELLINGS[_key(venue, channel)]
            with suppress(VenuewireError):  # Nothing to see then.
                await local.publish(channel, spell(quote), venue=venue)
        if number == NOTE_AFTER:
            with suppress(VenuewireError):
                await local.notify(NOTE)


def _choose(entry: Entry) -> str | None:
    """The first public channel we can spell, or else the first."""
    venue = entry.venue
    able = [channel for channel in entry.channels if _key(venue.name, channel) in _SPELLINGS]
    public = [channel for channel in able if not is_private(venue, channel)]
    return next(iter(public + able), None)


def _key(venue: str, channel: str) -> tuple[str, str]:
    return venue, channel.partition(":")[0]
