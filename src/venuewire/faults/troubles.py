"""The faults of one venue: when each begins and ends, and what they do to its doors, its clock and
its sessions. What they do to frames is in `gate`.

Law 1: times are monotonic seconds, passed in; `deadline` says when something begins, ends, or is
       to be done.
Law 2: a fault without an end lasts until it is cleared; one that is over no longer counts.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from msgspec import Struct, field

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Floor, Note
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.idiom import Idiom, Reading, Role, Wrong
from venuewire.core.instant import Instant, earliest
from venuewire.core.server_session import ServerSession
from venuewire.core.venue import Door, Venue
from venuewire.faults.fault import (
    Altered,
    Deed,
    Fault,
    Knock,
    Memory,
    Never,
    Say,
    Scene,
    Slam,
    Wait,
)
from venuewire.faults.gate import Gate
from venuewire.faults.spec import Spec

_CONTROL: Final = frozenset({Role.CLOSE})


def _unread(_: bytes) -> Reading:
    return Reading(Role.OTHER)


def _nothing(_: bytes, __: Wrong) -> bytes:
    return b""


def _same(payload: bytes) -> bytes:
    return payload


NO_IDIOM: Final = Idiom(
    upstream=_unread, downstream=_unread, roles=_CONTROL, refuse=_nothing, misaddress=_same
)
"""Of a venue that gives none."""


class Trouble(Struct):
    """A fault at one venue."""

    number: int
    """Of what was added as one: the faults of a scenario share it."""
    spec: Spec
    since: float
    until: float | None
    """None: until it is cleared."""
    agenda: list[tuple[float, Deed]]
    """What is still to be done, and when."""
    memory: Memory = field(default_factory=Memory)

    @property
    def fault(self) -> Fault:
        return self.spec.fault

    def is_active(self, now: float) -> bool:
        return self.since <= now and not self.is_over(now)

    def is_over(self, now: float) -> bool:
        return self.until is not None and now >= self.until

    def state(self, now: float) -> str:
        """`waiting`, `active` or `over`."""
        if self.is_over(now):
            return "over"
        return "active" if now >= self.since else "waiting"


class Welcomed(Struct, frozen=True):
    """The venue answers the request. An upgrade is looked at after so many seconds; the answer to
    anything else is sent so much later."""

    request: HttpRequest
    wait: float = 0.0


class Troubles:
    def __init__(self, venue: Venue, rng: Random) -> None:
        self.venue = venue
        self.rng = rng
        self.idiom = venue.idiom or NO_IDIOM
        self.edition = 0
        """Changes with the faults there are."""
        self._all: list[Trouble] = []

    def __iter__(self) -> Iterator[Trouble]:
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)

    # Coming and going.

    def unfit(self, fault: Fault) -> str | None:
        """Why it makes no sense here; None when it does."""
        return fault.unfit(self.venue, self.idiom)

    def add(self, spec: Spec, number: int, now: float) -> None:
        """Raises `ConfigurationError` where it makes no sense."""
        if (reason := self.unfit(spec.fault)) is not None:
            raise ConfigurationError(f"fault: {spec.fault.name}: {reason}")
        since = now + spec.after
        until = None if spec.lasting is None else since + spec.lasting
        agenda = [(since + after, deed) for after, deed in spec.fault.deeds(self.idiom)]
        self._all.append(Trouble(number, spec, since, until, agenda))
        self.edition += 1

    def clear(self, number: int | None = None) -> int:
        """End those of this number, or all; how many there were."""
        kept = [t for t in self._all if number is not None and t.number != number]
        cleared = len(self._all) - len(kept)
        self._all = kept
        self.edition += 1
        return cleared

    # What is due by itself.

    def deadline(self, now: float) -> float | None:
        """When something begins, ends or is to be done; None when nothing ever is."""
        coming = [
            moment
            for trouble in self._all
            for moment in (trouble.since, trouble.until)
            if moment is not None and moment > now
        ]
        agenda = [trouble.agenda[0][0] for trouble in self._all if trouble.agenda]
        return earliest(*coming, *agenda)

    def due(self, now: float) -> list[Deed]:
        """Take what is to be done by now. What a fault would have done after its end is not."""
        taken: list[tuple[float, Deed]] = []
        for trouble in self._all:
            while trouble.agenda and trouble.agenda[0][0] <= now:
                moment, deed = trouble.agenda.pop(0)
                if not trouble.is_over(moment):
                    taken.append((moment, deed))
        return [deed for _, deed in sorted(taken, key=lambda one: one[0])]

    # What is asked.

    def gate(self, opened_at: float) -> Gate:
        return Gate(self, opened_at)

    def reads(self, now: float) -> bool:
        """False while the venue takes nothing out of its sockets."""
        return not any(trouble.fault.stops_reading for trouble in self._active(now))

    def clock(self, now: Instant) -> Instant:
        """The moment as the venue sees it."""
        skew = sum(t.fault.skew(now.monotonic - t.since) for t in self._active(now.monotonic))
        return Instant(now.monotonic, now.realtime + skew) if skew else now

    def shorten(self, session: ServerSession, opened_at: float, now: float) -> None:
        """Give a session no longer than the faults leave it."""
        lives = [life for t in self._active(now) if (life := t.fault.lifetime) is not None]
        cut_at = min((opened_at + life for life in lives), default=None)
        if cut_at is not None and session.closing is None:
            session.cut_at = earliest(session.cut_at, cut_at)
            session.deadline = earliest(session.deadline, cut_at)

    def receive(
        self, door: Door, request: HttpRequest, now: float
    ) -> Welcomed | HttpReply | Never | Slam:
        """Somebody is at a door. Waits add up; the first refusal counts."""
        wait = 0.0
        for trouble in self._active(now):
            memory = trouble.memory
            scene = Scene(self.idiom, self.rng, memory, memory)
            match trouble.fault.receive(Knock(door, request, now - trouble.since), scene):
                case None:
                    pass
                case Wait(seconds):
                    wait += seconds
                case Altered(altered):
                    request = altered
                case refusal:
                    return refusal
        return Welcomed(request, wait)

    def _active(self, now: float) -> list[Trouble]:
        return [trouble for trouble in self._all if trouble.is_active(now)]


def announce(floor: Floor, said: Say, now: Instant) -> None:
    """Have the venue tell it, in whichever way it has; where it has none, nothing is told."""
    note = Note(
        note=said.note,
        type="maintenance",
        priority="high",
        effective_time=int((now.realtime + said.effective_in) * 1000),
        expected_downtime_minutes=said.minutes,
    )
    try:
        floor.notify(note, now)
    except LocalProtocolError:
        if said.publication is not None:
            floor.publish(said.publication, now)
