"""What a venue must provide to be spoken, on either side. All of it is pure.

A new venue implements `ClientDialect`, `ServerDialect` and a `Floor`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import Message, Reply
from venuewire.core.subscriptions import Topic

if TYPE_CHECKING:
    from venuewire.core.server_session import ServerSession

Option: TypeAlias = str | int | bool


class Profile(Struct, frozen=True, kw_only=True):
    """The facts about a venue that the client kernel acts on."""

    liveness: LivenessPolicy
    welcomes: bool = False
    """Nothing may be sent before the venue's welcome."""
    challenges: bool = False
    """Identity is proven by answering a challenge, once per link, before anything private."""
    lifetime: float | None = None
    """Seconds after which the venue ends a link; None where it sets no such limit."""
    heartbeat_channel: str | None = None
    """Kept subscribed on the session's own account, so that silence means something."""
    unsubscribes_silently: bool = False
    """The venue confirms nothing when a channel is given up."""
    answers_by_id: bool = True
    """An error that answers a request names it, so one that names nothing answers none. Otherwise
    the oldest request is meant."""
    requests: tuple[int, float] | None = None
    """How many requests may be sent within how many seconds; None means no limit is known."""


class ClientDialect(Protocol):
    """How to speak to one venue: values in, bytes out; bytes in, neutral words out.

    One instance serves one session. What belongs to a link (proof, request names) is forgotten
    in `dial`.
    """

    @property
    def capacity(self) -> int | None:
        """Channels that one link may carry; None means no limit is known."""
        ...

    def again(self) -> ClientDialect:
        """Another instance, for another link of the same session."""
        ...

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        """The HTTP request that must precede dialing, if there is one. Fresh for each attempt."""
        ...

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        """The upgrade request, given the reply to `bootstrap`.

        Raises `AccessRefused` (the venue said no), `UnreadableFrame` (the reply makes no sense),
        `ConfigurationError` (what we were told to do cannot work with this venue).
        """
        ...

    def challenge(self, now: Instant) -> bytes:
        """Ask for a challenge; only where `Profile.challenges`."""
        ...

    def prove(self, challenge: str) -> None:
        """Answer a challenge: from now on requests of this link carry the proof."""
        ...

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        """What a text such as `ticker:BTC/USD,ETH/USD` stands for, one topic per symbol.

        Raises `ConfigurationError` for a channel this venue cannot have.
        """
        ...

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        """Grouped into what one request can carry."""
        ...

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes: ...

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes: ...

    def ping(self, id: int, now: Instant) -> bytes | None:
        """None where a WebSocket PING frame is this venue's ping."""
        ...

    def decode(self, payload: bytes, now: Instant) -> Reply:
        """Raises `UnreadableFrame`."""
        ...

    def likeness(self, message: Message) -> bytes:
        """What is the same on two links that both carry this message. Asked only while one link
        replaces another."""
        ...


class ServerDialect(Protocol):
    """How one venue behaves towards one client: the rules, not the plumbing.

    Answers are appended to `session.outbox` as the bytes of whole text frames.
    """

    def open(self, session: ServerSession, now: Instant) -> None:
        """The link is open: keep `session`, and greet if this venue greets."""
        ...

    def receive(self, payload: bytes, now: Instant) -> None:
        """Never raises."""
        ...

    def exceed(self, payload: bytes, now: Instant) -> None:
        """As `receive`, for a client that is over `Terms.max_requests`."""
        ...

    def beat(self, now: Instant) -> None:
        """`session.beat_at` has come; set the next, or None."""
        ...

    def idle(self, now: Instant) -> None:
        """The client has been silent for `Terms.idle_timeout`: end the session this venue's way."""
        ...

    def cut(self, now: Instant) -> None:
        """The session has reached `Terms.lifetime`: end it this venue's way."""
        ...

    def lost(self) -> None:
        """The link is gone: leave the floor."""
        ...
