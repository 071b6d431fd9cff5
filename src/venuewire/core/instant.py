"""A moment as two clocks show it: read above the kernel, once per readable event, passed in."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct


class Instant(Struct, frozen=True, gc=False):
    monotonic: float
    """Seconds on a clock that never jumps: the only one deadlines are measured on."""
    realtime: float
    """Seconds since 1970-01-01 UTC: only for timestamps on the wire, never for deadlines."""


Clock: TypeAlias = Callable[[], Instant]
"""Where the layer above takes its time from: a real clock, or a simulation's."""


def wall_of(clock: Clock) -> Callable[[], float]:
    """Reads no more of a clock than the seconds since the epoch; at a third of the cost, where the
    clock has a `wall` that does."""
    alone: Callable[[], float] | None = getattr(clock, "wall", None)
    return alone if alone is not None else lambda: clock().realtime


def parted(before: Instant, after: Instant) -> float:
    """Seconds by which the wall clock went ahead of the monotonic one between two readings; below
    0 when it fell behind."""
    return (after.realtime - before.realtime) - (after.monotonic - before.monotonic)


def earliest(*deadlines: float | None) -> float | None:
    """The first of several deadlines; None when nothing is due at all."""
    first = None
    for deadline in deadlines:  # A third of what `min` over a generator costs.
        if deadline is not None and (first is None or deadline < first):
            first = deadline
    return first


def passed(deadline: float | None, now: Instant) -> bool:
    return deadline is not None and now.monotonic >= deadline
