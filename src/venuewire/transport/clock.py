"""The only place that reads a clock."""

import time

from venuewire.core.instant import Instant


def now() -> Instant:
    return Instant(time.monotonic(), time.time())
