"""The numbers a local Kraken Spot lives by.

Law: what no page and no recording states is a field here, so that a recording changes data only.
"""

from typing import Final

from venuewire.core.terms import Edition, Terms

_DOLLAR: Final = "BTC ETH SOL XRP ADA DOGE DOT LTC LINK AVAX ATOM XMR USDT USDC"
SYMBOLS: Final = (
    *(f"{base}/USD" for base in _DOLLAR.split()),
    *(f"{base}/EUR" for base in ("BTC", "ETH", "SOL", "XRP")),
    *(f"{base}/BTC" for base in ("ETH", "SOL")),
)


class KrakenSpotTerms(Terms, frozen=True, kw_only=True):
    idle_timeout: float | None = 60.0
    """The websockets introduction: a connection is dropped after about a minute of inactivity."""
    idle_code: int = 1000
    """The close code then. Stated nowhere."""
    steady_heartbeats: bool | None = None
    """A heartbeat each second whatever else is sent, as recorded; or only "in the absence of"
    other channel messages, as documented. None leaves it to the edition."""

    connects_window: float = 600.0
    """The venue publishes about 150 connects per address in ten minutes, and bans who makes more.
    `max_connects` is None all the same: on one machine all clients have one address."""

    symbols: tuple[str, ...] = SYMBOLS
    """Listed from the beginning; whatever is published is listed too."""
    max_symbols: int = 5_000
    max_symbols_per_request: int = 1_000

    token_lifetime: float = 900.0
    """Seconds in which a token must be used first; then it stays good."""
    max_tokens: int = 10_000
    """Tokens in use that are remembered; beyond that the oldest is forgotten."""

    @property
    def beats_steadily(self) -> bool:
        if self.steady_heartbeats is None:
            return self.edition == "observed"
        return self.steady_heartbeats


def terms_of(edition: Edition) -> KrakenSpotTerms:
    return KrakenSpotTerms(edition=edition)
