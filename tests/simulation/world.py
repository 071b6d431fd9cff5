"""Virtual time, and what is going to happen in it.

Clients, venues and the links between them live in one world and one thread. The kernel and the
dialects are the real ones, on both sides; only sockets, clocks and chance are the world's.

Law 1: one seed gives one history. Whoever draws has a `Random` of its own, made from the seed and
       its name, so that what one does leaves the luck of the others alone.
Law 2: a frame costs one entry of a heap each way: a tuple, and no closure.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, TypeAlias

from clock import EPOCH
from venuewire.core.instant import Instant

Coming: TypeAlias = tuple[float, int, Callable[..., object], tuple[Any, ...]]


class Peak:
    """The highest of some numbers, in this episode and the last one."""

    __slots__ = ("_before", "_now")

    def __init__(self) -> None:
        self._before = self._now = 0.0

    def rise(self, number: float) -> None:
        self._now = max(self._now, number)

    def turn(self) -> None:
        self._before, self._now = self._now, 0.0

    @property
    def value(self) -> float:
        return max(self._before, self._now)


class World:
    def __init__(self, seed: int = 0) -> None:
        self.seconds = 0.0
        self.seed = seed
        self.transcript: list[str] | None = None
        """What happened, line by line, once somebody wants it."""
        self.secrets: set[str] = set()
        """That must not be in it: whatever a client has shown or been granted."""
        self.coming: list[Coming] = []
        self.order = count()
        """Tells apart what happens at one moment: first come, first served."""

    def now(self) -> Instant:
        return Instant(self.seconds, EPOCH + self.seconds)

    def chance(self, name: str) -> Random:
        """Luck of one's own. Seeded with text, which is hashed the same in every process."""
        return Random(f"{self.seed}:{name}")

    def at(self, moment: float, happen: Callable[..., object], *about: object) -> None:
        heappush(self.coming, (moment, next(self.order), happen, about))

    def later(self, happen: Callable[..., object], delay: float, *about: object) -> None:
        heappush(self.coming, (self.seconds + delay, next(self.order), happen, about))

    def run(self, seconds: float) -> None:
        """Jump from happening to happening until `seconds` have passed."""
        end, coming = self.seconds + seconds, self.coming
        while coming and coming[0][0] <= end:
            moment, _, happen, about = heappop(coming)
            if moment > self.seconds:  # noqa: PLR1730 - `max` costs four times as much
                self.seconds = moment
            happen(*about)
        self.seconds = end

    def note(self, who: str, mark: str, what: object) -> None:
        """Remember it in the transcript. Marks are those of the log: `=` state, `<` heard, `>`
        said, `!` a mishap."""
        if self.transcript is not None:
            self.transcript.append(f"{self.seconds:12.6f} {who} {mark} {what}")
