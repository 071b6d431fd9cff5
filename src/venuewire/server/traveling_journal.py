"""A worker's journal: what happens there is told to the primary, which numbers and remembers it.

Law: what happens in one turn of the loop goes at its end, and no more of it than the journal would
remember.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from venuewire.server.dispatches import Happened
from venuewire.transport.clock import now
from venuewire.transport.journal import Event, Journal


class TravelingJournal(Journal):
    def __init__(self, limit: int, send: Callable[[Happened], None]) -> None:
        super().__init__(0, now)
        self._send = send
        self._limit = limit
        self._pending: list[Event] = []
        self._is_muted = False

    def enter(self, event: Event) -> None:
        if self._is_muted or len(self._pending) >= self._limit:
            return
        if not self._pending:
            asyncio.get_running_loop().call_soon(self.flush)
        self._pending.append(event)

    def resize(self, limit: int) -> None:
        self._limit = limit

    def flush(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self._send(Happened(tuple(pending)))

    @contextmanager
    def muted(self) -> Iterator[None]:
        """What is done everywhere is told once, by the primary."""
        self._is_muted = True
        try:
            yield
        finally:
            self._is_muted = False
