"""The venue's side of one session: from wire struct to the answer's bytes.

Law 1: the welcome, or the error that refuses the connection, is the first frame of all.
Law 2: an error that answers a request carries the request's id; one that concerns the connection
       carries the connection's: "The welcome message ID and the error message ID are both
       connectId."
Law 3: nothing a client sends ends its session; only silence, age and a bad token do.
Law 4: an ack comes only when `response` is true, an error always.

Source: https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from msgspec import Struct

from venuewire.core.errors import UnreadableFrame
from venuewire.core.instant import Instant
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition
from venuewire.venues.kucoin import wire
from venuewire.venues.kucoin.token import INVALID
from venuewire.venues.kucoin.topics import TopicFault, channel

if TYPE_CHECKING:
    from venuewire.venues.kucoin.floor import KuCoinFloor


class Refusal(Struct, frozen=True):
    """An error frame to be; its code is in the venue's table."""

    code: int
    data: str


UNREADABLE: Final = Refusal(400, "message is invalid")
"""No page says what answers a frame that is not JSON; the code is the nearest."""
PING_TIMEOUT: Final = Refusal(400, "ping timeout")
LOGIN_REQUIRED: Final = Refusal(403, "login is required")
TOPIC_REQUIRED: Final = Refusal(406, "topic is required")
TYPE_INVALID: Final = Refusal(415, "command type is invalid")
TOO_FAST: Final = Refusal(509, "exceed max permits per second")
BUSY: Final = Refusal(509, "service busy, please retry later")

TOPIC_ERRORS: Final[dict[tuple[TopicFault, Edition], tuple[int, str]]] = {
    (TopicFault.INVALID, "documented"): (400, "topic is invalid"),
    (TopicFault.INVALID, "observed"): (400, "topic {} is invalid"),
    (TopicFault.UNKNOWN, "documented"): (404, "topic does not exist"),
    (TopicFault.UNKNOWN, "observed"): (404, "topic {} is not found"),
}


def bad_token(reason: str) -> Refusal:
    return Refusal(401, reason)


def too_many_sessions(limit: int) -> Refusal:
    return Refusal(509, f"exceed max session count limitation of {limit}")


class Asked(Struct, frozen=True):
    """What a request means: the subscriptions it names."""

    keys: tuple[tuple[str, str | None], ...]
    """Channel, and the account whose messages alone are meant."""
    fault: TopicFault | None


class KuCoinServer:
    __slots__ = (
        *("_connection", "_floor", "_micros", "_refusal", "_session", "_terms"),
        "account",
    )

    def __init__(
        self,
        floor: "KuCoinFloor",
        account: str | None,
        connect_id: str | None,
        refusal: Refusal | None = None,
    ) -> None:
        self.account = account
        """By name; None for whoever came with a public token."""
        self._floor = floor
        self._terms = floor.terms
        self._micros = floor.stamps.micros
        self._refusal = refusal
        wordless = refusal is not None and not floor.terms.error_ids
        self._connection = wire.opening_with(None if wordless else connect_id)
        self._session: ServerSession

    def seat(self, session: ServerSession) -> None:
        """Whose dialect this is: known before the handshake completes, which it may never do."""
        self._session = session

    # Told by the session.

    def open(self, session: ServerSession, now: Instant) -> None:
        if self._refusal is None:
            session.outbox.append(wire.welcome(self._connection))
        else:
            self._refuse(self._connection, self._refusal)
            session.close(self._terms.close_code)

    def receive(self, payload: bytes, now: Instant) -> None:
        try:
            request = wire.read_request(payload)
            opening = wire.opening(request.id)
        except UnreadableFrame:
            self._refuse(wire.opening_of(payload), UNREADABLE)
            return
        answer = self._ANSWERS.get(request.type)
        if answer is None:
            self._refuse(opening, TYPE_INVALID)
        else:
            answer(self, request, opening, now)

    def exceed(self, payload: bytes, now: Instant) -> None:
        self._refuse(wire.opening_of(payload), TOO_FAST)

    def beat(self, now: Instant) -> None:
        """This venue never speaks of its own accord."""

    def idle(self, now: Instant) -> None:
        terms = self._terms
        if terms.ping_timeout_error:
            self._refuse(self._connection, PING_TIMEOUT)
        self._session.close(terms.close_code, abort=terms.abrupt)

    def cut(self, now: Instant) -> None:
        self._session.close(self._terms.close_code)

    def expel(self) -> None:
        """The key that the session's token was issued to has been revoked."""
        self._refuse(self._connection, bad_token(INVALID))
        self._session.close(self._terms.close_code)

    def lost(self) -> None:
        self._floor.leave(self._session)

    # Asked by the client.

    def _ping(self, request: wire.Request, opening: bytes, now: Instant) -> None:
        if self._terms.pong_timestamp:
            self._session.outbox.append(wire.pong(opening, self._micros(now.realtime)))
        else:
            self._session.outbox.append(wire.bare_pong(opening))

    def _subscribe(self, request: wire.Request, opening: bytes, now: Instant) -> None:
        asked = self._asked(request)
        if isinstance(asked, Refusal):
            self._refuse(opening, asked)
        elif asked.fault is not None and self._terms.atomic_lists:
            self._refuse(opening, self._refusal_of(asked.fault, request))
        elif not self._room_for(asked):
            self._refuse(opening, self._too_many("session", self._terms.max_subscriptions))
        else:
            for key in asked.keys:
                self._floor.subscribers.add(key, self._session)
            self._settle(request, opening, asked.fault)

    def _unsubscribe(self, request: wire.Request, opening: bytes, now: Instant) -> None:
        asked = self._asked(request)
        if isinstance(asked, Refusal):
            self._refuse(opening, asked)
            return
        for key in asked.keys:
            self._floor.subscribers.remove(key, self._session)
        # What does not exist is not subscribed, which is all that was asked for.
        fault = None if asked.fault is TopicFault.UNKNOWN else asked.fault
        self._settle(request, opening, fault)

    # The rules.

    def _asked(self, request: wire.Request) -> Asked | Refusal:
        topic, limit = request.topic, self._terms.topics_per_request
        if not topic:
            return TOPIC_REQUIRED
        if topic.count(",") >= limit:
            return self._too_many("time", limit)
        reading = self._floor.topics.read(topic)
        if reading.kind is None:
            return Asked((), reading.fault)
        private = reading.kind.private or bool(request.private_channel)
        if private and self.account is None:
            return LOGIN_REQUIRED
        whose = self.account if private else None
        prefix = reading.kind.prefix
        keys = tuple((channel(prefix, each), whose) for each in reading.arguments)
        return Asked(keys, reading.fault)

    def _room_for(self, asked: Asked) -> bool:
        subscribers, limit = self._floor.subscribers, self._terms.max_subscriptions
        if subscribers.count(self._session) + len(asked.keys) <= limit:
            return True
        return len(subscribers.keys(self._session).union(asked.keys)) <= limit

    def _refusal_of(self, fault: TopicFault, request: wire.Request) -> Refusal:
        code, text = TOPIC_ERRORS[fault, self._terms.edition]
        return Refusal(code, text.format(request.topic))

    def _too_many(self, per: str, limit: int) -> Refusal:
        return Refusal(509, f"exceed max subscription count limitation of {limit} per {per}")

    def _settle(self, request: wire.Request, opening: bytes, fault: TopicFault | None) -> None:
        if fault is not None:
            self._refuse(opening, self._refusal_of(fault, request))
        elif request.response:
            self._session.outbox.append(wire.ack(opening))

    def _refuse(self, opening: bytes, refusal: Refusal) -> None:
        self._session.outbox.append(wire.error(opening, refusal.code, refusal.data))

    # Tunnels (`openTunnel`, `closeTunnel`) stood in older pages only, and are not among these.
    _ANSWERS: ClassVar[dict[str, "Answering"]] = {
        "ping": _ping,
        "subscribe": _subscribe,
        "unsubscribe": _unsubscribe,
    }


Answering: TypeAlias = Callable[[KuCoinServer, wire.Request, bytes, Instant], None]
