"""The client's side of a session, for any dialect, over as many links as it takes.

Frames go in by `receive`, which returns what the application waits for; everything else goes in by
`handle` or as a wish (`connect`, `subscribe`, ...). What is to be done gathers in `commands`;
whoever runs the session takes them with `drain` after each call. Between calls it needs waking
only at `deadline`.

A session is strands, each with a link of its own: one, unless its channels are more than one link
may carry. A strand whose link is to be replaced has a successor for a while.

Law 1: one link is replaced at a time, so there is at most one more than there are strands.
Law 2: a successor is not heard of before it takes over.
Law 3: the last update of all is one `Down`, however many strands there were.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from venuewire.core import events, messages, updates
from venuewire.core.attempts import Attempts
from venuewire.core.backoff import Backoff
from venuewire.core.commands import Command, Deliver
from venuewire.core.dialect import ClientDialect, Option
from venuewire.core.errors import NotLive
from venuewire.core.events import Event, TimeEvent
from venuewire.core.gaps import Gaps
from venuewire.core.health import Counters, Health, examine
from venuewire.core.instant import Instant, earliest
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.outages import Outages
from venuewire.core.pacing import Budget
from venuewire.core.strand import ANNOUNCED, Strand
from venuewire.core.subscriptions import Topic, Wish, expecting
from venuewire.core.succession import Succession

ASKED_FOR: Final = "asked for by the application"


class ClientSession:
    def __init__(
        self,
        dialect: ClientDialect,
        *,
        backoff: Backoff,
        rng: Random,
        connects: Budget | None = None,  # Shared by all that a venue counts together.
        rotate_after: float | None = None,  # Seconds; the age at which to replace a link.
    ) -> None:
        self.counters = Counters()
        self.commands: list[Command] = []
        self.rotate_after = rotate_after
        self.under_maintenance = False
        self._outages = Outages()
        self._gaps = Gaps()
        self._dialect = dialect
        self._backoff, self._rng, self._connects = backoff, rng, connects
        self._links = 0
        self._last_id = 0
        self._begun = False
        self._carriers: dict[int, Strand] = {}
        """By link."""
        self.strands = [self._strand(dialect)]
        """Never none. They change places with their successors."""
        self._succession = Succession(self)

    @property
    def phase(self) -> Phase:
        """Of the strand that is farthest from being ready."""
        return self._weakest.phase

    @property
    def link(self) -> int:
        """The current link of the first strand, counted from 1; 0 while it has none."""
        return self.strands[0].link

    @property
    def links(self) -> list[int]:
        """All current links and attempts, a successor's included."""
        return [strand.link for strand in self._all if strand.link]

    @property
    def deadline(self) -> float | None:
        """When to deliver `DeadlineReached`, in monotonic seconds."""
        due = self._succession.deadline
        for strand in self._all:
            due = earliest(due, strand.deadline)
        return due

    def drain(self) -> list[Command]:
        """Take the commands, in the order they are to be obeyed."""
        taken, self.commands = self.commands, []
        return taken

    def wish(self, channel: str) -> Wish | None:
        return next(filter(None, (s.subscriptions.get(channel) for s in self.strands)), None)

    @property
    def channels(self) -> list[str]:
        """What the application asked for."""
        return [channel for strand in self.strands for channel in strand.subscriptions.channels]

    @property
    def active(self) -> list[str]:
        """Those of them that the venue has agreed to."""
        return [channel for strand in self.strands for channel in strand.subscriptions.active]

    # Asked by the application.

    def connect(self, now: Instant) -> None:
        """Begin; from then on the session goes on by itself until `close`."""
        self._begun = True
        for strand in self.strands:
            strand.connect(now)
        self.review(now)

    def subscribe(
        self,
        channel: str,
        now: Instant,
        *,
        next_data_timeout: float | None = None,
        **options: Option,
    ) -> list[str]:
        """Want a channel, or a comma list of them; the channels this stands for.

        Before the session is ready the wish is remembered. Raises `ConfigurationError`.
        """
        topics = expecting(self._dialect.topics(channel, options), next_data_timeout)
        for strand, share in self._shares(topics):
            for each in [strand, *self._succession.successor(strand)]:
                each.want(share, now)
            if self._begun and strand.phase is Phase.IDLE:
                strand.connect(now)
        self.review(now)
        return [topic.channel for topic in topics]

    def unsubscribe(self, channel: str, now: Instant, **options: Option) -> list[str]:
        """No longer want it. Raises `ConfigurationError`."""
        topics = self._dialect.topics(channel, options)
        for strand, share in self._shares(topics, make=False):
            for each in [strand, *self._succession.successor(strand)]:
                each.withdraw(share, now)
        for topic in topics:
            self._gaps.forget(topic.channel)
        self._close_empty(now)
        self.review(now)
        return [topic.channel for topic in topics]

    def ping(self, now: Instant) -> list[int]:
        """Ask each strand for a sign of life by this venue's rule; `ReportRoundTrip` with these ids
        answers.

        Raises `NotLive` unless the session is ready.
        """
        if self.phase is not Phase.READY:
            raise NotLive(f"cannot ping: the session is {self.phase.name.lower()}")
        return [strand.ping(now) for strand in self.strands]

    def rotate(self, now: Instant, why: str = ASKED_FOR) -> None:
        """Replace every link, one after the other, without a gap.

        Raises `NotLive` unless the session is ready.
        """
        if self.phase is not Phase.READY:
            raise NotLive(f"cannot rotate: the session is {self.phase.name.lower()}")
        for strand in self.strands:
            strand.renew(why, now.monotonic)
        self.review(now)

    def close(self, now: Instant) -> None:
        self._succession.abandon(now)
        first, *others = self.strands
        for strand in others:
            strand.retire(now)
        self.strands = [first]
        first.close(now)

    def replaces(self, asked: Instant) -> bool:
        """Links are being replaced, or were to be by then."""
        return self._succession.replaces(asked)

    def health(self, now: Instant) -> Health:
        return examine(self, self._weakest, now)

    # Told by the outside.

    def receive(self, link: int, payload: bytes, now: Instant) -> Message | None:
        """A whole text frame; the message it carries for the application, if it carries one.

        Obey `commands` before delivering the message. Only when there is no message can
        `deadline` have come nearer.
        """
        strand = self._carriers.get(link)
        return None if strand is None else strand.receive(link, payload, now)

    def ear(self, link: int) -> Callable[[int, bytes, Instant], Message | None]:
        """`receive` for this link and no other: a shorter way for its frames."""
        strand = self._carriers.get(link)
        return self.receive if strand is None else strand.receive

    def handle(self, event: Event, now: Instant) -> None:
        if isinstance(event, events.TimeEvent):
            self._on_time(event, now)
        elif (strand := self._carriers.get(event.link)) is not None:
            strand.handle(event, now)
        self.review(now)

    def _on_time(self, event: TimeEvent, now: Instant) -> None:
        self._gaps.look_at_clock(now.realtime - now.monotonic)
        for strand in self._all:
            if isinstance(event, events.DeadlineReached):
                strand.wake(now)
            else:
                strand.suffer(event, now)
        self._succession.settle(now)

    # Told by the strands, and by their succession.

    def new_strand(self) -> Strand:
        return self._strand(self._dialect.again())

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def new_link(self, strand: Strand) -> int:
        self._links += 1
        self.forget(strand)
        self._carriers[self._links] = strand
        return self._links

    def forget(self, strand: Strand) -> None:
        self._carriers = {n: each for n, each in self._carriers.items() if each is not strand}

    def told(self, strand: Strand, update: updates.Update) -> None:
        if self._succession.hears(strand, update):
            if isinstance(update, updates.Gap):
                self._gaps.look_at_clock(strand.liveness.ahead)
            self.deliver(update)

    def deliver(self, update: updates.Update) -> None:
        """Tell the application."""
        if isinstance(update, updates.Gap):
            untold = self._gaps.untold(update)
            self.counters.gaps += len(untold)
            self.commands += map(Deliver, untold)
        else:
            self.commands.append(Deliver(update))

    def announced(self, word: messages.Announced, now: Instant) -> None:
        for outage in self._outages.news(word.outages, now):
            self.commands.append(Deliver(outage))
            if (at := self._outages.rotate_at(outage, now)) is not None:
                for strand in self._all:
                    strand.renew(ANNOUNCED, at)

    def next_rotation(self, now: Instant) -> float | None:
        return self._outages.next_rotation(now)

    def in_maintenance(self, now: Instant) -> bool:
        return self.under_maintenance or self._outages.cover(now)

    # Strands.

    def _strand(self, dialect: ClientDialect) -> Strand:
        return Strand(self, dialect, Attempts(self._backoff, self._rng, self._connects))

    @property
    def _all(self) -> list[Strand]:
        rotation = self._succession.rotation
        return self.strands if rotation is None else [*self.strands, rotation.new]

    @property
    def _weakest(self) -> Strand:
        strands = self.strands
        if len(strands) == 1:
            return strands[0]
        return min(strands, key=lambda strand: strand.soundness)

    def _shares(
        self, topics: list[Topic], *, make: bool = True
    ) -> list[tuple[Strand, list[Topic]]]:
        """Which strand carries which of these channels; with `make`, there is one for each."""
        shares: dict[Strand, list[Topic]] = {}
        for topic in topics:
            strand = self._carrying(topic) or (self._roomy(shares) if make else self.strands[0])
            shares.setdefault(strand, []).append(topic)
        return list(shares.items())

    def _carrying(self, topic: Topic) -> Strand | None:
        for strand in self.strands:
            if strand.subscriptions.get(topic.channel) is not None:
                return strand
        return None

    def _roomy(self, shares: dict[Strand, list[Topic]]) -> Strand:
        capacity = self._dialect.capacity
        for strand in self.strands:
            carried = len(strand.subscriptions) + len(shares.get(strand, ()))
            if capacity is None or carried < capacity:
                return strand
        self.strands.append(self.new_strand())
        return self.strands[-1]

    def _close_empty(self, now: Instant) -> None:
        """The first strand stays, whatever it carries."""
        for strand in self.strands[1:]:
            if not strand.subscriptions.channels:
                if self._succession.successor(strand):
                    self._succession.abandon(now)
                strand.retire(now)
                self.forget(strand)
                self.strands.remove(strand)

    def __repr__(self) -> str:
        return f"ClientSession({self.phase.name.lower()}, link {self.link})"

    # After whatever happened.

    def review(self, now: Instant) -> None:
        self._succession.review(now)
        self._succession.begin(now)
        for strand in self.strands:
            if strand.phase is Phase.CLOSED:
                self._end(strand, now)
                return

    def _end(self, last: Strand, now: Instant) -> None:
        """One strand that has ended for good ends the session."""
        self._succession.abandon(now)
        for strand in self.strands:
            strand.retire(now)
        self.strands = [last]
