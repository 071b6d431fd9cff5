"""One queue of deadlines for all sessions of a process.

Law 1: one timer, whatever the number of entries; an entry costs O(log n) when its deadline comes
       nearer, and nothing when it moves away: that is noticed when its old place comes up.
Law 2: an entry is never woken late because of others: at most `BATCH` are served before the loop
       gets its turn. Waking early or twice is harmless.
Law 3: places that are no longer meant are swept before they outnumber the others, so an entry
       that is forgotten is not kept in memory until its deadline.
"""

import asyncio
import logging
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import Final, Protocol

from venuewire.core.instant import Clock, Instant
from venuewire.transport.mishaps import report

NEVER: Final = inf
"""The `watched_at` of an entry that is not in the queue."""
BATCH: Final = 256
_SHORTEST_WAIT: Final = 0.001
"""Seconds. Loops round timers to milliseconds; asking for less would spin."""
_SWEEP_FROM: Final = 64

_logger = logging.getLogger(__name__)


class Watched(Protocol):
    """Something with a deadline."""

    watched_at: float
    """Its place in the queue, in monotonic seconds: begins as `NEVER`, written by the queue only.
    Whoever sees its own deadline come nearer than this calls `watch`."""

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds; None when nothing is due at all. A lower bound."""
        ...

    def wake(self, now: Instant) -> None:
        """Do what is due."""
        ...


class Lateness:
    """How late the timer was, in all."""

    __slots__ = ("seconds", "times")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.times = 0


class DeadlineQueue:
    __slots__ = ("_clock", "_numbers", "_places", "_stale", "_timer", "_timer_at", "lateness")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._places: list[tuple[float, int, Watched]] = []
        self._stale = 0
        """Places whose entry has another by now, or none."""
        self._timer: asyncio.Handle | None = None
        self._timer_at = NEVER
        self.lateness = Lateness()

    def watch(self, entry: Watched) -> None:
        """Wake `entry` when its deadline comes; cheap when that is already arranged."""
        deadline = entry.deadline
        if deadline is not None and deadline < entry.watched_at:
            self._place(entry, deadline)

    def forget(self, entry: Watched) -> None:
        if entry.watched_at != NEVER:
            entry.watched_at = NEVER
            self._stale += 1
            self._sweep()

    def close(self) -> None:
        """Forget everybody."""
        for _, _, entry in self._places:
            entry.watched_at = NEVER
        self._places.clear()
        self._stale = 0
        self._disarm()

    def __len__(self) -> int:
        return len(self._places) - self._stale

    def _place(self, entry: Watched, at: float) -> None:
        if entry.watched_at != NEVER:
            self._stale += 1
        entry.watched_at = at
        heappush(self._places, (at, next(self._numbers), entry))
        self._sweep()
        if at < self._timer_at:
            self._arm()

    def _sweep(self) -> None:
        if self._stale > _SWEEP_FROM and self._stale * 2 > len(self._places):
            self._places = [place for place in self._places if place[0] == place[2].watched_at]
            heapify(self._places)
            self._stale = 0

    # The timer.

    def _arm(self) -> None:
        self._disarm()
        if not self._places:
            return
        self._timer_at = self._places[0][0]
        wait = self._timer_at - self._clock().monotonic
        loop = asyncio.get_running_loop()
        if wait <= 0:
            self._timer = loop.call_soon(self._tick)
        else:
            self._timer = loop.call_later(max(wait, _SHORTEST_WAIT), self._tick)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, NEVER

    def _tick(self) -> None:
        now = self._clock()
        self.lateness.times += 1
        self.lateness.seconds += max(0.0, now.monotonic - self._timer_at)
        # While the batch is served, entries that are placed again must not arm the timer.
        self._timer_at = -inf
        try:
            self._serve(now)
        finally:
            self._arm()

    def _serve(self, now: Instant) -> None:
        for _ in range(BATCH):
            if not self._places or self._places[0][0] > now.monotonic:
                return
            at, _, entry = heappop(self._places)
            if at != entry.watched_at:
                self._stale -= 1
                continue
            entry.watched_at = NEVER
            self._visit(entry, now)

    def _visit(self, entry: Watched, now: Instant) -> None:
        try:
            due = entry.deadline
            if due is not None and due <= now.monotonic:
                entry.wake(now)
        except Exception as error:  # noqa: BLE001 - one entry's failure is not the others'
            report(_logger, "waking a session", error)
            return
        # Served once per batch at most: one that stays due must not keep the others waiting.
        if (due := entry.deadline) is not None and due < entry.watched_at:
            self._place(entry, max(due, now.monotonic + _SHORTEST_WAIT))
