"""Makes a connection of an accepted socket: the TLS handshake where there is one, and then a
protocol of its own.

Law 1: connections that are not yet anybody's, because of their TLS handshake, are counted too.
Law 2: what a peer does in its handshake is no error of ours.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from venuewire.transport.hangups import Hangups

try:
    import aiofastnet
except ImportError:  # Works as well, only slower.
    aiofastnet = None  # type: ignore[assignment]

_logger = logging.getLogger(__name__)


class Introducer:
    def __init__(
        self,
        factory: Callable[[], asyncio.BufferedProtocol],
        has_room: Callable[[int], bool],
        *,
        context: ssl.SSLContext | None,
        tls_timeout: Callable[[], float],
    ) -> None:
        """`has_room` is asked with the number of connections that are nobody's yet; who comes when
        it says no is dropped unheard. `tls_timeout` in seconds, asked each time."""
        self.context = context
        """May be replaced: the next connection is made with it."""
        self._factory = factory
        self._has_room = has_room
        self._tls_timeout = tls_timeout
        self._loop = asyncio.get_running_loop()
        connect: Any = self._loop.connect_accepted_socket
        if aiofastnet is not None:
            connect = partial(aiofastnet.connect_accepted_socket, self._loop)
        self._connect = connect
        self._arriving: set[asyncio.Task[None]] = set()
        self._hangups = Hangups()

    def welcome(self, arrived: socket.socket) -> None:
        if not self._has_room(len(self._arriving)):
            arrived.close()
            return
        self.introduce(arrived, self._factory)

    def introduce(
        self, arrived: socket.socket, factory: Callable[[], asyncio.BufferedProtocol]
    ) -> asyncio.Task[None]:
        """To a protocol of its own; done when it has one, or when that failed."""
        arrived.setblocking(False)
        task = self._loop.create_task(self._introduce(arrived, factory))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)
        return task

    def close(self) -> None:
        """Drop those that are nobody's yet."""
        self._hangups.close()
        for task in self._arriving:
            task.cancel()

    async def _introduce(
        self, arrived: socket.socket, factory: Callable[[], asyncio.BufferedProtocol]
    ) -> None:
        context = self.context
        timeout = None if context is None else self._tls_timeout()
        try:
            transport, _ = await self._connect(
                factory, arrived, ssl=context, ssl_handshake_timeout=timeout
            )
            self._hangups.watch(arrived, transport)
        except (OSError, asyncio.CancelledError) as error:
            arrived.close()
            _logger.debug("a connection failed before it was made: %s", type(error).__name__)
