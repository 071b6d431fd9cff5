"""How many in how long: a budget over a sliding window, for both sides; and one for each of many.

Law: however many keys there are, what is remembered of them is bounded.
"""

from array import array
from typing import Final

from venuewire.core.instant import Instant


class Budget:
    """At most `limit` takes within any `window` seconds. Holds `limit` numbers, once so many were
    taken: the oldest is where the next will be, so asking and taking touch one place."""

    __slots__ = ("_next", "_taken", "limit", "window")

    def __init__(self, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self._taken = array("d")
        self._next = 0

    def take(self, now: Instant) -> bool:
        """Use one; False when there is none left, and then nothing is used."""
        taken, place = self._taken, self._next
        if place == len(taken):
            taken.append(now.monotonic)
        # As `free_at` reckons: a difference would be rounded otherwise.
        elif now.monotonic < taken[place] + self.window:
            return False
        else:
            taken[place] = now.monotonic
        place += 1
        self._next = 0 if place == self.limit else place
        return True

    def free_at(self, now: Instant) -> float:
        """Monotonic seconds from which `take` succeeds."""
        if self._next == len(self._taken):
            return now.monotonic
        return max(now.monotonic, self._taken[self._next] + self.window)


REMEMBERED: Final = 10_000
"""Keys of a turnstile."""


class Turnstile:
    """A budget for each key: an address, say. The longest unseen is forgotten when there are too
    many."""

    __slots__ = ("_budgets", "_limit", "_window")

    def __init__(self, limit: int | None, window: float) -> None:
        """`limit` None lets everybody through, and remembers nobody."""
        self._limit = limit
        self._window = window
        self._budgets: dict[str, Budget] = {}

    def wait(self, key: str, now: Instant) -> float | None:
        """None lets it through; otherwise the seconds to stay away."""
        if self._limit is None:
            return None
        budget = self._budgets.pop(key, None) or Budget(self._limit, self._window)
        self._budgets[key] = budget  # Behind all others: the first is the longest unseen.
        if len(self._budgets) > REMEMBERED:
            del self._budgets[next(iter(self._budgets))]
        return None if budget.take(now) else budget.free_at(now) - now.monotonic

    def __len__(self) -> int:
        return len(self._budgets)
