"""What the system watches for us: whether a peer still acknowledges what it is sent."""

import socket
from typing import Final

from venuewire.transport.limits import GREATEST

_LONGEST_PROBE: Final = 32_767
"""Seconds: Linux refuses more."""


def limit_unread(stream: socket.socket, seconds: float) -> None:
    """A peer that stops acknowledging, or never opens its window again, is dropped by the kernel:
    the only one to see it when nothing is left for us to write."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    unread = min(GREATEST, int(seconds * 1000))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread)
    # Where neither side has anything to say, and the venue no rule against that, only a probe of
    # the system's tells a quiet client from one that vanished.
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _seconds(seconds / 2))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _seconds(seconds / 6))


def _seconds(wanted: float) -> int:
    """As many as the system takes between probes."""
    return min(_LONGEST_PROBE, max(1, int(wanted)))
