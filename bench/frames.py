"""RFC 6455 by hand, as little as the measurements need, so that no library measures itself.

Law: nothing here runs inside a measured process.
"""

import base64
import hashlib
import os
import socket
import ssl
from collections.abc import Iterator
from itertools import cycle
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_FIN = 0x80
_MASKED = 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = TEXT, mask: bytes = b"") -> bytes:
    """One whole frame; masked, as a client's must be, when there is a mask of four bytes."""
    bit = _MASKED if mask else 0
    if len(payload) < 126:
        head = bytes((_FIN | opcode, bit | len(payload)))
    elif len(payload) < 1 << 16:
        head = bytes((_FIN | opcode, bit | 126)) + len(payload).to_bytes(2)
    else:
        head = bytes((_FIN | opcode, bit | 127)) + len(payload).to_bytes(8)
    return head + mask + (_masked(payload, mask) if mask else payload)


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are complete by now: opcode and unmasked payload."""
        self._rest += chunk
        while (cut := self._cut()) is not None:
            yield cut

    @property
    def empty(self) -> bool:
        """Nothing is left of a frame that has only begun."""
        return not self._rest

    def _cut(self) -> tuple[int, bytes] | None:
        rest = self._rest
        if len(rest) < 2:
            return None
        size, at = rest[1] & 0x7F, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(rest[2:at])
        mask = b""
        if rest[1] & _MASKED:
            mask, at = rest[at : at + 4], at + 4
        if len(rest) < at + size:
            return None
        self._rest = rest[at + size :]
        payload = rest[at : at + size]
        return rest[0] & 0x0F, _masked(payload, mask) if mask else payload


def dial(
    url: str, trust: ssl.SSLContext | None = None, headers: tuple[str, ...] = ()
) -> socket.socket:
    """A WebSocket connection, blocking, just upgraded; what the venue said first is unread.

    `trust` is for `wss`.
    """
    parts = urlsplit(url)
    peer = socket.create_connection((parts.hostname, parts.port), timeout=10)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if trust is not None:
        peer = trust.wrap_socket(peer, server_hostname=parts.hostname)
    request = (
        f"GET {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *headers,
    )
    peer.sendall("\r\n".join((*request, "", "")).encode())
    head = read_head(peer)
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionRefusedError(f"{url} answered {head[:200]!r}")
    return peer


def welcome(peer: socket.socket) -> None:
    """The server's half of the handshake."""
    head = read_head(peer)
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    peer.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
    )


def read_head(peer: socket.socket) -> bytes:
    """An HTTP head, and not a byte of what follows it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            raise ConnectionResetError(f"closed in the middle of a handshake: {head[:200]!r}")
        head += byte
    return head


def _masked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ key for byte, key in zip(payload, cycle(mask), strict=False))
