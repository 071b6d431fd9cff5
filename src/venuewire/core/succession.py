"""Replaces links of a session, one at a time, and settles what was heard of each.

Law 1: of a successor the application hears nothing before it has taken over.
Law 2: what neither link has covered is one `Gap` a channel, when the successor carries it.
Law 3: a session that loses its old link before the new one is ready is down, and says so.
"""

from functools import partial
from typing import Final, assert_never

from venuewire.core import updates
from venuewire.core.instant import Instant, earliest, passed
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.owner import House
from venuewire.core.rotation import Doubt, Outcome, Rotation
from venuewire.core.sieve import OVERLAP
from venuewire.core.strand import Strand
from venuewire.core.subscriptions import Standing, Wish
from venuewire.core.updates import Down, Update

FELL_BEHIND: Final = "it fell far behind its successor"


class Succession:
    def __init__(self, house: House) -> None:
        self._house = house
        self.rotation: Rotation | None = None
        """The one under way."""
        self._settling: list[tuple[float, Strand]] = []
        """Strands that have taken over, and the monotonic seconds until which they may bring again
        what has been heard."""

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds; apart from those of the strands themselves."""
        due = None if self.rotation is None else self.rotation.deadline
        for until, _ in self._settling:
            due = earliest(due, until)
        if self.rotation is None:
            for strand in self._settled:
                due = earliest(due, strand.rotate_at)
        return due

    def replaces(self, asked: Instant) -> bool:
        """A rotation is under way, or one that was due by then is yet to begin."""
        due = (passed(strand.rotate_at, asked) for strand in self._house.strands)
        return self.rotation is not None or any(due)

    def hears(self, strand: Strand, update: Update) -> bool:
        """Whether the application is to hear this of a strand, now."""
        rotation = self.rotation
        if rotation is None or strand not in (rotation.old, rotation.new):
            return True
        return rotation.hear(strand, update)

    def successor(self, strand: Strand) -> list[Strand]:
        """Who is to take its place; nobody, or one."""
        rotation = self.rotation
        return [rotation.new] if rotation is not None and rotation.old is strand else []

    def review(self, now: Instant) -> None:
        """Something happened that may carry a rotation on."""
        rotation = self.rotation
        if rotation is None:
            return
        if rotation.sieve.is_full and rotation.old_down is None:
            rotation.old.leave(FELL_BEHIND, now)
        outcome = rotation.review(now)
        if outcome is Outcome.SWITCH:
            self._switch(rotation, now)
        elif outcome is Outcome.ABANDON:
            self.abandon(now)
            self._tell(updates.Notice(f"link {rotation.link} stays: {rotation.failure}"))

    def begin(self, now: Instant) -> None:
        """The next rotation that is due, unless one is under way."""
        if self.rotation is None:
            for strand in self._settled:
                if passed(strand.rotate_at, now):
                    self._begin(strand, now)
                    return

    def abandon(self, now: Instant) -> None:
        """The old link stays."""
        if self.rotation is not None:
            self.rotation.old.sift = None
            self._end(self.rotation.new, now)
            self.rotation = None

    def settle(self, now: Instant) -> None:
        """Who has taken over long ago brings nothing twice."""
        for settled in [each for each in self._settling if passed(each[0], now)]:
            settled[1].sift = None
            self._settling.remove(settled)

    # How it is done.

    @property
    def _settled(self) -> list[Strand]:
        """Who may be replaced: not before all that its predecessor brought has come again."""
        if not self._settling:
            return self._house.strands
        settling = [strand for _, strand in self._settling]
        return [strand for strand in self._house.strands if strand not in settling]

    def _begin(self, old: Strand, now: Instant) -> None:
        new = self._house.new_strand()
        why, old.rotate_at = old.rotate_why, None
        new.take_over_wishes(old.subscriptions)
        self.rotation = Rotation(old, new, why)
        new.sift = partial(self._from_successor, self.rotation)
        new.connect(now)
        self.review(now)

    def _from_successor(self, rotation: Rotation, message: Message, now: Instant) -> Message | None:
        told = rotation.sieve.from_new(message, now)
        if rotation.sieve.is_full:
            self.review(now)
        return told

    def _switch(self, rotation: Rotation, now: Instant) -> None:
        old, new, down = rotation.old, rotation.new, rotation.old_down
        self.rotation = None
        old.sift = None
        if down is not None and new.phase is not Phase.READY:
            self._fall_back(rotation, down, now)
            return
        why = rotation.why if down is None else f"the old link was lost: {down.reason}"
        self._replace(old, new, now)
        self._house.counters.rotations += 1
        self._tell(updates.Rotated(rotation.link, new.link, why), *self._inherit(old, new))
        self._tell_doubts(rotation, now)
        missed = {w.topic.channel for w in old.subscriptions if w.covered_until is not None}
        self._tell(*rotation.sieve.switch(lambda channel: channel not in missed, proven=not down))
        new.sift = rotation.sieve.after
        self._settling.append((now.monotonic + OVERLAP, new))

    def _fall_back(self, rotation: Rotation, down: Down, now: Instant) -> None:
        """The new link is made in place of the old, with nothing between them."""
        old, new = rotation.old, rotation.new
        if down.retry_in is None:
            self._end(new, now)
            self._tell(down)
            return
        new.sift = None
        new.was_ready = old.was_ready
        self._replace(old, new, now)
        self._inherit(old, new)
        wait = 0.0 if new.retry_at is None else max(0.0, new.retry_at - now.monotonic)
        self._tell(Down(down.cause, down.reason, wait))

    def _replace(self, old: Strand, new: Strand, now: Instant) -> None:
        self._house.strands[self._house.strands.index(old)] = new
        self._end(old, now)
        new.take_over(old)

    def _end(self, strand: Strand, now: Instant) -> None:
        strand.retire(now)
        self._house.forget(strand)

    def _inherit(self, old: Strand, new: Strand) -> list[Update]:
        """What the successor is answerable for; and what there is to say of it already."""
        news: list[Update] = []
        for wish in old.subscriptions:
            heir = new.subscriptions.get(wish.topic.channel)
            if heir is None:
                continue
            if heir.standing is Standing.ACTIVE:
                news += self._come_back(wish, heir, old.went_down)
            else:
                wish.end_cover(old.liveness.covered_until, old.liveness.ahead)
                heir.covered_until, heir.uncovered_why = wish.covered_until, wish.uncovered_why
                heir.ahead = wish.ahead
        return news

    def _come_back(self, wish: Wish, heir: Wish, why: str) -> list[Update]:
        """The venue has agreed to it on the new link. Had it been, on the old?"""
        channel, since, agreed = wish.topic.channel, wish.covered_until, heir.expected_since
        if heir.own or agreed is None:
            return []
        if since is None:
            return [] if wish.standing is Standing.ACTIVE else [updates.Subscribed(channel)]
        if since >= agreed.realtime:
            wish.covered_until = None
            return []
        gap = updates.Gap(channel, since, agreed.realtime, wish.uncovered_why or why)
        return [updates.Subscribed(channel), gap]

    def _tell_doubts(self, rotation: Rotation, now: Instant) -> None:
        """Of the new link, as far as they still hold, and the old one has not met them."""
        for doubt in rotation.doubts.values():
            if _holds(doubt, rotation, now):
                self._tell(doubt)

    def _tell(self, *news: Update) -> None:
        for update in news:
            self._house.deliver(update)


def _holds(doubt: Doubt, rotation: Rotation, now: Instant) -> bool:
    if doubt.channel is None:
        return True
    heir = rotation.new.subscriptions.get(doubt.channel)
    wish = rotation.old.subscriptions.get(doubt.channel)
    match doubt:
        case _ if heir is None:
            return False  # Given up meanwhile.
        case updates.Refused():
            return heir.standing is Standing.REFUSED
        case updates.Stalled():
            return passed(heir.data_due, now) and not (wish is not None and wish.muted)
        case updates.Gap(channel, _, until):
            return rotation.sieve.holds(channel, until)
        case _:
            assert_never(doubt)
