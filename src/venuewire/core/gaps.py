"""Which gaps the application has been told of, so that no interval of a channel is told twice.

Links are lost, numbers left out, channels stall, and one link takes over from another: each knows
of its own hole only, and holes overlap. Law: of a hole is told what has not been told yet, which
may be several intervals, or none.
"""

from collections import deque
from typing import Final

from msgspec.structs import replace

from venuewire.core.updates import Gap

REMEMBERED: Final = 32
"""Intervals of a channel: far more than holes begin within one round trip of another."""

SET_BACK: Final = 0.01
"""Seconds; less is how numbers are rounded."""


class Gaps:
    """Bounded by the channels an application wants."""

    __slots__ = ("_ahead", "_told")

    def __init__(self) -> None:
        self._ahead: float | None = None
        """Seconds by which the wall clock was ahead of the monotonic one, when last looked at."""
        self._told: dict[str, deque[tuple[float, float]]] = {}
        """By channel: since and until, in seconds since the epoch, in the order of telling."""

    def untold(self, gap: Gap) -> list[Gap]:
        """The parts of it that are news, in order; from now on they are told."""
        told = self._told.setdefault(gap.channel, deque(maxlen=REMEMBERED))
        parts, since = list[Gap](), gap.since
        for begun, ended in sorted(told):
            if ended > since and begun < gap.until:
                if begun > since:
                    parts.append(replace(gap, since=since, until=begun))
                since = ended
        if since < gap.until or since == gap.since:
            parts.append(replace(gap, since=since))
        told += [(part.since, part.until) for part in parts]
        return parts

    def forget(self, channel: str) -> None:
        """It is not wanted any more."""
        self._told.pop(channel, None)

    def look_at_clock(self, ahead: float) -> None:
        """If it was set back, what was told before is meant in its new terms."""
        before, self._ahead = self._ahead, ahead
        if before is not None and before - ahead > SET_BACK:
            self._shift(before - ahead)

    def _shift(self, seconds: float) -> None:
        for told in self._told.values():
            shifted = [(since - seconds, until - seconds) for since, until in told]
            told.clear()
            told.extend(shifted)
