"""As much of a venue's dialect as it takes to tamper with it: what a frame is to a session, and a
few forged frames.

A venue that gives no idiom can still be served and tampered with, only not by what its frames
mean.
"""

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from venuewire.core.floor import Publication
from venuewire.core.http import HttpReply


class Role(Enum):
    """What a frame is to a session, in either direction."""

    PING = "ping"
    PONG = "pong"
    CLOSE = "close"
    """Only ever a control frame."""
    REQUEST = "request"
    """A client subscribes or gives up."""
    ACK = "acknowledgment"
    REFUSAL = "refusal"
    MESSAGE = "message"
    HEARTBEAT = "heartbeat"
    WELCOME = "welcome"
    """What the venue says first, and when its own state changes."""
    CHALLENGE = "challenge"
    """Asked for by a client, given by a venue."""
    OTHER = "other"


class Reading(Struct, frozen=True):
    """One frame, as far as it was read."""

    role: Role
    channel: str = ""
    """Of a message, as it is subscribed."""


class Wrong(Enum):
    """What a forged refusal is about."""

    LIMIT = "limit"
    """Too many subscriptions."""
    KEY = "key"
    """The account's key is no longer good."""
    BUSY = "busy"
    """The venue's own trouble; the answer to no request."""


class Idiom(Struct, frozen=True, kw_only=True):
    upstream: Callable[[bytes], Reading]
    """Reads what a client says. Never raises."""
    downstream: Callable[[bytes], Reading]
    """Reads what the venue says. Never raises."""
    roles: frozenset[Role]
    """What there is at this venue, control frames included."""
    refuse: Callable[[bytes, Wrong], bytes]
    """The venue's refusal of a client's frame; of none in particular, if that is empty."""
    misaddress: Callable[[bytes], bytes]
    """A pong or an acknowledgment as it would be for another request."""
    revoked: HttpReply | None = None
    """What a key that is no longer good gets over HTTP; None where keys are shown in frames."""
    maintenance: Publication | None = None
    """How the venue's own state is told to be maintenance; None where notifications do that, or
    nothing does."""
    online: Publication | None = None
    """And how it is told to be over."""
