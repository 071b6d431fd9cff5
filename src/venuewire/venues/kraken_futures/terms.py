"""The numbers a local Kraken Futures lives by.

Sources: the "Futures rate limits" guide (100 connections, 100 requests per second) and the
websocket guide (a ping at least every 60 seconds). Where no page gives a number, it is ours and
its docstring says *invented*.
"""

from typing import Final

from venuewire.core.terms import Edition, Terms

PRODUCTS: Final = (
    "PI_XBTUSD",
    "PI_ETHUSD",
    "PI_LTCUSD",
    "PI_BCHUSD",
    "PI_XRPUSD",
    "PF_XBTUSD",
    "PF_ETHUSD",
    "PF_SOLUSD",
    "PF_XRPUSD",
    "PF_ADAUSD",
    "PF_DOGEUSD",
    "PF_DOTUSD",
    "PF_LINKUSD",
    "PF_LTCUSD",
    "PF_BCHUSD",
    "PF_AVAXUSD",
    "PF_ATOMUSD",
    "PF_UNIUSD",
    "PF_XLMUSD",
    "PF_TRXUSD",
    "PF_AAVEUSD",
)
"""Perpetual contracts of the real venue: `PI_` inverse, `PF_` linear."""


class KrakenFuturesTerms(Terms, frozen=True, kw_only=True):
    """Times in seconds; None means no limit."""

    idle_timeout: float | None = 60.0
    """The guide: "ping at least every 60 seconds". We take any frame of the client for it."""
    control_ping_counts: bool = True
    max_requests: int | None = 100
    max_sessions: int = 100
    """The guide: 100 concurrent connections. Counted for the whole local venue."""

    idle_close: int = 1000
    """Invented: no page gives the close code."""
    rate_close: int = 1008
    """Invented: 1008 means a violated policy."""

    products: tuple[str, ...] = PRODUCTS
    """Listed from the start; a publication lists its own."""
    max_products: int = 1000
    """Invented: products listed at once."""
    max_request_products: int = 100
    """Invented: products in one request."""

    max_challenges: int = 16
    """Invented: outstanding challenges of one session; the oldest gives way."""
    challenge_lifetime: float | None = None
    """No page lets a challenge expire before its connection does."""

    max_notifications: int = 100
    """Invented: kept for the snapshot; the oldest gives way."""
    max_note: int = 1000
    """Invented: characters of "a short description"."""
    max_trades: int = 100
    """Invented: trades in a snapshot."""
    max_levels: int = 1000
    """Invented: price levels kept on each side of a book; the farthest gives way."""


def terms(edition: Edition) -> KrakenFuturesTerms:
    return KrakenFuturesTerms(edition=edition)
