"""How long to wait before dialing again: a pure function, exponential, capped, with full jitter."""

from random import Random

from msgspec import Struct


class Backoff(Struct, frozen=True):
    initial: float = 0.5
    """Seconds; the upper bound of the first wait."""
    factor: float = 2.0
    limit: float = 30.0
    """Seconds; the upper bound of any wait."""
    stable_after: float = 30.0
    """Seconds a link must have been ready before a later loss counts as the first failure."""
    attempts: int | None = None
    """Give up after this many failures in a row; None never gives up."""

    def delay(self, failures: int, rng: Random) -> float | None:
        """Seconds to wait after the `failures`th failure in a row; None when none are left."""
        if self.attempts is not None and failures > self.attempts:
            return None
        return rng.uniform(0.0, self._ceiling(failures))

    def refused(self, failures: int, rng: Random) -> float | None:
        """As `delay`, after a refusal of our credentials: never soon, since nothing has changed."""
        if self.attempts is not None and failures > self.attempts:
            return None
        return rng.uniform(self.limit / 2, self.limit)

    def _ceiling(self, failures: int) -> float:
        exponent = min(failures - 1, 64)  # Beyond that the limit rules, and floats overflow.
        return min(self.limit, self.initial * self.factor**exponent)
