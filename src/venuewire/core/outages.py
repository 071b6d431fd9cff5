"""When the venue will be down, as far as it has said so.

Law: an announcement is repeated on each link that asks for it, and is news once.
"""

from collections.abc import Iterable
from typing import Final

from venuewire.core.instant import Instant, earliest
from venuewire.core.messages import Maintenance

LEAD: Final = 30.0
"""Seconds before it begins in which links are replaced, so that it is entered on a fresh one."""
UNSAID: Final = 600.0
"""Seconds that a maintenance of no stated length is thought to take."""
REMEMBERED: Final = 64
"""Announcements."""


class Outages:
    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Maintenance, None] = {}

    def news(self, announced: Iterable[Maintenance], now: Instant) -> list[Maintenance]:
        """Of these, what was not known, and is not over."""
        fresh = [m for m in announced if m not in self._known and _end(m) > now.realtime]
        for outage in fresh:
            self._known[outage] = None
            if len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return fresh

    def rotate_at(self, outage: Maintenance, now: Instant) -> float | None:
        """Monotonic seconds, when to enter it on a fresh link; None when it has begun already."""
        ahead = outage.effective_at - now.realtime
        return None if ahead <= 0 else now.monotonic + max(0.0, ahead - LEAD)

    def next_rotation(self, now: Instant) -> float | None:
        """The same for a link that is fresh now; None while no other is needed."""
        ahead = [self.rotate_at(outage, now) for outage in self._known]
        return earliest(*(at for at in ahead if at is not None and at > now.monotonic))

    def cover(self, now: Instant) -> bool:
        """The venue said it would be down about now."""
        return any(m.effective_at <= now.realtime < _end(m) for m in self._known)


def _end(outage: Maintenance) -> float:
    return outage.effective_at + (UNSAID if outage.downtime is None else outage.downtime)
