"""From a URL to a connected socket, and from a failed handshake to words for it.

Law: no text made here quotes a URL, a header or anything else that may carry a secret.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from picows.url import WSParsedURL

from venuewire.core.http import HttpReply

ADDRESS_TIMEOUT: Final = 3.0
"""Seconds for one address to answer, where a name has several: IPv6 that leads nowhere must not use
up the time of IPv4."""
RECEIVE_BYTES: Final = 256 * 1024
"""Asked of the system for each socket. It bounds what one readable event brings, which the system's
own tuning does not: a flood would come in pieces of some ten megabytes, and keep the event loop
for as long as they take. Enough for 2 MB in a second over a round trip of 100 ms."""
BODY_BYTES: Final = 16 * 1024
"""Of a refusal, as much as is kept."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: |$)")
_SWITCHING_PROTOCOLS: Final = 101


async def connect_socket(
    connected: Callable[[socket.socket], None], url: WSParsedURL
) -> socket.socket:
    """A TCP connection to the first address that answers; `connected` hears of it at once.

    The WebSocket library shows its transport only after the handshake; whoever wants to give up
    earlier needs the socket.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    limit = ADDRESS_TIMEOUT if len(found) > 1 else None
    failure: OSError = ConnectionError("the name has no address")
    for family, kind, protocol, _, address in found:
        try:
            candidate = socket.socket(family, kind, protocol)
            await _connect(candidate, address, limit)
        except OSError as error:
            failure = error
        else:
            connected(candidate)
            return candidate
    raise failure


async def _connect(candidate: socket.socket, address: Any, limit: float | None) -> None:
    try:
        candidate.setblocking(False)
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        async with asyncio.timeout(limit):
            await asyncio.get_running_loop().sock_connect(candidate, address)
    except BaseException:
        candidate.close()
        raise


def refusal(head: bytes | None, body: bytes | None) -> HttpReply | None:
    """What the venue answered instead of upgrading; None when it was not a refusal in HTTP.

    Read from the bytes: the library does not know every status a venue's proxies use, such as 520.
    """
    lines = (head or b"").split(b"\r\n")
    status = _STATUS_LINE.match(lines[0])
    if status is None or int(status[1]) == _SWITCHING_PROTOCOLS:
        return None
    pairs = (line.decode("latin-1").partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
    return HttpReply(status=int(status[1]), headers=headers, body=(body or b"")[:BODY_BYTES])


def failure_text(error: Exception) -> str:
    """Why there is no connection, in words that carry no secret."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"TLS: {getattr(error, 'verify_message', 'not trusted')}"
        case ssl.SSLError():
            return f"TLS: {getattr(error, 'reason', None) or 'failed'}"
        case socket.gaierror():
            return f"the name was not found: {error.strerror}"
        case TimeoutError():
            return "timed out"
        case OSError():
            return os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
        case _:
            return type(error).__name__
