"""Timestamps as venues write them.

Law: a stamp costs a subtraction and a format, not a calendar; the second already rendered is kept.
"""

from datetime import UTC, datetime
from math import inf, nan


class Stamps:
    """Renders `2023-09-24T14:10:23.799685Z` and `1695564623799685`; keep one per venue, so that
    what is rendered is shared."""

    __slots__ = ("_counted", "_micros", "_realtime", "_second", "_stamp", "_template")

    def __init__(self) -> None:
        self._realtime = self._counted = nan
        """The moments last rendered: all that is said of one moment is stamped once."""
        self._stamp = self._micros = b""
        self._second = -inf
        """Of the template, in microseconds since the epoch: floats hold these exactly."""
        self._template = b""

    def rfc3339(self, realtime: float) -> bytes:
        """UTC with six fractional digits, from seconds since the epoch."""
        if realtime == self._realtime:
            return self._stamp
        micros = realtime * 1e6 - self._second
        if not 0.0 <= micros < 1e6:
            micros = self._turn(realtime)
        self._realtime, self._stamp = realtime, self._template % micros
        return self._stamp

    def micros(self, realtime: float) -> bytes:
        """Whole microseconds since the epoch, from seconds since it."""
        if realtime != self._counted:
            self._counted, self._micros = realtime, b"%d" % (realtime * 1e6)
        return self._micros

    def _turn(self, realtime: float) -> float:
        """Render another second; the microseconds within it."""
        second = int(realtime * 1e6) // 1_000_000
        moment = datetime.fromtimestamp(second, UTC)
        self._second = second * 1e6
        self._template = moment.strftime("%Y-%m-%dT%H:%M:%S.%%06dZ").encode()
        return realtime * 1e6 - self._second
