"""Takes connections from listening sockets and hands each to a protocol of its own.

Both asyncio's servers and the faster library's do that too, until the process is out of
descriptors: then one writes thousands of errors a second, the other spins.

Law 1: without descriptors nothing is accepted for `_PAUSE` seconds, and one line says so; whoever
       is connected does not notice, and whoever waits is served afterwards.
Law 2: connections that are not yet anybody's, because of their TLS handshake, are counted too.
Law 3: at most `_BATCH` are taken before the loop gets its turn.
"""

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final

try:
    import aiofastnet
except ImportError:  # Works as well, only slower.
    aiofastnet = None  # type: ignore[assignment]

_BACKLOG: Final = 4096
_BATCH: Final = 256
_PAUSE: Final = 0.5
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_logger = logging.getLogger(__name__)


class Acceptor:
    def __init__(
        self,
        factory: Callable[[], asyncio.BufferedProtocol],
        has_room: Callable[[int], bool],
        *,
        context: ssl.SSLContext | None,
        tls_timeout: float,
    ) -> None:
        """`has_room` is asked with the number of connections that are nobody's yet; who comes when
        it says no is dropped unheard. `tls_timeout` in seconds."""
        self._has_room = has_room
        self._loop = asyncio.get_running_loop()
        connect: Any = self._loop.connect_accepted_socket
        if aiofastnet is not None:
            connect = partial(aiofastnet.connect_accepted_socket, self._loop)
        timeout = None if context is None else tls_timeout
        self._connect = partial(connect, factory, ssl=context, ssl_handshake_timeout=timeout)
        self._sockets: list[socket.socket] = []
        self._arriving: set[asyncio.Task[None]] = set()
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}

    async def listen(self, host: str, port: int, *, reuse_port: bool = False) -> int:
        """The port. Raises `OSError` when the address cannot be had."""
        server = await self._loop.create_server(
            asyncio.Protocol, host, port, reuse_port=reuse_port or None, start_serving=False
        )
        # It knows how addresses are found and bound; the accepting is ours.
        self._sockets = [socket.socket(fileno=os.dup(each.fileno())) for each in server.sockets]
        server.close()
        for each in self._sockets:
            each.setblocking(False)
            each.listen(_BACKLOG)
            self._resume(each)
        bound: int = self._sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        """Accept nothing more, and drop those that are nobody's yet."""
        for pause in self._pauses.values():
            pause.cancel()
        for each in self._sockets:
            self._loop.remove_reader(each)
            each.close()
        self._sockets.clear()
        for task in self._arriving:
            task.cancel()

    # Accepting.

    def _resume(self, listening: socket.socket) -> None:
        self._pauses.pop(listening, None)
        self._loop.add_reader(listening, self._accept, listening)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        _logger.warning("no connections are accepted for a moment: %s", error.strerror)
        self._loop.remove_reader(listening)
        self._pauses[listening] = self._loop.call_later(_PAUSE, self._resume, listening)

    def _accept(self, listening: socket.socket) -> None:
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
            self._welcome(arrived)

    def _welcome(self, arrived: socket.socket) -> None:
        if not self._has_room(len(self._arriving)):
            arrived.close()
            return
        arrived.setblocking(False)
        task = self._loop.create_task(self._introduce(arrived))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _introduce(self, arrived: socket.socket) -> None:
        try:
            await self._connect(arrived)
        except (OSError, asyncio.CancelledError) as error:
            # What a peer does in its handshake is no error of ours.
            arrived.close()
            _logger.debug("a connection failed before it was made: %s", type(error).__name__)
