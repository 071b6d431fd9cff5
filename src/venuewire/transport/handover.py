"""Connections on their way from the process that accepts them to the one that serves them: as
descriptors over a Unix socket (`SCM_RIGHTS`), each with a word about it.

Law 1: a connection is closed where it was accepted once it is on its way, or cannot go.
Law 2: what the system cannot take at once waits, `MOST_WAITING` at most; more are turned back.
Law 3: a word arrives for each connection, in order; also when there was no descriptor left for the
       connection itself, which is lost then.
"""

import asyncio
import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Struct

MOST_WAITING: Final = 1024
_WORD: Final = struct.Struct("!QB")
_AGAIN: Final = 0.05
"""Seconds until the system is asked again that had too many descriptors under way."""
_BATCH: Final = 256


class Word(Struct, frozen=True):
    serial: int
    """Counts the connections given to one process, from 1."""
    verdict: int
    """Whether it is to be served; of whoever accepts it."""


class Giver:
    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[socket.socket, bytes]] = deque()
        self._again: asyncio.TimerHandle | None = None
        self._writing = False

    def give(self, arrived: socket.socket, word: Word) -> bool:
        """False when too many wait already: then it has not been taken."""
        if len(self._waiting) >= MOST_WAITING or self._end.fileno() < 0:
            return False
        self._waiting.append((arrived, _WORD.pack(word.serial, word.verdict)))
        if not self._writing and self._again is None:
            self._send()
        return True

    def close(self) -> None:
        """What still waits is dropped. Harmless when repeated."""
        if self._end.fileno() < 0:
            return
        self._stop_waiting()
        self._end.close()
        for arrived, _ in self._waiting:
            arrived.close()
        self._waiting.clear()

    def _send(self) -> None:
        self._stop_waiting()
        while self._waiting:
            arrived, word = self._waiting[0]
            try:
                socket.send_fds(self._end, [word], [arrived.fileno()])
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._end, self._send)
                self._writing = True
                return
            except OSError as error:
                if error.errno == errno.ETOOMANYREFS:
                    self._again = self._loop.call_later(_AGAIN, self._send)
                    return
                # The other process is gone, and will be missed by whoever watches it.
            self._waiting.popleft()
            arrived.close()

    def _stop_waiting(self) -> None:
        if self._writing:
            self._loop.remove_writer(self._end)
            self._writing = False
        if self._again is not None:
            self._again.cancel()
            self._again = None


class Taker:
    def __init__(
        self, end: socket.socket, take: Callable[[socket.socket | None, Word], None]
    ) -> None:
        """`take` closes the socket in the end."""
        end.setblocking(False)
        self._end = end
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end, self._receive)

    def close(self) -> None:
        """Take no more. Harmless when repeated."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end)
            self._end.close()

    def _receive(self) -> None:
        for _ in range(_BATCH):
            if self._end.fileno() < 0:
                return
            try:
                said, descriptors, _, _ = socket.recv_fds(self._end, _WORD.size, 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                said, descriptors = b"", []
            if len(said) < _WORD.size:
                self.close()
                return
            self._take(_socket(descriptors), Word(*_WORD.unpack(said)))


def _socket(descriptors: list[int]) -> socket.socket | None:
    for spare in descriptors[1:]:
        os.close(spare)
    return socket.socket(fileno=descriptors[0]) if descriptors else None
