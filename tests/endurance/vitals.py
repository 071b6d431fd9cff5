"""What a process uses, and whether that is flat.

Law: a leak is a trend. A straight line is laid through the measurements after the warm-up, and what
it rises by over all of them is judged, so that neither one high value nor one low one decides.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

WARM_UP: Final = 0.25
"""The part of the measurements that is not looked at: pools and caches fill."""
MEMORY_TOLERANCE: Final = 4 * 2**20
"""Bytes the line may rise by from end to end, or a twentieth of the memory in use, if that is more:
allocators keep what they once had."""
DESCRIPTOR_TOLERANCE: Final = 2.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Vitals(Struct, frozen=True):
    at: float
    """Monotonic seconds."""
    memory: int
    """Bytes resident."""
    descriptors: int


class Trend(Struct, frozen=True):
    """Of one number over a run."""

    first: float
    """Where the line begins, and where it ends."""
    last: float
    most: float
    tolerance: float

    @property
    def rise(self) -> float:
        return self.last - self.first

    @property
    def is_flat(self) -> bool:
        return self.rise <= self.tolerance


def vitals(pid: int | str = "self") -> Vitals:
    """Raises `OSError` where there is no such process, or no `/proc`."""
    process = Path(f"/proc/{pid}")
    return Vitals(
        at=time.monotonic(),
        memory=int((process / "statm").read_text().split()[1]) * _PAGE,
        descriptors=len(list((process / "fd").iterdir())),
    )


def trend(points: Sequence[tuple[float, float]], tolerance: float) -> Trend:
    """The line of least squares through what was measured after the warm-up. Needs two points."""
    kept = points[int(len(points) * WARM_UP) :]
    times, values = zip(*kept, strict=True)
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times)
    slope = sum((at - middle) * (value - mean) for at, value in kept) / spread if spread else 0.0
    first, last = (mean + slope * (at - middle) for at in (times[0], times[-1]))
    return Trend(first, last, max(values), tolerance)


def memory_trend(measured: Sequence[Vitals]) -> Trend:
    """In MB."""
    points = [(each.at, each.memory / 2**20) for each in measured]
    tolerance = max(MEMORY_TOLERANCE / 2**20, points[-1][1] / 20)
    return trend(points, tolerance)


def descriptor_trend(measured: Sequence[Vitals]) -> Trend:
    return trend([(each.at, each.descriptors) for each in measured], DESCRIPTOR_TOLERANCE)
