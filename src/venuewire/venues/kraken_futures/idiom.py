"""What a Kraken Futures frame is to a session, and forged ones, for faults.

Law: there are no ids here, so what is addressed wrongly names another feed.
"""

import re
from typing import Final

import msgspec

from venuewire.core.idiom import Idiom, Reading, Role, Wrong
from venuewire.venues.kraken_futures.wire import (
    FEEDS,
    HEARTBEAT,
    PHRASES,
    SNAPSHOT,
    UNREADABLE,
    Access,
    Inbound,
    refusal,
)

_ASKED: Final = {
    "ping": Role.PING,
    "challenge": Role.CHALLENGE,
    "subscribe": Role.REQUEST,
    "unsubscribe": Role.REQUEST,
}
_SAID: Final = {
    "info": Role.WELCOME,
    "challenge": Role.CHALLENGE,
    "subscribed": Role.ACK,
    "unsubscribed": Role.ACK,
    "pong": Role.PONG,
    **dict.fromkeys(("error", "alert", "subscribed_failed", "unsubscribed_failed"), Role.REFUSAL),
}
_PHRASES: Final = PHRASES["documented"]
_TEXTS: Final = {
    Wrong.LIMIT: _PHRASES.too_many_subscriptions,
    Wrong.KEY: _PHRASES.authentication,
    Wrong.BUSY: "Service temporarily unavailable",
}
_FEED: Final = re.compile(rb'"feed":"[^"]*"')
_decode: Final = msgspec.json.Decoder(Inbound).decode


def _read(payload: bytes) -> Inbound:
    """Empty where it is unreadable."""
    try:
        return _decode(payload)
    except UNREADABLE:
        return Inbound()


def _upstream(payload: bytes) -> Reading:
    return Reading(_ASKED.get(_read(payload).event, Role.OTHER))


def _downstream(payload: bytes) -> Reading:
    frame = _read(payload)
    if frame.event or not frame.feed:
        return Reading(_SAID.get(frame.event, Role.OTHER))
    if frame.feed == HEARTBEAT:
        return Reading(Role.HEARTBEAT)
    feed = frame.feed.removesuffix(SNAPSHOT)
    by_product = FEEDS.get(feed) is Access.PRODUCT and frame.product_id
    return Reading(Role.MESSAGE, f"{feed}:{frame.product_id}" if by_product else feed)


def _refuse(_: bytes, wrong: Wrong) -> bytes:
    """Errors name no request."""
    return refusal(_PHRASES, _TEXTS[wrong])


def _misaddress(payload: bytes) -> bytes:
    return _FEED.sub(b'"feed":"settlements"', payload, count=1)


IDIOM: Final = Idiom(
    upstream=_upstream,
    downstream=_downstream,
    roles=frozenset(Role) - {Role.OTHER},
    refuse=_refuse,
    misaddress=_misaddress,
)
