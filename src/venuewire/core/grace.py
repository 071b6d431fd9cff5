"""Time to read what has been waiting for us, before anybody is blamed for silence.

A loop that was kept from its work comes late: it finds deadlines that have passed beside frames
that nobody has read. The delay was ours. So it is when we stop reading, because the application
has to catch up.

Law 1: while a grace lasts nothing is judged; what was overdue when it began is judged after it,
       and is not excused again.
Law 2: what falls due later is excused anew, if we come late again.
"""

from math import inf
from typing import Final

from venuewire.core.instant import Instant

LAG_TOLERANCE: Final = 0.25
"""Seconds. Woken later than this after a deadline, the delay was ours."""
LAG_GRACE: Final = 0.5
"""Seconds to read what has been waiting before judging."""


class Grace:
    """Belongs to one link."""

    __slots__ = ("began", "deaf_until", "lag", "lagged_at", "until")

    def __init__(self) -> None:
        self.began = -inf
        """Monotonic seconds, as `until`."""
        self.until = -inf
        self.lag = 0.0
        """Seconds by which we last came late; 0 before that."""
        self.lagged_at: float | None = None
        """Monotonic seconds, when that was noticed."""
        self.deaf_until = -inf
        """Monotonic seconds, until when nothing is read because the application is behind."""

    def begin(self, seconds: float, now: Instant) -> None:
        self.began = now.monotonic
        self.until = max(self.until, now.monotonic + seconds)

    def paused(self, seconds: float, now: Instant) -> None:
        """Nothing is read for so long at most, and then what has been waiting is read first. To
        read again earlier, pause for 0 s."""
        if now.monotonic >= self.until:
            self.began = now.monotonic
        self.deaf_until = now.monotonic + seconds
        self.until = self.deaf_until + LAG_GRACE

    def lagged(self, seconds: float, now: Instant) -> None:
        """We came late by so many seconds, which is more than `LAG_TOLERANCE`."""
        self.lag, self.lagged_at = seconds, now.monotonic
        self.begin(LAG_GRACE, now)

    def excuses(self, due: float, now: Instant) -> bool:
        """Whether what was due is not to be judged yet. Noticing so that we are late begins a
        grace."""
        if now.monotonic < self.until:
            return True
        late = now.monotonic - max(due, self.until)
        if due <= self.began or late <= LAG_TOLERANCE:
            return False
        self.lagged(late, now)
        return True

    def after(self, due: float) -> float:
        """When to judge what is due then."""
        return max(due, self.until)
