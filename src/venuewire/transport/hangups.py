"""Notices clients that have reset their connection, where the event loop does not.

libuv, and so uvloop, tells of an error on a descriptor once and then watches it no more. Who reads
at that moment less than there is, because no more was wanted at once, never hears of the reset; and
the connection stays for as long as nothing is written to it: at a venue without heartbeats and
without an idle rule, for ever.

Law 1: a connection costs one system call when it begins, and nothing afterwards.
Law 2: the loop comes first: only who is still there `_GRACE` seconds after a hangup is dropped.
Law 3: of connections that are gone no more is kept than of those that are there.
"""

import asyncio
import select
import socket
from contextlib import suppress
from typing import Final

_GRACE: Final = 0.5
_SWEEP_FROM: Final = 64


class Hangups:
    """Does nothing where the system has no epoll."""

    def __init__(self) -> None:
        self._transports: dict[int, asyncio.BaseTransport] = {}
        """By descriptor."""
        self._sweep_at = _SWEEP_FROM
        self._hung_up: set[int] = set()
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._epoll.fileno(), self._hear)

    def watch(self, stream: socket.socket, transport: asyncio.BaseTransport) -> None:
        """The socket is the transport's: it may be closed already."""
        descriptor = stream.fileno()
        if self._epoll is None or descriptor < 0 or transport.is_closing():
            return
        # Errors and hangups are reported unasked. A socket that is closed leaves by itself.
        with suppress(FileExistsError):
            self._epoll.register(descriptor, select.EPOLLET)
        self._transports[descriptor] = transport
        if len(self._transports) >= self._sweep_at:
            self._sweep()

    def close(self) -> None:
        if self._epoll is not None and not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
        self._transports.clear()

    def __len__(self) -> int:
        return len(self._transports)

    def _sweep(self) -> None:
        there = {at: each for at, each in self._transports.items() if not each.is_closing()}
        self._transports = there
        self._sweep_at = max(_SWEEP_FROM, 2 * len(there))

    def _hear(self) -> None:
        if self._epoll is None or self._epoll.closed:
            return
        if not self._hung_up:
            self._loop.call_later(_GRACE, self._drop)
        self._hung_up.update(descriptor for descriptor, _ in self._epoll.poll(0))

    def _drop(self) -> None:
        for descriptor in self._hung_up:
            transport = self._transports.get(descriptor)
            # By now the descriptor may be another connection's.
            if transport is not None and not transport.is_closing() and _is_gone(descriptor):
                transport.abort()  # type: ignore[attr-defined]
        self._hung_up.clear()


def _is_gone(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
