"""Takes connections from listening sockets, and hands them on.

Both asyncio's servers and the faster library's do that too, until the process is out of
descriptors: then one writes thousands of errors a second, the other spins.

Law 1: without descriptors nothing is accepted for `_PAUSE` seconds, and one line says so; whoever
       is connected does not notice, and whoever waits is served afterwards.
Law 2: at most `_BATCH` are taken before the loop gets its turn.
Law 3: a connection's unread bytes are few. All that is there is read at once and served in one turn
       of the loop, so they are what one client can keep the others waiting by.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from math import nan
from typing import Final

from venuewire.transport.unread import limit_unread

_BACKLOG: Final = 4096
_BATCH: Final = 32
"""To greet one costs some tenths of a millisecond, and all of a batch are greeted in one turn."""
_UNREAD: Final = 4096
"""Bytes that the system is asked to hold of one connection; Linux takes twice that. Without it a
client that sends fast enough has megabytes read at once, and others wait for seconds."""
_PAUSE: Final = 0.5
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_logger = logging.getLogger(__name__)


class Acceptor:
    def __init__(
        self, welcome: Callable[[socket.socket], None], unread_timeout: Callable[[], float]
    ) -> None:
        """`welcome` is given each connection's socket, and closes it in the end. `unread_timeout`
        in seconds, asked before connections are accepted."""
        self._welcome = welcome
        self._unread_timeout = unread_timeout
        self._unread = nan
        """What the listening sockets have been told."""
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}

    async def listen(
        self, host: str, port: int, *, reuse_port: bool = False, paused: bool = False
    ) -> int:
        """The port. Raises `OSError` when the address cannot be had."""
        server = await self._loop.create_server(
            asyncio.Protocol, host, port, reuse_port=reuse_port or None, start_serving=False
        )
        # It knows how addresses are found and bound; the accepting is ours.
        self._sockets = [socket.socket(fileno=os.dup(each.fileno())) for each in server.sockets]
        server.close()
        for each in self._sockets:
            each.setblocking(False)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNREAD)  # Accepted ones inherit.
            each.listen(_BACKLOG)
        self._limit_unread()
        if not paused:
            self.resume()
        bound: int = self._sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        """Accept nothing more."""
        for pause in self._pauses.values():
            pause.cancel()
        for each in self._sockets:
            self._loop.remove_reader(each)
            each.close()
        self._sockets.clear()

    def pause(self) -> None:
        """Leave those who come where they wait, until `resume`."""
        for listening in self._sockets:
            if (pause := self._pauses.pop(listening, None)) is not None:
                pause.cancel()
            self._loop.remove_reader(listening)

    def resume(self) -> None:
        for listening in self._sockets:
            self._resume(listening)

    # Accepting.

    def _resume(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening, self._accept, listening)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        _logger.warning("no connections are accepted for a moment: %s", error.strerror)
        self._loop.remove_reader(listening)
        self._pauses[listening] = self._loop.call_later(_PAUSE, self._resume, listening)

    def _limit_unread(self) -> bool:
        """Accepted sockets inherit it, which spares each of them four calls of the system. True
        when it has changed: those that wait already have inherited what was."""
        if (seconds := self._unread_timeout()) == self._unread:
            return False
        self._unread = seconds
        for each in self._sockets:
            limit_unread(each, seconds)
        return True

    def _accept(self, listening: socket.socket) -> None:
        changed = self._limit_unread()
        for _ in range(_BATCH):
            try:
                arrived, _ = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(listening, error)
                    return
                continue  # That one connection has failed before it was here.
            if changed:
                limit_unread(arrived, self._unread)
            self._welcome(arrived)
