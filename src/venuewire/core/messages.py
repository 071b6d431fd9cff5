"""What a client hears, with every venue's spelling removed. A client dialect translates into these.

There is no neutral form of what a venue hears: its handlers go from wire struct to answer, because
a detour through neutral objects costs four times as much as the answer itself.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

RequestId: TypeAlias = int | str
"""The kernel numbers its own requests; a dialect turns an echoed number back into an int."""


class Welcome(Struct, frozen=True):
    """The venue spoke first: `welcome`, `info`, `status`, `hello`."""

    text: str = ""
    """Worth telling the application, such as `maintenance`; empty when it is only a greeting."""
    maintenance: bool = False
    """It says that it is under maintenance."""


class Pong(Struct, frozen=True):
    id: RequestId | None = None
    """None where the venue does not echo one: then the oldest ping is meant."""


class Challenge(Struct, frozen=True):
    text: str

    def __repr__(self) -> str:
        return "Challenge(***)"


class Subscribed(Struct, frozen=True):
    """The venue agreed: to `channels`, or to all of what request `id` asked for."""

    id: RequestId | None = None
    channels: tuple[str, ...] = ()


class Unsubscribed(Struct, frozen=True):
    id: RequestId | None = None
    channels: tuple[str, ...] = ()


class Accepted(Struct, frozen=True):
    """The request with this id was accepted, and the reply does not say what it had asked for."""

    id: RequestId


class Refused(Struct, frozen=True):
    """The venue answered with an error."""

    reason: str
    id: RequestId | None = None
    """The request at fault, where the venue names it."""
    channel: str | None = None
    """The channel at fault, where the venue names it."""
    code: int | None = None
    benign: bool = False
    """It refuses what is already so: `Already subscribed`. The wish is fulfilled."""
    transient: bool = False
    """Too much at once, rather than too much: the same request may be granted later."""
    splits: bool = False
    """One of several channels is at fault, and the venue doesn't say which: each may be asked for
    alone."""
    auth: bool = False
    """Token, key or signature are at fault: the session, not the request, was refused."""


_plain = msgspec.json.Decoder().decode


class Message(Struct, frozen=True, kw_only=True, gc=False):
    """Something was published on a channel."""

    channel: str
    """As it was subscribed: `ticker:BTC/USD`, `/market/ticker:BTC-USDT`, `notifications_auth`."""
    raw: bytes | msgspec.Raw
    """JSON, as the venue wrote it: KuCoin's and Prime's `data`, Kraken's whole message."""
    kind: str = "update"
    """`snapshot` or `update`; `update` where the venue does not tell them apart."""
    subject: str = ""
    """KuCoin's `subject`; elsewhere empty."""
    sequence: int | None = None
    """The venue's own numbering on this channel, where each is the last one's successor; of
    several numbers in one message the last."""
    first_sequence: int | None = None
    """The first of several numbers in one message; None where it has only `sequence`, or none."""
    received: float = 0.0
    """Seconds since the epoch, when the frame was read."""

    @property
    def data(self) -> Any:
        """`raw` as plain Python values. Decoded at each access: hold on to the result."""
        return _plain(self.raw)

    def decode(self, type: Any) -> Any:
        """`raw` as `type`, anything msgspec can decode into; cheaper than `data` for a struct.

        Raises `msgspec.ValidationError`.
        """
        return _decoder(type).decode(self.raw)


class Heartbeat(Struct, frozen=True):
    """The venue is alive and has nothing to say."""

    message: Message | None = None
    """Where heartbeats come on a channel that an application can ask for."""


@lru_cache(256)
def _decoder(type: Any) -> msgspec.json.Decoder[Any]:
    """Making one costs more than decoding with it."""
    return msgspec.json.Decoder(type)


class Maintenance(Struct, frozen=True):
    """The venue has announced that it will be down. The session enters that on a fresh link, and
    until the announced end tries to come back no faster than a venue in maintenance asks for."""

    effective_at: float
    """Seconds since the epoch."""
    downtime: float | None
    """Seconds; None when the venue doesn't say."""
    note: str


class Announced(Struct, frozen=True):
    """The venue told of maintenance."""

    outages: tuple[Maintenance, ...]
    message: Message | None = None
    """The frame it came with, for who asked for its channel."""


class FirstMessage(Struct, frozen=True):
    """Data that is itself the acknowledgment of request `id`: Kraken Prime has no other."""

    id: RequestId
    message: Message


class Ignored(Struct, frozen=True):
    """Legal, and of no consequence to a session."""


Word: TypeAlias = (
    Heartbeat
    | Pong
    | Subscribed
    | Unsubscribed
    | Accepted
    | Refused
    | FirstMessage
    | Challenge
    | Welcome
    | Announced
    | Ignored
)
"""What concerns the session rather than the application."""

Reply: TypeAlias = Message | Word
