"""How many in how long: a budget over a sliding window, for both sides."""

from collections import deque

from venuewire.core.instant import Instant


class Budget:
    """At most `limit` takes within any `window` seconds. Holds `limit` numbers."""

    __slots__ = ("_taken", "limit", "window")

    def __init__(self, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self._taken: deque[float] = deque(maxlen=limit)

    def take(self, now: Instant) -> bool:
        """Use one; False when there is none left, and then nothing is used."""
        taken = self._taken
        if len(taken) == self.limit and now.monotonic - taken[0] < self.window:
            return False
        taken.append(now.monotonic)
        return True

    def free_at(self, now: Instant) -> float:
        """Monotonic seconds from which `take` succeeds."""
        if len(self._taken) < self.limit:
            return now.monotonic
        return max(now.monotonic, self._taken[0] + self.window)
