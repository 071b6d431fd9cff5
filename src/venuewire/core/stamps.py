"""Timestamps as venues write them.

Law: a stamp costs a subtraction and a format, not a calendar; the second already rendered is kept.
"""

from datetime import UTC, datetime
from math import inf


class Stamps:
    """Renders `2023-09-24T14:10:23.799685Z`; keep one per venue, so that the second is shared."""

    __slots__ = ("_second", "_template")

    def __init__(self) -> None:
        self._second = -inf
        """Of the template, in microseconds since the epoch: floats hold these exactly."""
        self._template = b""

    def rfc3339(self, realtime: float) -> bytes:
        """UTC with six fractional digits, from seconds since the epoch."""
        micros = realtime * 1e6 - self._second
        if not 0.0 <= micros < 1e6:
            micros = self._turn(realtime)
        return self._template % micros

    def _turn(self, realtime: float) -> float:
        """Render another second; the microseconds within it."""
        second = int(realtime * 1e6) // 1_000_000
        moment = datetime.fromtimestamp(second, UTC)
        self._second = second * 1e6
        self._template = moment.strftime("%Y-%m-%dT%H:%M:%S.%%06dZ").encode()
        return realtime * 1e6 - self._second
