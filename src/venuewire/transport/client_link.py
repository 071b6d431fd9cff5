"""One WebSocket to a venue: dialing it, its frames in both directions, and its end.

Law 1: an end that the session did not ask for is told once, as one `LinkClosed`.
Law 2: a text frame that needs no decision passes through `on_ws_frame` and `session.receive`, and
       through nothing else; the clock is read and the application woken once per readable event.
Law 3: whatever the venue sends, no exception leaves this file.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from ssl import SSLContext
from typing import Final, Protocol

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from venuewire.core.client_session import ClientSession
from venuewire.core.commands import Dial
from venuewire.core.events import (
    Event,
    FrameUnreadable,
    LinkClosed,
    LinkOpened,
    PingReceived,
    PongReceived,
)
from venuewire.core.http import HttpReply
from venuewire.core.instant import Clock, Instant
from venuewire.core.messages import Message
from venuewire.core.secrets import redact_url
from venuewire.transport.client_dial import connect_socket, failure_text, refusal
from venuewire.transport.framing import Assembler, Breach, close_code, close_reason
from venuewire.transport.mishaps import report

MESSAGE_BYTES: Final = 1024 * 1024
"""Of one frame, and of one message however fragmented."""
CLOSE_TIMEOUT: Final = 1.0
"""Seconds for the venue to answer our CLOSE."""
NO_CODE: Final = 1005
"""RFC 6455, section 7.4.1: designated for a CLOSE frame that names no code."""
LOST: Final = 1006
"""RFC 6455, section 7.4.1: the connection went without a CLOSE frame."""

BREACH: Final = "the venue broke the protocol: "

_READ_BUFFER: Final = 16 * 1024
"""Bytes at first; the library lets it grow to what one frame needs."""
_TEXT: Final = WSMsgType.TEXT

_logger = logging.getLogger("venuewire.client")
_library_logger = logging.getLogger("venuewire.client.picows")
# The library quotes upgrade requests and exceptions, and with them tokens and signatures. What it
# has to say that matters reaches us by other ways.
_library_logger.setLevel(logging.CRITICAL + 1)


class Owner(Protocol):
    """What a link needs of whoever runs the session."""

    session: ClientSession
    clock: Clock
    restless: bool
    """A deadline may have come nearer; every frame that is no message may do that."""

    def take(self, message: Message) -> object:
        """Pass it on, or keep it until `settle`."""
        ...

    def obey(self) -> None:
        """There are commands."""
        ...

    def settle(self) -> None:
        """A readable event is over."""
        ...

    def happened(self, event: Event, now: Instant) -> None: ...

    def complain(self, error: Exception) -> None:
        """The application's callback raised this."""
        ...


class State(Enum):
    DIALING = auto()
    OPEN = auto()
    CLOSING = auto()
    """We have sent CLOSE, and wait for the venue's."""
    GONE = auto()


_ASKED_FOR: Final = frozenset({State.CLOSING, State.GONE})


class ClientLink(WSListener):
    """Made for one `Dial`; `run` it once."""

    __slots__ = (
        "_assembler",
        "_close_timer",
        "_debug",
        "_now",
        "_owner",
        "_paused",
        "_receive",
        "_session",
        "_socket",
        "_take",
        "_transport",
        "number",
        "state",
        "task",
    )

    def __init__(self, number: int, owner: Owner) -> None:
        self.number = number
        self.state = State.DIALING
        self._owner = owner
        self._session = owner.session
        self._receive = owner.session.ear(number)
        self._take = owner.take
        self._assembler = Assembler(MESSAGE_BYTES)
        self._now: Instant | None = None
        """Of the readable event that is being served; None between two."""
        self._paused = False
        """The venue does not read what we write."""
        self._debug = _logger.isEnabledFor(logging.DEBUG)
        self.task: asyncio.Task[None] | None = None
        """Runs it; until there is a socket, what ends a link is to cancel this."""
        self._socket: socket.socket | None = None
        self._transport: WSTransport | None = None
        self._close_timer: asyncio.TimerHandle | None = None

    # From the first packet to the last.

    async def run(self, dial: Dial, ssl_context: SSLContext | None) -> None:
        """Dial; return when the link is gone, or was never made."""
        self._log("=", f"dialing {redact_url(dial.url)}")
        try:
            await self._carry(dial, ssl_context)
        except asyncio.CancelledError:
            self.task = None  # It is ending already.
            self.abort()
            raise
        except WSHandshakeError as error:
            reply = refusal(error.raw_header, error.raw_body)
            said = "the upgrade was answered wrongly" if reply is None else f"HTTP {reply.status}"
            self._over(LOST, said, reply)
        except Exception as error:  # noqa: BLE001 - the end of this link, and of nothing else
            if self._transport is not None:
                report(_logger, f"link {self.number}", error)  # A bug, here or in a dialect.
            self._over(LOST, failure_text(error))

    async def _carry(self, dial: Dial, ssl_context: SSLContext | None) -> None:
        """How long each step may take is the session's to say: it closes what takes too long."""
        transport, _ = await ws_connect(
            lambda *_: self,
            dial.url,
            ssl_context=ssl_context,
            websocket_handshake_timeout=None,
            logger_name=_library_logger,
            enable_auto_ping=False,
            # A PING the library answers does not reach `on_ws_frame`, and with it would be lost
            # that it was the last frame of its readable event.
            enable_auto_pong=False,
            max_frame_size=MESSAGE_BYTES,
            extra_headers=dial.headers,
            max_redirects=0,
            read_buffer_init_size=_READ_BUFFER,
            socket_factory=partial(connect_socket, self._connected),
        )
        if self._transport is None:
            raise ConnectionResetError("closed before the upgrade was answered")
        with suppress(WSError):  # It repeats what `on_ws_disconnected` has told.
            await transport.wait_disconnected()

    def _connected(self, connection: socket.socket) -> None:
        self._socket = connection

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        if self.state is not State.DIALING:
            transport.disconnect(graceful=False)
            return
        self.state = State.OPEN
        self._log("=", "open")
        self._owner.happened(LinkOpened(self.number), self._owner.clock())
        self._owner.settle()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self._close_timer is not None:
            self._close_timer.cancel()
        self._over(LOST, "the connection was lost")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False

    def pause_reading(self) -> bool:
        """Leave in the socket what the venue sends, until `resume_reading` or our CLOSE. False when
        that is so already, or there is nothing to read."""
        if self._transport is None or self.state is not State.OPEN:
            return False
        connection = self._transport.underlying_transport
        reading = connection.is_reading()
        connection.pause_reading()
        return reading

    def resume_reading(self) -> None:
        if self._transport is not None:
            self._transport.underlying_transport.resume_reading()

    # Hearing the venue.

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now = self._now
        if now is None:
            now = self._now = self._owner.clock()
        payload = frame.get_payload_as_bytes()
        frequent = (
            frame.msg_type is _TEXT
            and frame.fin
            and payload.isascii()
            and not (frame.rsv1 or frame.rsv2 or frame.rsv3 or self._assembler.pending)
        )
        text = payload if frequent else self._on_rare_frame(frame, payload, now)
        if text is not None:
            if self._debug:
                self._log("<", f"text, {len(text)} bytes")
            message = self._receive(self.number, text, now)
            if self._session.commands:
                self._owner.obey()
            if message is None:
                self._owner.restless = True
            else:
                try:
                    self._take(message)
                except Exception as error:  # noqa: BLE001 - the application's, whatever it is
                    self._owner.complain(error)
        if frame.last_in_buffer:
            self._now = None
            self._owner.settle()

    def _on_rare_frame(self, frame: WSFrame, payload: bytes, now: Instant) -> bytes | None:
        """A whole text message, if this completes one."""
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            self._on_close(payload)
        elif self.state is not State.OPEN:
            pass  # Nothing that still arrives is heard.
        elif kind is WSMsgType.PING:
            self._pong(payload)
            self._owner.happened(PingReceived(self.number), now)
        elif kind is WSMsgType.PONG:
            self._log("%", f"pong, {len(payload)} bytes")
            self._owner.happened(PongReceived(self.number, payload), now)
        else:
            return self._assemble(frame, payload, now)
        return None

    def _assemble(self, frame: WSFrame, payload: bytes, now: Instant) -> bytes | None:
        """A fragment, or text beyond ASCII, or no text at all, or a breach."""
        reserved = bool(frame.rsv1 or frame.rsv2 or frame.rsv3)
        alone = frame.fin and not reserved and not self._assembler.pending
        if frame.msg_type is WSMsgType.BINARY and alone:
            self._on_binary(len(payload), now)
            return None
        kind, fin = frame.msg_type.value, bool(frame.fin)
        whole = self._assembler.add(kind, payload, fin=fin, reserved=reserved)
        if not isinstance(whole, Breach):
            return whole
        self._hang_up(whole.code, whole.reason)
        self._over(whole.code, BREACH + whole.reason)
        return None

    def _on_binary(self, size: int, now: Instant) -> None:
        """No venue sends them; one that does has said something unreadable, and the link lives."""
        self._log("<", f"binary, {size} bytes")
        self._owner.happened(FrameUnreadable(self.number, f"a binary frame of {size} bytes"), now)

    def _pong(self, payload: bytes) -> None:
        # A venue that floods us with PINGs and reads none of the PONGs must not fill our memory.
        if self._transport is not None and not self._paused:
            self._log("%", f"ping answered, {len(payload)} bytes")
            self._transport.send_pong(payload)

    def _on_close(self, payload: bytes) -> None:
        code = close_code(payload)
        self._log("<", f"close {code or 'without a code'}")
        reason = payload[2:].decode("utf-8", "replace")
        if self.state is State.OPEN:
            self._hang_up(code or WSCloseCode.OK.value, "")
        elif self._transport is not None:
            self._transport.disconnect()
        self._over(code or NO_CODE, reason)

    # Speaking.

    def send(self, payload: bytes) -> None:
        if self._transport is not None and self.state is State.OPEN:
            self._log(">", f"text, {len(payload)} bytes")
            self._transport.send(_TEXT, payload)

    def ping(self, payload: bytes) -> None:
        if self._transport is not None and self.state is State.OPEN:
            self._log("%", f"ping, {len(payload)} bytes")
            self._transport.send_ping(payload)

    # Ending.

    def close(self, code: int, reason: str) -> None:
        """Politely: the venue has `CLOSE_TIMEOUT` to agree."""
        if self.state is State.OPEN:
            self.state = State.CLOSING
            self._send_close(code, reason)
        else:
            self.abort()

    def abort(self) -> None:
        """At once, in any state, without a word."""
        self.state = State.GONE
        if self._transport is not None:
            self._transport.disconnect(graceful=False)
        elif self._socket is not None and self._socket.fileno() >= 0:
            # The library has it, and shows its transport only after the handshake; but it notices
            # the end of the stream.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        elif self.task is not None:
            self.task.cancel()

    def _hang_up(self, code: int, reason: str) -> None:
        """Say why, and do not wait for an answer."""
        self._send_close(code, reason)
        if self._transport is not None:
            self._transport.disconnect()

    def _send_close(self, code: int, reason: str) -> None:
        if self._transport is not None:
            self._log(">", f"close {code}")
            payload = code.to_bytes(2, "big") + close_reason(reason).encode()
            self._transport.send(WSMsgType.CLOSE, payload)
            self.resume_reading()
            loop = asyncio.get_running_loop()
            self._close_timer = loop.call_later(CLOSE_TIMEOUT, self.abort)

    def _over(self, code: int, reason: str, reply: HttpReply | None = None) -> None:
        asked_for = self.state in _ASKED_FOR
        self.state = State.GONE
        if (breach := _seen_by_library(self._transport)) is not None:
            code, reason = breach.code, BREACH + breach.reason
        if not asked_for:
            self._log("=", f"over, {code}")
            self._owner.happened(LinkClosed(self.number, code, reason, reply), self._owner.clock())
            self._owner.settle()

    def _log(self, mark: str, text: str) -> None:
        if self._debug:
            _logger.debug("%s link %d: %s", mark, self.number, text)

    def __repr__(self) -> str:
        return f"ClientLink({self.number}, {self.state.name.lower()})"


def _seen_by_library(transport: WSTransport | None) -> Breach | None:
    """What the library saw the venue do wrong, and answered with a CLOSE frame of its own. Ours go
    by `send`, so that the two cannot be confused."""
    sent = getattr(getattr(transport, "close_handshake", None), "sent", None)
    if sent is None or sent.code is WSCloseCode.INTERNAL_ERROR:
        return None  # The latter says that it was us who failed.
    return Breach(sent.code.value, sent.reason)
