"""Whether a signed request has been made before, where a venue signs a timestamp and no nonce.

Law 1: a key's timestamp is good once, however the rest of the request is spelled: the timestamp is
       part of what is signed, so whoever overheard a request cannot choose another.
Law 2: it is remembered as long as it could be good again, and the number of those is bounded.
"""

from typing import Final

from venuewire.core.instant import Instant

REMEMBERED: Final = 100_000


class Replays:
    __slots__ = ("_until", "_window")

    def __init__(self, window: float) -> None:
        """`window`: the seconds a timestamp may be off, either way."""
        self._window = window
        self._until: dict[tuple[str, str], float] = {}
        """Monotonic seconds by key and timestamp, the first to be forgotten first."""

    def is_first(self, key: str, timestamp: str, now: Instant) -> bool:
        """To be asked of requests that are good otherwise, and about each but once."""
        known = self._until
        while known and (len(known) > REMEMBERED or known[next(iter(known))] < now.monotonic):
            del known[next(iter(known))]
        if (key, timestamp) in known:
            return False
        known[key, timestamp] = now.monotonic + 2 * self._window
        return True

    def __len__(self) -> int:
        return len(self._until)
