"""What one venue's doors and links have seen, in plain numbers, read when somebody asks.

Law: what every frame touches is one attribute and an addition; nothing here is computed before it
is asked for.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_STANDARD: Final = frozenset({*range(1000, 1004), *range(1005, 1016)})
_TABLES: Final = ("refused", "closed")
OTHER: Final = 0
"""Stands for every close code a client made up: they must not make a table grow."""


class Tally(Struct, frozen=True):
    """What happened at the doors since the local venue was made."""

    admitted: int = 0
    refused: int = 0
    slow: int = 0
    """Cut off because they did not read what they had asked for."""
    breaches: int = 0
    """Cut off because they broke the WebSocket protocol."""
    failures: int = 0
    """Cut off because of an error of ours."""


class Reading(Struct, frozen=True):
    """`Counts` at some moment."""

    numbers: dict[str, int]
    """By the names of its fields."""
    refused: dict[int, int]
    closed: dict[int, int]


class Counts:
    __slots__ = (
        "admitted",
        "breaches",
        "bytes_in",
        "bytes_out",
        "closed",
        "failures",
        "frames_in",
        "frames_out",
        "idle",
        "notifications",
        "pings",
        "publications",
        "pushes",
        "refused",
        "slow",
    )

    def __init__(self) -> None:
        self.admitted = self.slow = self.breaches = self.failures = 0
        self.refused: dict[int, int] = {}
        """By HTTP status, or by the venue's own code where it refuses in its first frame."""
        self.closed: dict[int, int] = {}
        """By close code; 1006 is a link without a CLOSE frame."""
        self.frames_in = self.bytes_in = 0
        """Of all kinds; payloads as they were sent, without headers."""
        self.frames_out = self.bytes_out = 0
        """With headers."""
        self.pings = 0
        """WebSocket PING frames that were answered; a venue's own pings are frames like others."""
        self.idle = 0
        """Sessions that ended after being silent for as long as their venue allows."""
        self.pushes = 0
        """Frames that were made once for however many."""
        self.publications = self.notifications = 0

    def read(self) -> Reading:
        numbers = {name: getattr(self, name) for name in self.__slots__ if name not in _TABLES}
        return Reading(numbers, dict(self.refused), dict(self.closed))

    def add(self, other: Reading) -> None:
        """What happened elsewhere, too."""
        for name, value in other.numbers.items():
            setattr(self, name, getattr(self, name) + value)
        for name in _TABLES:
            table: dict[int, int] = getattr(self, name)
            for code, times in getattr(other, name).items():
                table[code] = table.get(code, 0) + times

    def refuse(self, code: int) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1

    def close(self, code: int) -> None:
        known = code if code in _STANDARD else OTHER
        self.closed[known] = self.closed.get(known, 0) + 1


def tally_of(all: Iterable[Counts]) -> Tally:
    each = tuple(all)
    return Tally(
        admitted=sum(counts.admitted for counts in each),
        refused=sum(sum(counts.refused.values()) for counts in each),
        slow=sum(counts.slow for counts in each),
        breaches=sum(counts.breaches for counts in each),
        failures=sum(counts.failures for counts in each),
    )
