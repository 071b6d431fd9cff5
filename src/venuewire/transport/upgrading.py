"""From a connection that has asked for it to one that picows speaks WebSocket on.

Law: picows is given a head that it certainly takes, so that its own opinions (about `Connection:
keep-alive, Upgrade`, about showing errors) never matter.
"""

import asyncio
import logging
from typing import Any, Final

from picows import WSAutoPingStrategy, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from venuewire.transport.request_head import RequestHead
from venuewire.transport.venue_link import VenueLink

_FRAME_BYTES: Final = 2048
"""What a session begins to read into, and the library's least: most never need more, it grows for
those that do, and of what an idle session costs it is an eighth."""
_NEUTRAL_HEAD: Final = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)


_picows_logger = logging.getLogger("venuewire.transport.picows")


class _Complaints:
    """What picows has to say of one client, in the form of a logger. It calls a peer's mistakes
    errors, and they are not errors of this process; but it ends the session then, and this is all
    that it tells."""

    __slots__ = ("_link",)

    def __init__(self, link: VenueLink) -> None:
        self._link = link

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - as loggers have it
        return _picows_logger.isEnabledFor(level)

    def log(self, level: int, text: str, *values: object) -> None:
        _picows_logger.log(min(level, logging.DEBUG), text, *values)

    def info(self, text: str, *values: object) -> None:
        self.log(logging.INFO, text, *values)

    debug = warning = info

    def error(self, text: str, *values: object) -> None:
        self._link.complained()
        self.log(logging.ERROR, text, *values)

    exception = error


def upgrade(
    transport: asyncio.Transport, link: VenueLink, head: RequestHead, rest: bytes, largest: int
) -> None:
    """The link speaks from now on. `rest` has arrived behind the head; `largest` is the size of a
    frame, in bytes."""
    protocol = _picows_protocol(link, largest)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    key = (head.websocket_key or "").encode()
    _feed(protocol, _NEUTRAL_HEAD % key)
    if rest:
        _feed(protocol, rest)


def _picows_protocol(link: VenueLink, max_frame_size: int) -> Any:
    def factory(_: WSUpgradeRequest) -> VenueLink:
        return link

    return WSProtocol(
        None,
        None,
        False,  # is_client_side; picows takes no names here
        factory,
        _Complaints(link),
        True,  # disconnect_on_exception
        None,  # the handshake is over at once
        False,  # no pings of its own
        0,
        0,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,  # the link answers PINGs: the session must hear of them
        max_frame_size,
        None,
        _FRAME_BYTES,
    )


def _feed(protocol: Any, data: bytes) -> None:
    """As a transport would: as much at a time as the protocol has room for."""
    rest = memoryview(data)
    while rest:
        room = protocol.get_buffer(-1)
        size = min(len(room), len(rest))
        room[:size] = rest[:size]
        protocol.buffer_updated(size)
        rest = rest[size:]
