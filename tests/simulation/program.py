"""A program in a simulated world: one event loop, one clock, and the sessions that run in it.

Law 1: while the loop is kept from its work nothing is heard and nothing is said; what came
       meanwhile is read afterwards, in its order, and before any deadline is looked at.
Law 2: the wall clock may be wrong and may jump; the monotonic one only stands still, while the
       machine sleeps.
"""

from collections.abc import Callable
from typing import Any

from clock import EPOCH
from simulation.world import Peak, World
from venuewire.core.events import LoopLagged, Oddity, TimeJumped
from venuewire.core.instant import Instant
from venuewire.core.pacing import Budget

GRACE = 0.75
"""Seconds that a late loop may cost beyond its lateness: the kernel's tolerance and its grace."""


PROBE = 10.0
"""Seconds that no probe is waited for longer."""
_LOOK = 0.7
"""Seconds until the sentinel notices: it looks once a second."""
_MEMORY = 300.0
"""Seconds: an episode, and the one before."""
_TIMES_SET = 8
"""How often it may have been set since a moment that somebody asks about."""


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
        """Seconds it has been so far, until it last caught up, and what they cost."""
        self.longest_stall = Peak()
        self.slept = 0.0
        """Seconds the monotonic clock stood still."""
        self.jumped_at = -PROBE
        """When it was last told that its clocks have parted."""
        self.set_at = 0.0
        """When the wall clock last was: what it showed before means little afterwards."""
        self._wrong = 0.0
        """Seconds the wall clock is ahead."""
        self._clock: list[tuple[float, float]] = [(0.0, EPOCH)]
        """Since when, in the world's seconds, the wall clock showed how much more than them."""
        self._since = self._until = 0.0
        """Of the time it stands still."""
        self._backlog: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._overslept: list[Callable[[], object]] = []
        self._watchers: list[Callable[[Oddity], object]] = []

    # Clocks.

    def now(self) -> Instant:
        seconds = self.world.seconds
        return Instant(seconds - self.slept, EPOCH + self._wrong + seconds)

    def jump(self, seconds: float) -> None:
        """The wall clock is set to another time."""
        self.world.note(self.name, "!", f"its clock jumps by {seconds:g} s")
        self._wrong += seconds
        self.set_at = self.world.seconds
        agreed = self.now().realtime - seconds
        self._clock.append((self.world.seconds, EPOCH + self._wrong))
        del self._clock[:-_TIMES_SET]
        self.world.later(self._tell, _LOOK, TimeJumped(seconds, agreed))

    def set_right(self) -> None:
        """Somebody has noticed that the wall clock is wrong."""
        if self._wrong:
            self.jump(-self._wrong)

    def when(self, realtime: float) -> tuple[float, float]:
        """The earliest and the latest of the world's moments at which its wall clock showed this,
        or would have, had it been set then as it was before or after; more than one once it was
        set, because who counts back from what it shows cannot know when that was. What it shows
        now may also mean a time before the world."""
        now = self.world.seconds
        ends = [since for since, _ in self._clock[1:]] + [now]
        shown = [
            max(moment, 0.0)
            for (_, ahead), end in zip(self._clock, ends, strict=True)
            if end > now - _MEMORY and (moment := realtime - ahead) <= now + 1e-3
            if moment >= 0.0 or end == now
        ]
        if not shown:
            return (0.0, self.world.seconds)
        return (min(shown), max(shown))

    # Being kept from its work.

    def stall(self, seconds: float) -> None:
        self.world.note(self.name, "!", f"its loop stands still for {seconds:g} s")
        self._stand_still(seconds, 0.0)

    @property
    def blind(self) -> list[tuple[float, float]]:
        """From when its wall clock was set until that had been noticed, and a while before: what is
        said of this time in its terms has no meaning."""
        return [(at - _LOOK, at + 2 * _LOOK) for at, _ in self._clock[1:]]

    def owes(self, since: float, debt: float) -> float:
        """Seconds by which a link that was heard then, with that debt, may be judged later. The
        probe after a jump has a time of its own, in which nothing else is judged."""
        probe = PROBE if since < self.jumped_at + PROBE else 0.0
        return self.debt - debt + probe

    def sleep(self, seconds: float) -> None:
        """The machine does: the wall clock goes on, the monotonic one does not."""
        self.world.note(self.name, "!", f"its machine sleeps for {seconds:g} s")
        self._stand_still(seconds, seconds)

    def _stand_still(self, seconds: float, asleep: float) -> None:
        now = self.world.seconds
        if not self.behind:
            self.behind, self._since = True, now
        self._until = max(self._until, now + seconds)
        self.longest_stall.rise(self._until - self._since)
        self.world.at(self._until, self._catch_up, seconds, asleep)

    def postpone(self, happen: Callable[..., object], *about: object) -> None:
        self._backlog.append((happen, about))

    def oversleep(self, wake: Callable[[], object]) -> None:
        """A deadline has passed in the meantime."""
        self._overslept.append(wake)

    def watch(self, tell: Callable[[Oddity], object]) -> None:
        """As the sentinel of an event loop does: tell what is odd about its clocks."""
        self._watchers.append(tell)

    def _catch_up(self, seconds: float, slept: float) -> None:
        self.slept += slept
        self.debt += seconds + GRACE
        if self.world.seconds < self._until:
            return
        self.behind = False
        backlog, self._backlog = self._backlog, []
        for happen, about in backlog:
            happen(*about)
        overslept, self._overslept = self._overslept, []
        for wake in overslept:
            wake()
        self._tell(LoopLagged(self.world.seconds - self._since))
        if slept:
            self._tell(TimeJumped(slept, EPOCH + self._wrong + self._since))

    def _tell(self, oddity: Oddity) -> None:
        if self.behind:
            self.postpone(self._tell, oddity)
        else:
            if isinstance(oddity, TimeJumped):
                self.jumped_at = self.world.seconds
            for tell in self._watchers:
                tell(oddity)
