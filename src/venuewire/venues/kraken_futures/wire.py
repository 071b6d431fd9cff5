"""Kraken Futures WebSocket v1 as it stands on the wire.

    https://docs.kraken.com/exchange/api-reference/futures-websocket/heartbeat
    https://docs.kraken.com/exchange/api-reference/futures-websocket/notifications
    https://docs.kraken.com/exchange/api-reference/futures-websocket/challenge

Law: names are the documentation's. A control frame has an `event`; a frame of data has a `feed`
and no `event`. An acknowledgment has both, so `event` is looked at first.
"""

from enum import Enum, auto
from typing import Any, Final

import msgspec
from msgspec import Struct

from venuewire.core.terms import Edition

encode: Final = msgspec.json.encode

UNREADABLE: Final = (ValueError, RecursionError)
"""What decoding raises: bad JSON, bad types or bad UTF-8 (all `ValueError`), and nesting without
end."""


# Feeds.


class Access(Enum):
    OPEN = auto()
    """Anybody, and about nothing in particular."""
    PRODUCT = auto()
    """Anybody, by `product_ids`."""
    ACCOUNT = auto()
    """By login; the pages say "authentication is required"."""


HEARTBEAT: Final = "heartbeat"
NOTIFICATIONS: Final = "notifications_auth"

FEEDS: Final[dict[str, Access]] = {
    HEARTBEAT: Access.OPEN,
    "ticker": Access.PRODUCT,
    "ticker_lite": Access.PRODUCT,
    "trade": Access.PRODUCT,
    "book": Access.PRODUCT,
    NOTIFICATIONS: Access.ACCOUNT,
    "fills": Access.ACCOUNT,
    "open_orders": Access.ACCOUNT,
    "open_orders_verbose": Access.ACCOUNT,
    "open_positions": Access.ACCOUNT,
    "balances": Access.ACCOUNT,
    "account_log": Access.ACCOUNT,
}

PERMISSION: Final = "general"
"""What a key needs for these; keys are given "General API" access, or none."""

LEGACY_ACCOUNT_FEEDS: Final = frozenset({"account_balances_and_margins", "deposits_withdrawals"})
"""Older pages have them; a client still proves itself for them, the local venue has none."""

SNAPSHOT: Final = "_snapshot"
"""Ends the feed name of a message that replaces what went before."""


# What a client says, and the venue's acknowledgment, which repeats it.


class Request(Struct, omit_defaults=True):
    """Fields beyond `event` and `feed` are checked where they are needed: one that is missing or
    of the wrong type is the fault of a login or of a product, not of the frame."""

    event: str
    feed: str = ""
    product_ids: Any = None
    api_key: Any = None
    original_challenge: Any = None
    signed_challenge: Any = None


# What the venue says.

INFO: Final = b'{"event":"info","version":1}'
PONG: Final = b'{"event":"pong"}'
CHALLENGE: Final = b'{"event":"challenge","message":"%b"}'
BEAT: Final = b'{"feed":"heartbeat","time":%d}'
"""`time`: "the UTC time of the server in milliseconds"."""
NOTES: Final = b'{"feed":"notifications_auth","notifications":%b}'


class Notification(Struct, frozen=True, omit_defaults=True):
    """One element of `notifications`, its fields in the documentation's order."""

    id: int
    type: str
    priority: str
    note: str
    effective_time: int
    expected_downtime_minutes: int | None = None
    """The page: "absent if no downtime is expected"."""


NOTIFICATION_TYPES: Final = (
    "market",
    "general",
    "new_feature",
    "bug_fix",
    "maintenance",
    "settlement",
)
NOTIFICATION_PRIORITIES: Final = ("low", "medium", "high")


class Inbound(Struct):
    """All that a client needs of any frame of the venue."""

    event: str = ""
    feed: str = ""
    product_id: str | None = None
    product_ids: list[str] | None = None
    message: str | None = None
    seq: int | None = None
    version: Any = 1


class Announcement(Struct):
    """What a client needs of a notification."""

    type: str = ""
    priority: str = ""
    note: str = ""
    effective_time: int = 0
    """Milliseconds since the epoch; 0 when there is none."""
    expected_downtime_minutes: int | None = None


class Announcements(Struct):
    notifications: list[Announcement]


# How the venue says no.

ALREADY_SUBSCRIBED: Final = "Already subscribed to feed, re-requesting"
NOT_SUBSCRIBED: Final = "Not subscribed to feed"


class Phrases(Struct, frozen=True, kw_only=True):
    """One edition's way of refusing."""

    event: bytes
    invalid_feed: str
    invalid_product: str
    """`{}` stands for the product."""
    already_subscribed: str | None
    """None: a repeated request is simply acknowledged again."""
    not_subscribed: str | None
    """None: giving up what one does not have is simply acknowledged."""
    json_error: str = "Json Error"
    authentication: str = "Failed to subscribe to authenticated feed"
    too_many_subscriptions: str = "Too many subscriptions"
    """Invented."""
    too_many_products: str = "Too many products in one request"
    """Invented."""


PHRASES: Final[dict[Edition, Phrases]] = {
    "documented": Phrases(
        event=b"error",
        invalid_feed="Invalid feed",
        invalid_product="Invalid product id",
        already_subscribed=None,
        not_subscribed=None,
    ),
    "observed": Phrases(
        event=b"alert",
        invalid_feed="Couldn't subscribe to invalid feed",
        invalid_product="Couldn't subscribe to invalid product `{}`",
        already_subscribed=ALREADY_SUBSCRIBED,
        not_subscribed=NOT_SUBSCRIBED,
    ),
}


def refusal(phrases: Phrases, text: str) -> bytes:
    return b'{"event":"%b","message":%b}' % (phrases.event, encode(text))
