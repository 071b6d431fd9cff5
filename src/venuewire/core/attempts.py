"""When to dial: the connect budget before an attempt, the backoff after a failed one.

Law: a link that was ready for a while makes earlier failures forgotten; one that was not does not,
so a venue that lets us in only to throw us out is not hammered.
"""

from random import Random
from typing import Final

from venuewire.core.backoff import Backoff
from venuewire.core.instant import Instant
from venuewire.core.pacing import Budget
from venuewire.core.updates import Cause

USED: Final = (0.9, 0.95)
"""A link is replaced after a share of its lifetime between these, drawn anew for each link, so
that sessions begun together are not replaced together."""
MAINTENANCE_PAUSE: Final = 5.0
"""Seconds between two attempts at least while the venue is in maintenance: Kraken asks for that."""


class Attempts:
    __slots__ = ("_backoff", "_connects", "_failures", "_ready_at", "_rng")

    def __init__(self, backoff: Backoff, rng: Random, connects: Budget | None) -> None:
        self._backoff = backoff
        self._rng = rng
        self._connects = connects
        self._failures = 0
        """In a row."""
        self._ready_at: float | None = None

    def replace_at(self, lifetime: float, now: Instant) -> float:
        """Monotonic seconds, when to replace a link that may live for so many seconds."""
        return now.monotonic + lifetime * self._rng.uniform(*USED)

    def begin(self, now: Instant) -> float:
        """0 when an attempt may begin, and then it counts; otherwise seconds to wait first."""
        if self._connects is None or self._connects.take(now):
            return 0.0
        return self._connects.free_at(now) - now.monotonic

    def ready(self, now: Instant) -> None:
        self._ready_at = now.monotonic

    def failed(self, now: Instant, cause: Cause, retry_after: float | None) -> float | None:
        """The attempt failed, or its link is lost: seconds to wait; None when none are left.

        Where our credentials were refused, trying again soon cannot help.
        `retry_after`: seconds the venue asked us to stay away.
        """
        ready_at, self._ready_at = self._ready_at, None
        if ready_at is not None and now.monotonic - ready_at >= self._backoff.stable_after:
            self._failures = 0
        self._failures += 1
        draw = self._backoff.refused if cause is Cause.REFUSED else self._backoff.delay
        delay = draw(self._failures, self._rng)
        if delay is None:
            return None
        pause = MAINTENANCE_PAUSE if cause is Cause.MAINTENANCE else 0.0
        return max(delay, retry_after or 0.0, pause)
