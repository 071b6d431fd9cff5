"""A client whose life is written down, and judged as it goes on.

Law: what it is judged by is what the world knows (when a frame arrived, what a fault has eaten)
and what the application was told; never what the kernel believes, with two exceptions that say so.
"""

import re
from collections import deque
from typing import TYPE_CHECKING

from simulation.bounds import ATTEMPT, CONVERGES
from simulation.client import Client
from simulation.invariants import (
    Account,
    Broken,
    Hole,
    Silence,
    crowded,
    disorderly,
    doubled,
    false_death,
    over_budget,
    repeated,
    unfinished,
    unreported,
    zombie,
)
from simulation.link import Link
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.sieve import OVERLAP
from venuewire.core.strand import Strand
from venuewire.core.subscriptions import Standing
from venuewire.core.updates import (
    Alive,
    Cause,
    Down,
    Gap,
    Ready,
    Refused,
    Rotated,
    Subscribed,
    Suspect,
    Update,
)
from venuewire.faults.rule import Direction, HangUp

if TYPE_CHECKING:
    from simulation.stage import Stage

_NUMBER = re.compile(rb'"n":(\d+)')
_FOREVER = float("inf")


def number_in(raw: bytes) -> int | None:
    """Of a message that was published in this world."""
    found = _NUMBER.search(raw)
    return None if found is None else int(found[1])


class Customer(Client):
    stage: "Stage"

    def begin(self, stage: "Stage", channels: list[str]) -> None:
        self.stage = stage
        self.wanted = dict.fromkeys(channels)
        self.known: dict[int, Link] = {}
        """Links by number, the open ones and the last few of the others."""
        self.left_at = 0.0
        """When the link that was replaced last had been heard."""
        self.current = 0
        """Number of the link that the application was last told of."""
        self.told_of: set[int] = set()
        """Numbers of messages that the venue told us of again, when we asked for their channel."""
        self.life: deque[Update] = deque(maxlen=2)
        """The last `Ready` and `Down`."""
        self.last_update: Update | None = None
        self.suspected: Suspect | None = None
        self.suspected_clean = False
        self.moved_at = 0.0
        """When a channel last became active or stopped being so."""
        self.active: set[str] = set()
        """Channels that the venue has agreed to on this link."""
        self.covered: dict[str, float] = {}
        """When the last link that carried a channel was last heard."""
        self.misled: list[tuple[float, float]] = []
        """When the venue took a request for another one."""
        self.owed: dict[str, list[tuple[float, float]]] = {}
        self.heard_first: dict[int, int] = {}
        """Link of each message, by its number."""
        self.swallowed: dict[int, list[tuple[float, Link]]] = {}
        self.excused: set[int] = set()
        self.holes: list[Hole] = []
        self.suspects = self.deaths = self.gaps = self.rotations = 0
        self.program.watch(self.tell)
        self.connect(*channels)

    def broken(self, invariant: str, what: str) -> Broken:
        return Broken(invariant, self.name, f"{what} (at {self.world.seconds:.3f})")

    def check(self, invariant: str, what: str) -> None:
        if what:
            raise self.broken(invariant, what)

    @property
    def link(self) -> Link | None:
        """The one that the session lives on: the kernel's own word for it."""
        return self.links.get(self.session.link)

    @property
    def was_clean(self) -> bool:
        """Whether the link the application was last told of is without fault, and open at the
        venue."""
        link = self.known.get(self.current)
        return link is not None and link.clean and link.up

    # Told.

    def told(self, update: Update) -> None:  # noqa: C901 - one case per update
        if isinstance(update, Message):
            if (link := self.known.get(self.current)) is not None:
                self.took(update, link, genuine=True)
            return
        self.last_update = update
        self.check("order", disorderly([*self.life, update]))
        if isinstance(update, Ready | Down):
            self.life.append(update)
        match update:
            case Suspect():
                self.suspects += 1
                self.suspected, self.suspected_clean = update, self.was_clean
            case Alive():
                self.suspected = None
            case Ready(number):
                self.current = number
            case Refused(channel=str(channel)) if channel in self.active:
                self._refused(channel)
            case Rotated():
                self._rotated(update)
            case Subscribed(channel):
                self._cover(channel)
            case Gap(channel, since, until):
                self.gaps += 1
                self._note_hole(channel, since, until)
            case Down():
                self._down(update)
            case _:
                pass
        self.stage.told(self, update)

    def _refused(self, channel: str) -> None:
        """A successor may not carry what its predecessor did."""
        wish = self.session.wish(channel)
        if wish is not None and wish.standing is Standing.REFUSED:
            self.active.discard(channel)
            self.covered[channel] = self.left_at

    def _rotated(self, rotated: Rotated) -> None:
        self.rotations += 1
        if (old := self.known.get(rotated.old)) is not None:
            self.left_at = old.heard_at
            if old.misread:
                self.misled.append((old.opened_at, self.world.seconds))
        self._judge(rotated)
        self.current = rotated.link

    def _down(self, down: Down) -> None:
        if (lost := self.known.get(self.current)) is not None:
            self.covered |= dict.fromkeys(self.active, lost.heard_at)
        self.active.clear()
        self._judge(down)
        self.deaths += down.cause is Cause.SILENT
        self.current = 0

    def _judge(self, ending: Down | Rotated) -> None:
        history: list[tuple[Update, bool]] = []
        if self.suspected is not None:
            history.append((self.suspected, self.suspected_clean))
        self.check("false death", false_death([*history, (ending, self.was_clean)]))
        self.suspected = None

    def _cover(self, channel: str) -> None:
        self.moved_at = self.world.seconds
        self.active.add(channel)
        spans = self.owed.setdefault(channel, [])
        if channel in self.wanted and (not spans or spans[-1][1] < _FOREVER):
            spans.append((self.world.seconds, _FOREVER))

    def _note_hole(self, channel: str, since: float, until: float) -> None:
        # An end that is the beginning is one before it: the wall clock was set back meanwhile.
        ends = self.program.when(until)
        ends = (ends[0], self.world.seconds if until == since else ends[1])
        hole = Hole(channel, self.program.when(since), ends)
        for one in self.holes[-6:]:
            if self.program.set_at < one.since[0]:  # Later its terms were others.
                self.check("doubled gap", doubled([one, hole]))
        self.holes.append(hole)

    # Heard.

    def took(self, message: Message, link: Link, *, genuine: bool) -> None:
        if not genuine or (number := number_in(bytes(message.raw))) is None:
            return
        self.world.note(self.name, "=", f"message {number} on {message.channel}")
        if (before := self.heard_first.get(number)) is not None:
            if number in self.told_of or link.misread:
                return  # As a statement of how things are, which repeats what is known.
            if self.under_way > OVERLAP:
                return  # KNOWN: one link may not be farther behind the other.
            self.check("duplicate", repeated([(number, before), (number, link.number)]))
        self.heard_first[number] = link.number

    def eaten(self, link: Link, direction: Direction, payload: bytes, behind: float) -> None:
        if direction is Direction.DOWNSTREAM and (number := number_in(payload)) is not None:
            self.swallowed.setdefault(number, []).append((max(behind, self.world.seconds), link))

    def stated(self, frame: bytes) -> None:
        if (number := number_in(frame)) is not None:
            self.told_of.add(number)

    # Attempts and links.

    def tried(self, number: int) -> None:
        began = self.world.seconds
        self.world.later(self._expect_attempt, ATTEMPT, number, began, self.program.debt)
        attempts = self.stage.attempts
        attempts.append(self.world.seconds - self.program.slept)
        if self.place.venue.connects is not None:
            limit, window = self.stage.budget
            recent = list(attempts)[-limit - 1 :]
            self.check("connect budget", over_budget(recent, limit, window))

    def _expect_attempt(self, number: int, began: float, debt: float) -> None:
        strand = self.session._carriers.get(number)
        if strand is None or strand.link != number or strand.phase is Phase.READY:
            return
        if self.program.behind:
            self.world.later(self._expect_attempt, 1.0, number, began, debt)
            return
        late = Silence(
            way="of an attempt",
            since=began,
            bound=ATTEMPT,
            debt=self.program.debt - debt,
        )
        self.check("zombie", zombie(self.world.seconds, [late]))
        self.world.at(late.due + 0.01, self._expect_attempt, number, began, debt)

    def linked(self, link: Link) -> None:
        self.check("links", crowded(len(self.links)))
        for number, old in list(self.known.items()):
            if number not in self.links and old.misread:
                self.misled.append((old.opened_at, self.world.seconds))
            if number not in self.links and number != self.current:
                del self.known[number]
        self.known[link.number] = link
        self.world.later(self._watch, 1.0, link)

    def _watch(self, link: Link) -> None:
        """Look at a link when it must have been found dead, had it been."""
        if self.links.get(link.number) is not link:
            return
        strand = self.session._carriers.get(link.number)
        is_judged = strand is not None and strand.link == link.number
        if (
            self.program.behind
            or strand is None
            or not is_judged
            or strand.phase is not Phase.READY
        ):
            self.world.later(self._watch, 1.0, link)
            return
        silences = self._silences(link, strand)
        self.check("zombie", zombie(self.world.seconds, silences))
        due = min(silence.due for silence in silences)
        self.world.at(max(due, self.world.seconds) + 0.01, self._watch, link)

    def _silences(self, link: Link, strand: Strand) -> list[Silence]:
        bound = self.stage.bound
        slack = 2 * (self.latency + self.jitter + self.place.longest_delay.value) + 0.05
        deaf = Silence(
            way="at the venue",
            since=max(link.reached_at, link.asked_at),
            bound=bound.deaf,
            debt=self.program.owes(link.reached_at, link.debt_when_reached),
            slack=slack,
        )
        here = Silence(
            way="here",
            since=max(link.heard_at, self.moved_at, link.asked_at),
            bound=self._patience(strand),
            debt=self.program.owes(link.heard_at, link.debt_when_heard),
            slack=0.05,
        )
        return [deaf, here]

    def _patience(self, strand: Strand) -> float:
        bound = self.stage.bound
        if bound.beats is not None and strand.liveness._beats > bound.beats:
            learned = strand.liveness._beat_interval
            return min(bound.deaf, bound.beats * learned + bound.grace)
        if bound.silent is not None and strand.subscriptions.concern_the_venue:
            return bound.silent
        return bound.deaf

    def set_right(self) -> None:
        """A venue that took a request for another one is made to forget it: nobody can notice."""
        for link in list(self.links.values()):
            if link.misread and link.up:
                self.misled.append((link.opened_at, self.world.seconds + CONVERGES))
                link.hang_up(HangUp(1001, "nobody knows what was agreed to"))

    # Settling accounts.

    @property
    def under_way(self) -> float:
        """Seconds a message may have been on its way, at most, and unread."""
        return (
            self.latency
            + self.jitter
            + self.place.longest_delay.value
            + self.program.longest_stall.value
            + 0.1
        )

    def ends_cover(self, channel: str) -> None:
        """The application gives a channel up: of what is not settled, nothing is owed any more."""
        spans = self.owed.get(channel)
        if not spans or spans[-1][1] < _FOREVER:
            return
        if channel in self.active and self.link is not None:
            self.covered[channel] = self.link.heard_at
        self.active.discard(channel)
        self.excused |= self.swallowed.keys()
        end = self.covered.get(channel, 0.0) - self.under_way
        spans[-1] = (spans[-1][0], end)

    def balance(self, until: float, before: int) -> None:
        """Account for all that was published until then; forget what is older than number
        `before`."""
        excused = [*self.misled, *self.program.blind]
        swallowed = self.excused | {
            number
            for number, ones in self.swallowed.items()
            if any(link.heard_at > behind or link is self.link for behind, link in ones)
        }
        for channel, spans in self.owed.items():
            published = [
                (number, moment)
                for number, moment in self.stage.published.get(channel, ())
                if moment <= until and not any(since <= moment <= end for since, end in excused)
            ]
            account = Account(
                published=published,
                owed=spans,
                heard=self.heard_first,
                swallowed=swallowed,
                holes=[hole for hole in self.holes if hole.channel == channel],
                under_way=self.under_way,
            )
            self.check("unreported gap", f"{channel}: {w}" if (w := unreported(account)) else "")
        self._forget(until, before)

    def _forget(self, until: float, before: int) -> None:
        self.heard_first = {n: link for n, link in self.heard_first.items() if n >= before}
        self.told_of = {n for n in self.told_of if n >= before}
        self.excused = {n for n in self.excused if n >= before}
        self.swallowed = {n: one for n, one in self.swallowed.items() if n >= before}
        self.misled = [span for span in self.misled if span[1] >= until]
        self.holes = [hole for hole in self.holes if hole.until[1] >= until]
        for channel, spans in self.owed.items():
            self.owed[channel] = [span for span in spans if span[1] >= until]

    @property
    def is_converged(self) -> bool:
        """Every wanted channel is active: the kernel's own word for it."""
        get = self.session.wish
        if self.session.phase is not Phase.READY or self.link is None:
            return False
        if self.link.doomed or not self.link.up:
            return False
        if self.session._succession.rotation is not None:
            return False
        return all(
            (wish := get(channel)) is not None and wish.standing is Standing.ACTIVE
            for channel in self.wanted
        )

    def rotate(self, why: str) -> None:
        """Ask for another link."""
        if self.session.phase is Phase.READY and not self.program.behind:
            self.session.rotate(self.program.now(), why)
            self.obey()

    def finish(self) -> None:
        self.close()
        self.check("last word", unfinished([self.last_update] if self.last_update else []))
