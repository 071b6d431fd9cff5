"""What can be subscribed on KuCoin: a table for each market, and the grammar of a topic's text.

Law 1: a topic is `PREFIX` or `PREFIX:ARGUMENT,ARGUMENT...`, with no blanks anywhere.
Law 2: whether a topic is private, takes a list, or has a usual subject is data in these tables,
       and nothing else knows a topic by name.
Law 3: what is well formed but not listed does not exist; what is not well formed is invalid.

Source: https://www.kucoin.com/docs-new/websocket-api/base-info/introduction, section 5, and the
pages of the single topics under the same address.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from venuewire.core.errors import LocalProtocolError
from venuewire.core.terms import Edition


class Argument(Enum):
    """What stands behind the colon."""

    NONE = auto()
    SYMBOL = auto()
    SYMBOL_OR_ALL = auto()
    """`/market/ticker:all`: every symbol, each named by the subject of its message."""
    SYMBOL_OR_MARKET = auto()
    """`/market/snapshot:BTC`: every symbol quoted in that currency."""
    SYMBOL_OR_NONE = auto()
    """`/contractMarket/tradeOrders`, with or without a symbol."""
    CANDLES = auto()
    """`BTC-USDT_1hour`."""
    CURRENCY = auto()


class TopicKind(Struct, frozen=True, kw_only=True):
    prefix: str
    subject: str
    """Usual subject of a message."""
    private: bool = False
    argument: Argument = Argument.SYMBOL
    multi: bool = False
    """ "Some topics support subscribing to information on multiple trading pairs by separating
    them with a comma" """
    symbol_subject: str = ""
    """Usual subject where a symbol is optional and given; empty for the usual one."""
    alias_of: str = ""
    """Another name of that prefix's topics."""
    numbered: bool = False
    """Its messages are numbered without a hole, so a number left out is a message missed. Tickers,
    trades and excerpts of a book have a `sequence` too: that of the book, which goes on without
    them."""


def _public(
    prefix: str, subject: str, argument: Argument = Argument.SYMBOL, *, numbered: bool = False
) -> TopicKind:
    return TopicKind(prefix=prefix, subject=subject, argument=argument, numbered=numbered)


def _listed(
    prefix: str, subject: str, argument: Argument = Argument.SYMBOL, *, numbered: bool = False
) -> TopicKind:
    return TopicKind(
        prefix=prefix, subject=subject, argument=argument, multi=True, numbered=numbered
    )


def _private(prefix: str, subject: str, argument: Argument = Argument.NONE) -> TopicKind:
    return TopicKind(prefix=prefix, subject=subject, argument=argument, private=True)


SPOT_TOPICS: Final = (
    _listed("/market/ticker", "trade.ticker", Argument.SYMBOL_OR_ALL),
    _listed("/market/level2", "trade.l2update", numbered=True),
    _listed("/market/match", "trade.l3match"),
    _public("/market/snapshot", "trade.snapshot", Argument.SYMBOL_OR_MARKET),
    _public("/market/candles", "trade.candles.update", Argument.CANDLES),
    _listed("/spotMarket/level1", "level1"),
    _listed("/spotMarket/level2Depth5", "level2"),
    _listed("/spotMarket/level2Depth50", "level2"),
    _listed("/indicator/index", "tick"),
    _listed("/indicator/markPrice", "tick"),
    _public("/margin/fundingBook", "funding.update", Argument.CURRENCY),
    _private("/account/balance", "account.balance"),
    _private("/spotMarket/tradeOrders", "orderChange"),
    _private("/spotMarket/tradeOrdersV2", "orderChange"),
    _private("/spotMarket/advancedOrders", "stopOrder"),
    _private("/margin/position", "debt.ratio"),
    _private("/margin/isolatedPosition", "positionChange", Argument.SYMBOL),
    _private("/margin/loan", "order.open", Argument.CURRENCY),
)

FUTURES_TOPICS: Final = (
    _public("/contractMarket/ticker", "ticker"),
    _public("/contractMarket/tickerV2", "tickerV2"),
    _public("/contractMarket/level2", "level2", numbered=True),
    _public("/contractMarket/level2Depth5", "level2"),
    _public("/contractMarket/level2Depth50", "level2"),
    _public("/contractMarket/execution", "match"),
    _public("/contractMarket/limitCandle", "candle.stick", Argument.CANDLES),
    _public("/contractMarket/snapshot", "snapshot.24h"),
    _public("/contract/instrument", "mark.index.price"),
    _public("/contract/announcement", "funding.begin", Argument.NONE),
    TopicKind(
        prefix="/contractMarket/tradeOrders",
        subject="orderChange",
        symbol_subject="symbolOrderChange",
        private=True,
        argument=Argument.SYMBOL_OR_NONE,
    ),
    _private("/contractMarket/advancedOrders", "stopOrder"),
    _private("/contractAccount/wallet", "walletBalance.change"),
    _private("/contract/position", "position.change", Argument.SYMBOL),
    _private("/contract/positionAll", "position.change"),
    _private("/contract/marginMode", "user.config"),
    _private("/contract/crossLeverage", "user.config"),
)

DOCUMENTED_ALIAS: Final = TopicKind(
    prefix="/market/ticker", subject="ticker", multi=True, alias_of="/contractMarket/ticker"
)
"""The introduction subscribes to `/market/ticker:XBTUSDM` on futures, which no list of futures
topics has."""

SPOT_KINDS: Final[dict[Edition, tuple[TopicKind, ...]]] = {
    "documented": SPOT_TOPICS,
    "observed": SPOT_TOPICS,
}
FUTURES_KINDS: Final[dict[Edition, tuple[TopicKind, ...]]] = {
    "documented": (*FUTURES_TOPICS, DOCUMENTED_ALIAS),
    "observed": FUTURES_TOPICS,
}

NUMBERED: Final = frozenset(
    kind.prefix for kind in (*SPOT_TOPICS, *FUTURES_TOPICS) if kind.numbered
)

SPOT_SYMBOL: Final = re.compile(r"[A-Z0-9]+-[A-Z0-9]+")
FUTURES_SYMBOL: Final = re.compile(r"[A-Z0-9]+M(?:[FGHJKMNQUVXZ][0-9]{2})?")
"""Perpetual `XBTUSDTM`, or dated `XBTMZ25`: the delivery month's letter, and the year."""
_CURRENCY: Final = re.compile(r"[A-Z0-9]+")
_CANDLE: Final = "[0-9]{1,2}(?:min|hour)|1day|1week|1month"

ALL: Final = "all"
ALONE: Final = frozenset({Argument.NONE, Argument.SYMBOL_OR_NONE})
"""What may stand without a colon."""


class TopicFault(Enum):
    INVALID = auto()
    UNKNOWN = auto()


class Reading(Struct, frozen=True):
    """A topic's text, understood as far as it can be."""

    kind: TopicKind | None
    arguments: tuple[str, ...] = ()
    """Those that exist, each once; one empty text where the topic stands alone."""
    fault: TopicFault | None = None
    """What is wrong with the first that is not among them."""


class Topics:
    """The topics of one market, and the symbols listed there. Bounded by `limit` symbols."""

    def __init__(
        self,
        kinds: Iterable[TopicKind],
        symbol: re.Pattern[str],
        *,
        symbols: Iterable[str] = (),
        limit: int = 0,
        lists_everywhere: bool = False,
    ) -> None:
        self._kinds = {kind.prefix: kind for kind in kinds}
        self._aliases = {kind.alias_of: kind for kind in self._kinds.values() if kind.alias_of}
        self._symbol = symbol
        candles = re.compile(f"(?:{symbol.pattern})_(?:{_CANDLE})")
        self._shapes = {
            Argument.NONE: (),
            Argument.SYMBOL: (symbol,),
            Argument.SYMBOL_OR_ALL: (symbol,),
            Argument.SYMBOL_OR_MARKET: (symbol, _CURRENCY),
            Argument.SYMBOL_OR_NONE: (symbol,),
            Argument.CANDLES: (candles,),
            Argument.CURRENCY: (_CURRENCY,),
        }
        self._limit = limit
        self._lists_everywhere = lists_everywhere
        self._symbols: set[str] = set()
        self._currencies: set[str] = set()
        for each in symbols:
            self._add(each)

    def kind(self, prefix: str) -> TopicKind | None:
        return self._kinds.get(prefix)

    def alias(self, kind: TopicKind) -> TopicKind | None:
        """The other name under which this kind is subscribed too."""
        return self._aliases.get(kind.prefix)

    def read(self, text: str) -> Reading:
        prefix, colon, rest = text.partition(":")
        kind = self._kinds.get(prefix)
        if kind is None:
            return Reading(None, fault=_unknown_prefix(prefix))
        arguments = list(dict.fromkeys(rest.split(","))) if colon else [""]
        if "," in rest and not (kind.multi or self._lists_everywhere):
            return Reading(kind, fault=TopicFault.INVALID)
        if (colon and not rest) or not all(self.well_formed(kind, each) for each in arguments):
            return Reading(kind, fault=TopicFault.INVALID)
        known = tuple(each for each in arguments if self._has(kind, each))
        fault = None if len(known) == len(arguments) else TopicFault.UNKNOWN
        return Reading(kind, known, fault)

    def well_formed(self, kind: TopicKind, argument: str) -> bool:
        if not argument:
            return kind.argument in ALONE
        if argument == ALL:
            return kind.argument is Argument.SYMBOL_OR_ALL
        return any(shape.fullmatch(argument) for shape in self._shapes[kind.argument])

    def list(self, kind: TopicKind, argument: str) -> str | None:
        """Make sure that this argument exists, which must be well formed; what is new then.

        Raises `LocalProtocolError` when there are too many symbols already.
        """
        if self._has(kind, argument):
            return None
        listing = _listing_of(kind, argument)
        self.enlist(listing)
        return listing

    def enlist(self, listing: str) -> None:
        """A symbol, or a currency. Raises as `list`."""
        if len(self._symbols) + len(self._currencies) >= self._limit:
            raise LocalProtocolError(f"no more than {self._limit} symbols can be listed")
        self._add(listing)

    def _has(self, kind: TopicKind, argument: str) -> bool:
        if not argument or (argument == ALL and kind.argument is Argument.SYMBOL_OR_ALL):
            return True
        listing = _listing_of(kind, argument)
        return listing in self._symbols or (
            kind.argument in {Argument.CURRENCY, Argument.SYMBOL_OR_MARKET}
            and listing in self._currencies
        )

    def _add(self, listing: str) -> None:
        known = self._symbols if self._symbol.fullmatch(listing) else self._currencies
        known.add(listing)
        if "-" in listing:
            self._currencies.update(listing.split("-"))


def channel(prefix: str, argument: str) -> str:
    """The topic of one argument, as messages name it."""
    return f"{prefix}:{argument}" if argument else prefix


def subject(kind: TopicKind, argument: str) -> str:
    return kind.symbol_subject if argument and kind.symbol_subject else kind.subject


def _unknown_prefix(prefix: str) -> TopicFault:
    well_formed = prefix.startswith("/") and not any(map(str.isspace, prefix))
    return TopicFault.UNKNOWN if well_formed else TopicFault.INVALID


def _listing_of(kind: TopicKind, argument: str) -> str:
    """`BTC-USDT` of `BTC-USDT_1hour`."""
    return argument.rpartition("_")[0] if kind.argument is Argument.CANDLES else argument
