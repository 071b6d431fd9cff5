"""One link replaced by another while both live: make before break.

    converging --(all agreed to)--> fencing --(the old link's pong)--> overlapping --> over

Law 1: the old link is given up only when the new one carries everything, and when the old one has
       proven, by a pong to a ping sent after that, that all it had to bring has arrived.
Law 2: a new link that is lost is made anew, by its strand's own patience; the old one serves on.
Law 3: an old link that is lost, or falls far behind, ends the rotation at once: what the new one
       has by then is what there is.
"""

from enum import Enum, auto
from typing import Final, TypeAlias

from venuewire.core.instant import Instant, passed
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict
from venuewire.core.sieve import OVERLAP, Sieve
from venuewire.core.strand import Strand
from venuewire.core.updates import Down, Gap, Refused, Stalled, Update

_PAUSE: Final = 1.0
"""Seconds until a suspect link is looked at again."""


class Stage(Enum):
    CONVERGING = auto()
    FENCING = auto()
    OVERLAPPING = auto()


class Outcome(Enum):
    GO_ON = auto()
    SWITCH = auto()
    """The new link takes over."""
    ABANDON = auto()
    """There will be no new link; the old one remains."""


Doubt: TypeAlias = Refused | Stalled | Gap


class Rotation:
    def __init__(self, old: Strand, new: Strand, why: str) -> None:
        self.old, self.new, self.why = old, new, why
        self.stage = Stage.CONVERGING
        self.sieve = Sieve(new.subscriptions, new.dialect.likeness, new.counters)
        self.deadline: float | None = None
        """Monotonic seconds, when to `review` without being told anything."""
        self.old_down: Down | None = None
        """Why the old link was lost."""
        self.doubts: dict[tuple[type[Doubt], str | None], Doubt] = {}
        """What there was to say against the new link, by kind and channel."""
        self.failure = ""
        """Why there will be no new link."""
        self._fenced_at = 0.0
        """Monotonic seconds."""
        old.sift = self.sieve.from_old
        self.link = old.link
        """The number of the link that is to be replaced."""

    def hear(self, strand: Strand, update: Update) -> bool:
        """Whether the application is to hear it too: of the new link nothing, yet."""
        if strand is self.old:
            if not isinstance(update, Down):
                return True
            self.old_down = update
        elif isinstance(update, Doubt):
            self._doubt(update)
        elif isinstance(update, Down):
            self._begin_again(update)
        return False

    def review(self, now: Instant) -> Outcome:
        """What has become of it. To be asked after whatever happened to either strand."""
        if self.old_down is not None:
            return Outcome.SWITCH
        if self.new.phase is Phase.CLOSED:
            return Outcome.ABANDON
        if not self._converged or self.old.phase is not Phase.READY:
            self.stage, self.deadline = Stage.CONVERGING, None
        elif self.stage is Stage.CONVERGING:
            self.sieve.fence()
            self.old.ping(now)
            self.stage, self._fenced_at = Stage.FENCING, now.monotonic
        elif self.stage is Stage.FENCING and self.old.liveness.proven_since(self._fenced_at):
            self.stage, self.deadline = Stage.OVERLAPPING, now.monotonic + OVERLAP
        elif self.stage is Stage.OVERLAPPING and passed(self.deadline, now):
            if all(strand.liveness.verdict is Verdict.ALIVE for strand in (self.old, self.new)):
                return Outcome.SWITCH
            self.deadline = now.monotonic + _PAUSE
        return Outcome.GO_ON

    @property
    def _converged(self) -> bool:
        return self.new.phase is Phase.READY and self.new.subscriptions.settled

    def _doubt(self, update: Doubt) -> None:
        channel = update.channel
        if channel is not None and self.new.subscriptions.get(channel) is None:
            return  # A venue may name whatever it likes.
        earlier = self.doubts.get((type(update), channel))
        if isinstance(update, Gap) and isinstance(earlier, Gap):
            update = Gap(update.channel, earlier.since, update.until, update.why)
        self.doubts[type(update), channel] = update

    def _begin_again(self, down: Down) -> None:
        self.sieve.clear()
        self.doubts.clear()
        self.new.was_ready = False
        self.new.subscriptions.miss_nothing()
        self.failure = down.reason
