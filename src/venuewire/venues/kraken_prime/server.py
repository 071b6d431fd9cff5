"""How Kraken Prime behaves towards one client.

Law 1: nothing a client sends ends its session: every fault is answered by an error.
Law 2: "On a valid request, the server responds with a `Pong` message"; "Any objects included in
       `data` are echoed back unchanged".
Law 3: a subscription is named by its `reqid`, is acknowledged by its first data, and is canceled
       without a word.
Law 4: a `reqid` counts only while its subscription lives; then its messages (`seqNum`) and errors
       (`seq`) share one count from 1. An error for any other `reqid` is its first: `seq` 1.
"""

from collections.abc import Callable
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from venuewire.core.instant import Instant
from venuewire.core.server_session import ServerSession
from venuewire.venues.kraken_prime import wire

if TYPE_CHECKING:
    from venuewire.venues.kraken_prime.floor import KrakenPrimeFloor

SESSION_ID_ALPHABET: Final = ascii_uppercase + digits
SESSION_ID_LENGTH: Final = 13
APPROVED_BYTES: Final = 128
"""Of a `Ping`'s data; longer ones are read each time."""

_Answer: TypeAlias = "Callable[[KrakenPrimeServer, bytes, wire.Request, Instant], None]"


class Subscription:
    """What one `reqid` of one session hears."""

    __slots__ = ("account", "channels", "count", "reqid", "session", "tag")

    def __init__(
        self,
        session: ServerSession,
        account: str | None,
        reqid: bytes,
        channels: tuple[str, ...],
        tag: bytes,
    ) -> None:
        self.session = session
        self.account = account
        """Its name; None for a session without authentication."""
        self.reqid = reqid
        self.channels = channels
        self.tag = b'"tag":%b,' % tag if tag else b""
        self.count = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    def frame(self, message: wire.StreamMessage) -> bytes:
        return message.to(self.reqid, self.number(), self.tag)


class KrakenPrimeServer:
    __slots__ = (
        *("_approved", "_floor", "_held", "_live", "_pong", "_stamp", "_terms"),
        *("account", "session"),
    )

    session: ServerSession

    def __init__(self, floor: "KrakenPrimeFloor", account: str | None) -> None:
        self._floor = floor
        self._terms = floor.terms
        self._stamp = floor.stamps.rfc3339
        self.account = account
        """Its name; None for a session without authentication."""
        self._pong = wire.pong_template(floor.terms.pong_seq_num)
        self._approved: bytes | None = None
        """`data` of the last `Ping` that was in order, if it is short."""
        self._live: dict[bytes, Subscription] = {}
        self._held = 0
        """Channels of all live subscriptions."""

    # Told by the session.

    def open(self, session: ServerSession, now: Instant) -> None:
        self.session = session
        drawn = self._floor.rng.randbytes(SESSION_ID_LENGTH)  # At once: each draw asks the system.
        name = "".join([SESSION_ID_ALPHABET[each % len(SESSION_ID_ALPHABET)] for each in drawn])
        session.outbox.append(wire.hello(self._stamp(now.realtime), name))

    def receive(self, payload: bytes, now: Instant) -> None:
        try:
            request = wire.requests.decode(payload)
        except wire.UNREADABLE:
            self._refuse(b"", wire.MALFORMED, now)
            return
        answer = self._answers.get(request.type)
        reqid = bytes(request.reqid)
        if answer is None:
            self._refuse(b"", wire.UNKNOWN_TYPE, now)
        elif not reqid.isdigit() or reqid == b"0":
            self._refuse(_if_number(reqid), wire.BAD_REQID, now)
        else:
            answer(self, reqid, request, now)

    def exceed(self, payload: bytes, now: Instant) -> None:
        """Only where the terms ask for it: no request limit is published."""
        try:
            reqid = bytes(wire.requests.decode(payload).reqid)
        except wire.UNREADABLE:
            reqid = b""
        self._refuse(_if_number(reqid), wire.TOO_MANY_REQUESTS, now)

    def beat(self, now: Instant) -> None:
        """This venue has no heartbeat."""

    def idle(self, now: Instant) -> None:
        """Only where the terms ask for it: this venue has no idle rule."""
        self.session.close(1000)

    def cut(self, now: Instant) -> None:
        """Only where the terms ask for it: this venue publishes no lifetime."""
        self.session.close(1000)

    def lost(self) -> None:
        for subscription in self._live.values():
            self._floor.dismiss(subscription)
        self._live.clear()
        self._floor.leave(self.session)

    @property
    def channels(self) -> tuple[str, ...]:
        """Of all live subscriptions; twice what two of them name."""
        return tuple(sorted(c for live in self._live.values() for c in live.channels))

    # One answer for each type of request.

    def _on_ping(self, reqid: bytes, request: wire.Request, now: Instant) -> None:
        data = bytes(request.data)
        # Most clients send the same each time, and it has been read.
        if data != self._approved or type(request.ts) is not str:
            if (refusal := _ping_refusal(request)) is not None:
                self._refuse(reqid, refusal, now)
                return
            self._approved = data if len(data) <= APPROVED_BYTES else None
        self.session.outbox.append(self._pong % (reqid, self._stamp(now.realtime), data))

    def _on_subscribe(self, reqid: bytes, request: wire.Request, now: Instant) -> None:
        try:
            streams = wire.streams.decode(request.streams)
        except wire.UNREADABLE:
            streams = []
        tag = bytes(request.tag)
        size = len(reqid) + len(tag) + len(bytes(request.streams))
        if (refusal := self._subscribe_refusal(reqid, streams, size)) is not None:
            self._refuse(reqid, refusal, now)
            return
        channels = tuple(dict.fromkeys(stream.channel for stream in streams))
        subscription = Subscription(self.session, self.account, reqid, channels, tag)
        self._live[reqid] = subscription
        self._held += len(channels)
        self._floor.enlist(subscription)
        for channel in channels:
            first = self._floor.first_message(channel, self.account, now)
            self.session.outbox.append(subscription.frame(first))

    def _on_cancel(self, reqid: bytes, request: wire.Request, now: Instant) -> None:
        subscription = self._live.pop(reqid, None)
        if subscription is None:
            self._refuse(reqid, wire.UNKNOWN_SUBSCRIPTION, now)
            return
        self._held -= len(subscription.channels)
        self._floor.dismiss(subscription)

    def _on_unsupported(self, reqid: bytes, request: wire.Request, now: Instant) -> None:
        self._refuse(reqid, wire.UNSUPPORTED, now)

    _answers: ClassVar[dict[str, _Answer]] = {
        "Ping": _on_ping,
        "subscribe": _on_subscribe,
        "cancel": _on_cancel,
        "page": _on_unsupported,
        **dict.fromkeys(wire.COMMANDS, _on_unsupported),
    }

    # What they share.

    def _subscribe_refusal(
        self, reqid: bytes, streams: list[wire.Stream], size: int
    ) -> bytes | None:
        if reqid in self._live:
            return wire.LIVE_REQID
        if size > self._terms.max_subscribe_bytes:
            return wire.TOO_LARGE
        if self._held + len(streams) > self._terms.max_subscriptions:
            return wire.TOO_MANY_SUBSCRIPTIONS
        return self._streams_refusal(streams)

    def _streams_refusal(self, streams: list[wire.Stream]) -> bytes | None:
        if not streams:
            return wire.BAD_STREAMS
        if not all(wire.is_stream(stream.name) for stream in streams):
            return wire.UNKNOWN_STREAM
        if self.account is None and not all(wire.is_public(stream.name) for stream in streams):
            return wire.AUTHENTICATION_REQUIRED
        return None

    def _refuse(self, reqid: bytes, refusal: bytes, now: Instant) -> None:
        """An empty `reqid` is not echoed."""
        subscription = self._live.get(reqid)
        seq = 1 if subscription is None else subscription.number()
        self.session.outbox.append(wire.error(reqid, seq, self._stamp(now.realtime), refusal))


def _ping_refusal(request: wire.Request) -> bytes | None:
    """ "Requests that omit `data`, or send `"data": []`, are rejected"."""
    if request.data is wire.ABSENT:
        return wire.MISSING_PING_DATA
    try:
        objects = wire.elements.decode(request.data)
    except wire.UNREADABLE:
        return wire.BAD_PING_DATA
    if not objects:
        return wire.MISSING_PING_DATA
    return None if type(request.ts) is str else wire.BAD_PING_TS


def _if_number(reqid: bytes) -> bytes:
    """What JSON calls a number, and nothing else."""
    return reqid if reqid[:1] in b"-0123456789" else b""
