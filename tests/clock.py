"""Virtual time for tests: both clocks advance together, from a moment that reads well."""

from venuewire.core.instant import Instant

EPOCH = 1_700_000_000.0
"""2023-11-14T22:13:20Z, when virtual monotonic time is zero."""


def at(seconds: float) -> Instant:
    return Instant(seconds, EPOCH + seconds)


class VirtualClock:
    """A `Clock` that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> Instant:
        return at(self.seconds)
