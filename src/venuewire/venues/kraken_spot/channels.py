"""The channels of Kraken Spot v2: a table that both sides read.

Law: what distinguishes two subscriptions to one symbol (`depth`, `interval`, `event_trigger`) is
the channel's *variant*; it is echoed in acks and "must be repeated" when unsubscribing.

Source: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/, one page per channel.
"""

from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

Variant: TypeAlias = int | str | None


class Key(NamedTuple):
    """What one subscription is to, and what one publication is for."""

    channel: str
    subject: str
    """A symbol, an account's name, or nothing, as the channel has it."""
    variant: Variant


class Channel(Struct, frozen=True, kw_only=True):
    name: str
    private: bool = False
    """Served by ws-auth.kraken.com, to holders of a token."""
    by_symbol: bool = False
    """Subscribed symbol by symbol."""
    snapshots: bool = True
    """Whether a snapshot is sent to those who don't say."""
    variant: str = ""
    """The parameter that makes it another subscription; empty where there is none."""
    variants: tuple[Variant, ...] = (None,)
    """Its legal values, the default first."""
    options: frozenset[str] = frozenset()
    """What else a client may ask for when it subscribes, beside `snapshot`."""
    listed: bool = True
    """Its `data` is a list of items; an object otherwise."""
    warning: str = ""
    """Told to every subscriber."""


CHANNELS: Final = {
    channel.name: channel
    for channel in (
        Channel(
            name="ticker",
            by_symbol=True,
            variant="event_trigger",
            variants=("trades", "bbo"),
        ),
        Channel(
            name="book",
            by_symbol=True,
            variant="depth",
            variants=(10, 25, 100, 500, 1000),
        ),
        Channel(
            name="ohlc",
            by_symbol=True,
            variant="interval",
            variants=(1, 5, 15, 30, 60, 240, 1440, 10080, 21600),
            warning="timestamp is deprecated, use interval_begin",
        ),
        Channel(name="trade", by_symbol=True, snapshots=False),
        Channel(
            name="instrument",
            listed=False,
            options=frozenset({"include_tokenized_assets"}),
        ),
        Channel(
            name="executions",
            private=True,
            options=frozenset({"snap_orders", "snap_trades", "order_status", "ratecounter"}),
        ),
        Channel(name="balances", private=True, options=frozenset({"users"})),
    )
}
