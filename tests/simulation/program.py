"""A program in a simulated world: one event loop, one clock, and the sessions that run in it.

Law 1: while the loop is kept from its work nothing is heard and nothing is said; what came
       meanwhile is read afterwards, in its order, and before any deadline is looked at.
Law 2: the wall clock may be wrong and may jump; the monotonic one only stands still, while the
       machine sleeps.
"""

from collections.abc import Callable
from typing import Any

from clock import EPOCH
from simulation.world import World
from venuewire.core.instant import Instant
from venuewire.core.pacing import Budget

GRACE = 0.75
"""Seconds that a late loop may cost beyond its lateness: the kernel's tolerance and its grace."""


class Program:
    def __init__(
        self, world: World, name: str = "program", connects: tuple[int, float] | None = None
    ) -> None:
        self.world, self.name = world, name
        self.connects = None if connects is None else Budget(*connects)
        """Shared by all of its sessions."""
        self.behind = False
        """The loop is kept from its work."""
        self.debt = 0.0
        """Seconds it has been so far, and what they cost."""
        self.longest_stall = 0.0
        self.slept = 0.0
        """Seconds the monotonic clock stood still."""
        self._wrong = 0.0
        """Seconds the wall clock is ahead."""
        self._clock: list[tuple[float, float]] = [(0.0, EPOCH)]
        """Since when, in the world's seconds, the wall clock showed how much more than them."""
        self._until = 0.0
        self._backlog: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._overslept: list[Callable[[], object]] = []
        self._jumped: list[Callable[[float], None]] = []

    # Clocks.

    def now(self) -> Instant:
        seconds = self.world.seconds
        return Instant(seconds - self.slept, EPOCH + self._wrong + seconds)

    def jump(self, seconds: float) -> None:
        """The wall clock is set to another time."""
        self.world.note(self.name, "!", f"its clock jumps by {seconds:g} s")
        self._wrong += seconds
        self._clock.append((self.world.seconds, EPOCH + self._wrong))
        self._tell_jump(seconds)

    def when(self, realtime: float) -> tuple[float, float]:
        """The earliest and the latest of the world's moments at which its wall clock showed this;
        more than one after it has jumped back."""
        ends = [since for since, _ in self._clock[1:]] + [self.world.seconds]
        shown = [
            moment
            for (since, ahead), end in zip(self._clock, ends, strict=True)
            if since - 1e-3 <= (moment := realtime - ahead) <= end + 1e-3
        ]
        if not shown:
            return (0.0, self.world.seconds)
        return (min(shown), max(shown))

    # Being kept from its work.

    def stall(self, seconds: float) -> None:
        self.world.note(self.name, "!", f"its loop stands still for {seconds:g} s")
        self.behind = True
        self.debt += seconds + GRACE
        self.longest_stall = max(self.longest_stall, seconds)
        self._until = max(self._until, self.world.seconds + seconds)
        self.world.at(self._until, self._catch_up, 0.0)

    def sleep(self, seconds: float) -> None:
        """The machine does: the wall clock goes on, the monotonic one does not."""
        self.world.note(self.name, "!", f"its machine sleeps for {seconds:g} s")
        self.behind = True
        self.debt += seconds + GRACE
        self.longest_stall = max(self.longest_stall, seconds)
        self._until = max(self._until, self.world.seconds + seconds)
        self.world.at(self._until, self._catch_up, seconds)

    def postpone(self, happen: Callable[..., object], *about: object) -> None:
        self._backlog.append((happen, about))

    def oversleep(self, wake: Callable[[], object]) -> None:
        """A deadline has passed in the meantime."""
        self._overslept.append(wake)

    def on_jump(self, tell: Callable[[float], None]) -> None:
        """Who wants to hear that the clocks have come apart, and by how much."""
        self._jumped.append(tell)

    def _catch_up(self, slept: float) -> None:
        self.slept += slept
        if self.world.seconds < self._until:
            return
        self.behind = False
        backlog, self._backlog = self._backlog, []
        for happen, about in backlog:
            happen(*about)
        overslept, self._overslept = self._overslept, []
        for wake in overslept:
            wake()
        if slept:
            self._tell_jump(slept)

    def _tell_jump(self, seconds: float) -> None:
        for tell in self._jumped:
            tell(seconds)
