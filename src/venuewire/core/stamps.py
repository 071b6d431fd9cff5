"""Timestamps as venues write them.

Law: a stamp costs a lookup and a format, not a calendar; the second already rendered is kept.
"""

from datetime import UTC, datetime


class Stamps:
    """Renders `2023-09-24T14:10:23.799685Z`; keep one per venue, so that the second is shared."""

    __slots__ = ("_prefix", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._prefix = b""

    def rfc3339(self, realtime: float) -> bytes:
        """UTC with six fractional digits, from seconds since the epoch."""
        micros = int(realtime * 1_000_000)
        second, fraction = divmod(micros, 1_000_000)
        if second != self._second:
            self._second = second
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._prefix = text.encode()
        return b"%b.%06dZ" % (self._prefix, fraction)
