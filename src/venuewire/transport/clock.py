"""The only place that reads a clock."""

from time import monotonic, time

from venuewire.core.instant import Instant


def now() -> Instant:
    return Instant(monotonic(), time())


now.wall = time  # type: ignore[attr-defined]  # see `core.instant.wall_of`
