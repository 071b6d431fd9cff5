"""One WebSocket connection to a venue: carries one session, obeys it, and decides nothing else.

Law 1: time is read once per readable event, and what the session says during one leaves in one
       write, in the order it was said.
Law 2: nothing is raised into the library. An error of ours costs this link and no other.
Law 3: nothing is written after a CLOSE frame, whoever sent it.
Law 4: a client that does not read costs a bounded number of bytes, and never anybody's time.
Law 5: while the venue has faults, frames pass through `traffic`; a link without them pays nothing.
"""

import logging
from typing import cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from venuewire.core.instant import Clock, Instant
from venuewire.core.server_session import Closing, ServerSession
from venuewire.transport.deadlines import NEVER
from venuewire.transport.framing import (
    CLOSE,
    PING,
    Assembler,
    Breach,
    close_code,
    close_reason,
    pong_frame,
    text_frames,
)
from venuewire.transport.gated_traffic import Traffic
from venuewire.transport.guests import address_of
from venuewire.transport.hall import Hall
from venuewire.transport.mishaps import report
from venuewire.transport.resets import reset

_TEXT = WSMsgType.TEXT
_UNSAYABLE = frozenset({1005, 1006, 1015})
"""Codes that only an endpoint's own library reports: without a CLOSE frame, or without a code."""

_logger = logging.getLogger(__name__)


class VenueLink(WSListener):
    __slots__ = (
        "_abort_at",
        "_assembler",
        "_choked",
        "_clock",
        "_complained",
        "_counts",
        "_floor",
        "_hall",
        "_heard_close",
        "_now",
        "_pongs",
        "_receive",
        "_transport",
        "_write",
        "opened_at",
        "session",
        "traffic",
        "watched_at",
    )

    def __init__(self, hall: Hall, session: ServerSession) -> None:
        self.session = session
        self._hall = hall
        self._floor = hall.floor
        self._counts = hall.counts
        self._clock = hall.premises.clock
        self._receive = session.receive

        # Of one readable event.
        self._now: Instant | None = None
        self._pongs: list[bytes] = []

        # Of the link.
        self._assembler = Assembler(hall.premises.limits.message_bytes)
        self._choked = False
        """The system takes no more; what is written now is queued."""
        self._complained = False
        """The library has found a breach by itself, and may have sent its CLOSE."""
        self.opened_at = 0.0
        self.traffic: Traffic | None = None
        """What becomes of frames while the venue has faults; None while it has none."""

        # Of its end.
        self._heard_close = False
        self._abort_at: float | None = None
        """Set when the link has said its last: when patience with the client ends."""
        self.watched_at = NEVER

    # What the library tells.

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        stream = transport.underlying_transport
        # aiofastnet's own, which skips checks of what is certainly bytes.
        self._write = getattr(stream, "write_nocheck", stream.write)
        try:
            self._hall.premises.guests.enter(self, address_of(stream))
            self.session.link = self
            self.session.carry = self._write
            now = self._clock()
            self.opened_at = now.monotonic
            if self.session.rejection is None:
                self._hall.note("opened", session=self.session.number, peer=self.peer)
            if self._hall.hardship is not None:
                self._hall.hardship.gate(self)
            self.session.open(now)
            self._settle_said(now)
        except Exception as error:  # noqa: BLE001 - law 2
            self.fail(error)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        try:
            now = self._now
            if now is None:
                now = self._now = self._clock()
            if (
                frame.msg_type is _TEXT
                and frame.fin
                and not self._assembler.pending
                and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
                and (payload := frame.get_payload_as_bytes()).isascii()
            ):
                counts = self._counts
                counts.frames_in += 1
                counts.bytes_in += len(payload)
                self._receive(payload, now)
            else:
                self._take(frame, now)
            if frame.last_in_buffer:
                self._now = None
                self.settle(now)
        except Exception as error:  # noqa: BLE001 - law 2
            self.fail(error)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._abort_at = NEVER
        self._write = _discard
        self.session.link = self.session.carry = None
        if self.traffic is not None:
            self.traffic.stop()
        self._hall.premises.deadlines.forget(self)
        try:
            self.session.lost()
        except Exception as error:  # noqa: BLE001 - law 2
            report(_logger, "ending a session", error)
        self._told_end()
        # Whatever the dialect forgot, or could not do: nobody on the floor without a link.
        self._floor.leave(self.session)
        self._hall.deliver()
        self._hall.left(self.session)
        self._hall.premises.guests.leave(self)

    def pause_writing(self) -> None:
        self._choked = True
        self._look_first()
        self._check_queue()

    def resume_writing(self) -> None:
        self._choked = False
        self._look_first()

    def complained(self) -> None:
        """The library has found fault with what the client sends."""
        self._complained = True
        self._look_first()

    def _look_first(self) -> None:
        """Before each push, if need be; otherwise the stream's own writing will do."""
        if self.session.carry is not None:
            self.session.carry = self._send if self._choked or self._complained else self._write

    # What the floor, the deadlines and the listener ask.

    @property
    def deadline(self) -> float | None:
        return self.session.deadline if self._abort_at is None else self._abort_at

    def wake(self, now: Instant) -> None:
        if self._abort_at is None:
            try:
                if self.traffic is not None:
                    now = self._clock()
                self.session.wake(now)
                self._settle_said(now)
            except Exception as error:  # noqa: BLE001 - law 2
                self.fail(error)
        elif now.monotonic >= self._abort_at:
            self.abort()

    def part(self, code: int, reason: str) -> None:
        try:
            self.session.close(code, reason)
            self.settle(self._clock())
        except Exception as error:  # noqa: BLE001 - law 2
            self.fail(error)

    def abort(self) -> None:
        self._abort_at = NEVER
        self._transport.disconnect(False)

    # What the operator asks.

    @property
    def peer(self) -> str:
        """The client's address, `10.0.0.7:51234`; empty where it has none."""
        address = self._transport.underlying_transport.get_extra_info("peername")
        return ":".join(map(str, address[:2])) if isinstance(address, tuple) else ""

    @property
    def queued(self) -> int:
        """Bytes written and not yet taken by the system."""
        size: int = self._transport.underlying_transport.get_write_buffer_size()
        return size

    def end(self) -> None:
        """End the session this venue's own way, as at the end of its lifetime."""
        try:
            now = self._clock()
            if self.session.closing is None:
                self.session.dialect.cut(now)
            self._settle_said(now)
        except Exception as error:  # noqa: BLE001 - law 2
            self.fail(error)

    def cut(self, code: int, reason: str, *, abort: bool) -> None:
        """End it with a code, or without a CLOSE frame at all."""
        self.session.close(code, reason, abort=abort)
        self.part(code, reason)

    # What faults ask.

    def send(self, data: bytes, frames: int = 1) -> None:
        """Write so many frames, and count them."""
        try:
            self._say(data, frames)
        except Exception as error:  # noqa: BLE001 - law 2
            self.fail(error)

    def gate(self, traffic: Traffic | None, clock: Clock) -> None:
        """Have all frames pass there; with None, no longer."""
        self.traffic = traffic
        self._clock = clock
        self._receive = self.session.receive if traffic is None else traffic.receive

    def reset(self) -> None:
        self._abort_at = NEVER
        reset(self._transport.underlying_transport)

    def read(self, *, on: bool) -> None:
        stream = self._transport.underlying_transport
        if on:
            stream.resume_reading()
        else:
            stream.pause_reading()

    # In.

    def _take(self, frame: WSFrame, now: Instant) -> None:
        """Any frame that is not the frequent one."""
        payload = frame.get_payload_as_bytes()
        self._counts.frames_in += 1
        self._counts.bytes_in += len(payload)
        kind = cast("int", frame.msg_type)
        if kind == CLOSE:
            if self.traffic is None or self.traffic.lets_close(payload, now):
                self.hear_close(payload)
        elif self.session.closing is not None:
            return
        elif kind < CLOSE or frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._join(kind, frame, payload, now)
        elif kind == PING and self.traffic is not None:
            self.traffic.pinged(payload, now)
        elif kind == PING:
            self._counts.pings += 1
            self._pongs.append(pong_frame(payload))
            self.session.pinged(now)

    def _join(self, kind: int, frame: WSFrame, payload: bytes, now: Instant) -> None:
        reserved = frame.rsv1 or frame.rsv2 or frame.rsv3
        message = self._assembler.add(kind, payload, fin=frame.fin, reserved=reserved)
        if isinstance(message, Breach):
            self._breached()
            self.session.close(message.code, message.reason)
        elif message is not None:
            self._receive(message, now)

    def hear_close(self, payload: bytes) -> None:
        self._heard_close = True
        if self._abort_at is not None:
            self._transport.disconnect()
        else:
            code = close_code(payload)
            self.session.close(1000 if code is None else code)

    # Out.

    def _settle_said(self, now: Instant) -> None:
        """As `settle`, where the session has spoken of its own accord."""
        if self.traffic is not None:
            self.traffic.sift(now)
        self.settle(now)

    def settle(self, now: Instant) -> None:
        """After anything that made the session act: do as it says."""
        session = self.session
        outbox = session.outbox
        if self._pongs:
            self._say(b"".join(self._pongs), len(self._pongs))
            self._pongs.clear()
        if outbox:
            data = text_frames(outbox)
            counts = self._counts
            counts.frames_out += len(outbox)
            counts.bytes_out += len(data)
            outbox.clear()
            if (carry := session.carry) is not None:
                carry(data)
        if self._floor.pushes or self._floor.changed:
            self._hall.deliver()
        if session.closing is not None:
            self._end(now)
        elif (deadline := session.deadline) is not None and deadline < self.watched_at:
            self._hall.premises.deadlines.watch(self)

    def _say(self, data: bytes, frames: int) -> None:
        counts = self._counts
        counts.frames_out += frames
        counts.bytes_out += len(data)
        self._send(data)

    def _send(self, data: bytes) -> None:
        if self._transport.is_close_frame_sent:
            if self.session.closing is None:
                # The library found a breach by itself, and has told the client and nobody else.
                self._breached()
                self.session.close(1002)
                self._end(self._clock())
            return
        self._write(data)
        if self._choked:
            self._check_queue()

    def _check_queue(self) -> None:
        queued = self._transport.underlying_transport.get_write_buffer_size()
        if queued > self._hall.premises.limits.queued_bytes and self._abort_at is None:
            self._counts.slow += 1
            waiting = f"{queued} bytes are waiting"
            self._hall.note("slow", session=self.session.number, reason=waiting)
            self.session.close(1008, "too slow", abort=True)
            self.abort()

    # The end.

    def _end(self, now: Instant) -> None:
        closing = self.session.closing
        if closing is None or self._abort_at is not None:
            return
        if self.traffic is not None and not self.traffic.lets_end(now):
            return
        if closing.abort or closing.code in _UNSAYABLE:
            self.abort()
            return
        # The library takes any code, and names only the standard's.
        code: WSCloseCode = closing.code  # type: ignore[assignment]
        self._transport.send_close(code, close_reason(closing.reason))
        if self._heard_close:
            self._transport.disconnect()
        self._abort_at = now.monotonic + self._hall.premises.limits.close_timeout
        self._hall.premises.deadlines.watch(self)

    def _told_end(self) -> None:
        closing, session = self.session.closing or Closing(1006), self.session
        self._counts.idle += session.is_idle(self._clock())
        self._counts.close(closing.code)
        self._hall.note("closed", session=session.number, code=closing.code, reason=closing.reason)

    def _breached(self) -> None:
        self._counts.breaches += 1

    def fail(self, error: Exception) -> None:
        self._now = None
        self._counts.failures += 1
        report(_logger, "serving a session", error)
        try:
            self.session.outbox.clear()
            self.session.close(1011, "an error of the local venue")
            self._end(self._clock())
        except Exception as another:  # noqa: BLE001 - law 2
            report(_logger, "closing a link", another)
            self.abort()

    def __repr__(self) -> str:
        return f"VenueLink({self.session!r})"


def _discard(data: bytes) -> None:
    """Where a link that is gone writes to."""
