"""Ending a TCP connection rudely: with a reset, which the peer sees as `Connection reset`."""

import asyncio
import socket
import struct
from typing import Final

_LINGER_NOT: Final = struct.pack("ii", 1, 0)


def reset(transport: asyncio.BaseTransport) -> None:
    """What was written and not yet sent is lost; what the peer has not read yet, perhaps too."""
    stream: socket.socket | None = transport.get_extra_info("socket")
    if stream is not None:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    if isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "abort"):
        transport.abort()
