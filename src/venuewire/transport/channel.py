"""Messages between two processes of one local venue, over a stream socket that only they have.

Law 1: messages arrive in the order they were sent, whole, or the channel is lost.
Law 2: whoever does not read is given up when `MOST_QUEUED` bytes wait for it: it would not be able
       to follow, and must not make the other side grow.
Law 3: what is heard after the end is dropped; the end is told once.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, Final

import msgspec

from venuewire.transport.mishaps import report

MOST_QUEUED: Final = 64 * 1024 * 1024
"""Bytes, beside the message that is just being sent."""
_LENGTH: Final = 4
"""Bytes in front of each message."""

_logger = logging.getLogger(__name__)


class Channel(asyncio.Protocol):
    def __init__(
        self, expected: Any, hear: Callable[[Any], None], lost: Callable[[], None]
    ) -> None:
        """`expected` is the type of what is heard. An error in `hear` is the channel's end."""
        self._decoder = msgspec.msgpack.Decoder(expected)
        self._encoder = msgspec.msgpack.Encoder()
        self._hear = hear
        self._lost = lost
        self._received = bytearray()
        self._is_deaf = False
        """Something could not be followed; what came after it is of no use."""
        self._transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()
        """Set at the end."""

    async def open(self, end: socket.socket) -> None:
        """Take one end of a pair of sockets."""
        end.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=end)

    def send(self, message: Any) -> None:
        """Never raises; after the end it does nothing."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MOST_QUEUED:
            _logger.error("a process of this venue does not listen any more: given up")
            self._transport.abort()
            return
        said = self._encoder.encode(message)
        self._transport.write(len(said).to_bytes(_LENGTH) + said)

    def close(self) -> None:
        """Once everything has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        at = 0
        try:
            while len(received) - at >= _LENGTH and not self._is_deaf:
                begins = at + _LENGTH
                ends = begins + int.from_bytes(received[at:begins])
                if ends > len(received):
                    break
                at = ends
                self._hear(self._decoder.decode(received[begins:ends]))
        except Exception as error:  # noqa: BLE001 - whoever cannot follow must not pretend to
            report(_logger, "hearing another process of this venue", error)
            self._is_deaf = True
            self.abort()
        del received[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.is_set():
            self._is_deaf = True
            self.gone.set()
            self._lost()
