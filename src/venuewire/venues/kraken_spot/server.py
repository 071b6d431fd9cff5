"""The venue's half of the dialect: one client, from the greeting to the close.

Law 1: "Clients can ping the server to verify connection is alive and the server will respond with
       a `pong`", on either host, before and after anything else. The WebSocket standard's own
       ping is another thing, and does not keep a session alive.
Law 2: whatever arrives is answered, and no answer to nonsense ends the session.
Law 3: heartbeats begin with the first subscription, end with the last, and are about a second
       apart: always, or only in the absence of other channel messages, as the edition has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET, Raw, UnsetType
from msgspec.json import encode

from venuewire.core.instant import Instant
from venuewire.core.server_session import ServerSession
from venuewire.venues.kraken_spot import refusals
from venuewire.venues.kraken_spot.desk import Desk
from venuewire.venues.kraken_spot.wire import (
    HEARTBEAT,
    Engine,
    Reply,
    Request,
    Status,
    read_request,
)

if TYPE_CHECKING:
    from venuewire.venues.kraken_spot.floor import KrakenSpotFloor

VERSION: Final = {"documented": "2.0.0", "observed": "2.0.10"}


class KrakenSpotServer:
    __slots__ = ("_clock", "_connection_id", "_desk", "_floor", "_outbox", "_pong", "session")

    session: ServerSession
    """Set when the client is admitted."""
    _outbox: list[bytes]

    def __init__(self, floor: KrakenSpotFloor, *, private: bool) -> None:
        self._floor = floor
        self._clock = floor.clock
        self._pong = floor.pongs.answer
        self._desk = Desk(floor, self, private=private)
        self._connection_id = next(floor.connection_ids)

    def open(self, session: ServerSession, now: Instant) -> None:
        self.session = session
        self._outbox = session.outbox
        self._outbox.append(self.status())
        self._floor.engaged[session] = self

    def status(self) -> bytes:
        """The engine's state, as a frame."""
        terms = self._floor.terms
        extra: list[str] | UnsetType = [] if terms.edition == "observed" else UNSET
        engine = Engine(
            connection_id=self._connection_id,
            emergency=extra,
            system=self._floor.system,
            upcoming_maintenance=extra,
            version=VERSION[terms.edition],
        )
        return encode(Status(data=(engine,)))

    # Hearing.

    def receive(self, payload: bytes, now: Instant) -> None:
        try:
            request = read_request(payload)
        except (ValueError, RecursionError):
            self.reply_malformed(now)
            return
        match request.method:
            case "ping":  # First, and without a call in between: most of what is ever said.
                self._outbox.append(self._pong(request.req_id, now.realtime))
            case "subscribe":
                self._desk.subscribe(request, now)
            case "unsubscribe":
                self._desk.unsubscribe(request, now)
            case method:
                error = refusals.UNSUPPORTED_METHOD
                self.reply(now, request, method=method, success=False, error=error)

    def exceed(self, payload: bytes, now: Instant) -> None:
        try:
            request = read_request(payload)
        except (ValueError, RecursionError):
            self.reply_malformed(now)
        else:
            method = "pong" if request.method == "ping" else request.method
            error = refusals.EXCEEDED_RATE
            self.reply(now, request, method=method, success=False, error=error)

    # Answering; also for the desk.

    def reply(self, now: Instant, request: Request | None, **said: Any) -> None:
        """Append a reply with both stamps; `said` are the fields of `Reply`."""
        stamps = self._floor.stamps
        if request is not None and request.req_id is not UNSET:
            said["req_id"] = Raw(b"%d" % request.req_id)
        time_in = stamps.rfc3339(now.realtime).decode()
        time_out = stamps.rfc3339(self._clock().realtime).decode()
        self._outbox.append(encode(Reply(**said, time_in=time_in, time_out=time_out)))

    def reply_malformed(self, now: Instant) -> None:
        """What cannot be read in full is answered without its id, even where that was legible."""
        self.reply(now, None, method="error", success=False, error=refusals.MALFORMED)

    # What time brings.

    def beat(self, now: Instant) -> None:
        session, interval = self.session, self._floor.terms.heartbeat_interval
        if not self._floor.terms.beats_steadily:
            quiet_until = self._desk.heard_at() + interval
            if quiet_until > now.monotonic:
                session.beat_at = quiet_until
                return
        self._outbox.append(HEARTBEAT)
        following = (session.beat_at or now.monotonic) + interval
        session.beat_at = following if following > now.monotonic else now.monotonic + interval

    def idle(self, now: Instant) -> None:
        self.session.close(self._floor.terms.idle_code)

    def cut(self, now: Instant) -> None:
        self.session.close(1000)

    def lost(self) -> None:
        self._floor.leave(self.session)
