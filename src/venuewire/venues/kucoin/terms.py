"""The two markets KuCoin keeps apart, and the numbers a local one lives by.

Every number that no page publishes is a setting here; so is every choice between two readings of
a page. Source: https://www.kucoin.com/docs-new/rate-limit and the introduction.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from venuewire.core.errors import ConfigurationError
from venuewire.core.terms import Edition, Terms
from venuewire.venues.kucoin.topics import (
    FUTURES_KINDS,
    FUTURES_SYMBOL,
    SPOT_KINDS,
    SPOT_SYMBOL,
    TopicKind,
)

SPOT_SYMBOLS: Final = (
    "BTC-USDT", "ETH-USDT", "KCS-USDT", "SOL-USDT", "XRP-USDT", "ADA-USDT", "DOGE-USDT",
    "LTC-USDT", "DOT-USDT", "LINK-USDT", "AVAX-USDT", "TRX-USDT", "ATOM-USDT", "BCH-USDT",
    "USDC-USDT", "BTC-USDC", "ETH-USDC", "ETH-BTC", "KCS-BTC", "XRP-BTC", "USDT-BTC",
)  # fmt: skip
FUTURES_SYMBOLS: Final = (
    "XBTUSDTM", "XBTUSDM", "XBTUSDCM", "ETHUSDTM", "ETHUSDM", "ETHUSDCM", "SOLUSDTM", "XRPUSDTM",
    "ADAUSDTM", "DOGEUSDTM", "LTCUSDTM", "DOTUSDTM", "LINKUSDTM", "AVAXUSDTM", "TRXUSDTM",
    "ATOMUSDTM", "BCHUSDTM", "XRPUSDM", "DOTUSDM", "SOLUSDM", "XBTMZ25",
)  # fmt: skip


class Market(Struct, frozen=True, kw_only=True):
    """ "To subscribe to futures data, obtain tokens through the futures base URL, which cannot be
    mixed." """

    name: str
    """Of the venue; a token names it."""
    url: str
    """HTTP base of the real one."""
    hosts: tuple[str, ...]
    """Where the real one grants tokens."""
    stream: str
    """Where the real one's sessions are; what it says in `endpoint`."""
    local: str
    """A local venue's path for all of it."""
    symbol: re.Pattern[str]
    kinds: Mapping[Edition, tuple[TopicKind, ...]]


SPOT: Final = Market(
    name="kucoin",
    url="https://api.kucoin.com",
    hosts=("api.kucoin.com",),
    stream="wss://ws-api-spot.kucoin.com/",
    local="/kucoin",
    symbol=SPOT_SYMBOL,
    kinds=SPOT_KINDS,
)
FUTURES: Final = Market(
    name="kucoin-futures",
    url="https://api-futures.kucoin.com",
    hosts=("api-futures.kucoin.com",),
    stream="wss://ws-api-futures.kucoin.com/",
    local="/kucoin-futures",
    symbol=FUTURES_SYMBOL,
    kinds=FUTURES_KINDS,
)


class KuCoinTerms(Terms, frozen=True, kw_only=True):
    """Times in seconds; None means no limit, or no rule."""

    # How a token is had.
    ping_interval: float = 18.0
    """ "Current server value: 18 seconds." Sent in milliseconds."""
    ping_timeout: float = 10.0
    """ "Current server value: 10 seconds." Sent in milliseconds."""
    token_lifetime: float = 86_400.0
    """ "The token is valid for only 24 hours" """
    token_key: str | None = None
    """Signs tokens. Venues that share it accept each other's; None invents one."""
    timestamp_window: float = 5.0
    """How far `KC-API-TIMESTAMP` may be from our clock, either way."""
    refuses_replays: bool = False
    """A key's `KC-API-TIMESTAMP` is good once. Off, because it counts milliseconds: of a program
    that starts two sessions at once, one would be refused."""
    allowed_addresses: frozenset[str] | None = None
    """From which a key may be used; None allows all."""

    # How a session begins and ends.
    sessions_per_account: int | None = 800
    max_connects: int | None = None
    """Sessions one address may begin within `connects_window`. The venue publishes 30 per minute;
    None all the same: on one machine all clients have one address."""
    error_ids: bool = True
    """Errors that concern the connection carry its `connectId`."""
    ping_timeout_error: bool = True
    """Say `ping timeout` before hanging up on a silent client."""
    abrupt: bool = False
    """Hang up on a silent client without a CLOSE frame."""
    close_code: int = 1000

    # What can be subscribed.
    topics_per_request: int = 100
    symbols: tuple[str, ...] = ()
    max_symbols: int = 2000
    """Symbols and currencies listed; publishing to a new one lists it."""
    atomic_lists: bool = True
    """One symbol that does not exist fails the whole list."""
    lists_everywhere: bool = False
    """A comma list is accepted on every topic."""
    pong_timestamp: bool = True

    def __repr__(self) -> str:
        return f"KuCoinTerms({self.edition})"  # `token_key` is a secret.


def spot_terms(edition: Edition) -> KuCoinTerms:
    return _of_edition(edition, SPOT_SYMBOLS)


def futures_terms(edition: Edition) -> KuCoinTerms:
    return _of_edition(edition, FUTURES_SYMBOLS)


def checked(terms: Terms) -> KuCoinTerms:
    """Raises `ConfigurationError` for terms no client could keep."""
    if not isinstance(terms, KuCoinTerms):
        raise ConfigurationError("KuCoin needs KuCoinTerms")
    if terms.idle_timeout is not None and terms.idle_timeout <= terms.ping_interval:
        raise ConfigurationError(
            f"idle_timeout {terms.idle_timeout:g} s must be above"
            f" ping_interval {terms.ping_interval:g} s"
        )
    return terms


def _of_edition(edition: Edition, symbols: tuple[str, ...]) -> KuCoinTerms:
    terms = KuCoinTerms(
        edition=edition,
        # "The session-closure logic is not simply pingInterval + pingTimeout": older pages and
        # the field both say 60 s.
        idle_timeout=60.0,
        # "a single connection is expected to be disconnected after 24 hours"
        lifetime=86_400.0,
        max_requests=100,
        requests_window=10.0,
        max_subscriptions=400,
        symbols=symbols,
    )
    if edition == "documented":
        return terms
    return structs.replace(terms, error_ids=False, ping_timeout_error=False)
