"""The faults of one hall: begins and ends them on time, and gates its links while there are any.

Law 1: made with a venue's first fault; before that, nothing here is run or asked.
Law 2: faults reach the links there are as well as those to come.
"""

from collections.abc import Callable
from typing import Protocol, assert_never

from venuewire.core.floor import Floor, Push
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Clock, Instant
from venuewire.core.server_session import ServerSession
from venuewire.core.venue import Door
from venuewire.faults.fault import Deed, Never, Say, Slam
from venuewire.faults.rule import HangUp
from venuewire.faults.troubles import Troubles, Welcomed
from venuewire.transport.deadlines import NEVER, DeadlineQueue
from venuewire.transport.framing import text_frame
from venuewire.transport.gated_traffic import Link, Traffic
from venuewire.transport.limits import Limits


class GatedLink(Link, Protocol):
    """A link that can be gated."""

    traffic: Traffic | None
    opened_at: float
    """Monotonic seconds."""

    def gate(self, traffic: Traffic | None, clock: Clock) -> None:
        """Have all frames pass there; with None, no longer."""
        ...


class Site(Protocol):
    """What the halls of one process share."""

    clock: Clock
    deadlines: DeadlineQueue
    limits: Limits


class Hardship:
    def __init__(
        self,
        troubles: Troubles,
        floor: Floor,
        site: Site,
        announce: Callable[[Say, Instant], None],
    ) -> None:
        self.troubles = troubles
        self._floor = floor
        self._site = site
        self._clock = site.clock
        self._deadlines = site.deadlines
        self._announce = announce
        self.watched_at = NEVER
        self._checked_at = -NEVER
        """Monotonic seconds: what was to come then may have come since."""

    def clock(self) -> Instant:
        """The time as this venue sees it."""
        return self.troubles.clock(self._clock())

    # Links.

    def gate(self, link: GatedLink) -> Traffic:
        now = self.clock()
        limit = self._site.limits.queued_bytes
        traffic = Traffic(link, self.troubles.gate(link.opened_at), self.clock, limit)
        link.gate(traffic, self.clock)
        self._apply(link, now)
        return traffic

    def deliver(self, push: Push) -> None:
        """What the hall does otherwise: to each hearer by its own gate."""
        now = self.clock()
        for session in push.sessions:
            link: GatedLink | None = session.link
            if link is None or session.closing is not None:
                continue
            if link.traffic is None:
                link.send(text_frame(push.frame))
            else:
                link.traffic.say(push.frame, now)
                link.settle(now)

    def changed(self) -> None:
        """Faults were added or cleared: apply them to all links, and be woken for what is due."""
        now = self.clock()
        self._floor.read_time(self.clock if len(self.troubles) else self._clock)
        for link in self._links():
            if link.traffic is None:
                self.gate(link)
            else:
                self._apply(link, now)
        self._checked_at = -NEVER
        self._deadlines.forget(self)
        self._deadlines.watch(self)

    def _apply(self, link: GatedLink, now: Instant) -> None:
        traffic = link.traffic
        if traffic is None:
            return
        self.troubles.shorten(link.session, link.opened_at, now.monotonic)
        traffic.refresh(now, reads=self.troubles.reads(now.monotonic))
        if not len(self.troubles) and traffic.is_idle:
            link.gate(None, self._clock)
        link.settle(now)

    def _links(self) -> list[GatedLink]:
        sessions: tuple[ServerSession, ...] = tuple(self._floor.sessions.values())
        return [session.link for session in sessions if session.link is not None]

    # What is due.

    @property
    def deadline(self) -> float | None:
        return self.troubles.deadline(self._checked_at)

    def wake(self, now: Instant) -> None:
        self._checked_at = now.monotonic
        now = self.troubles.clock(now)
        for link in self._links():
            self._apply(link, now)
        for deed in self.troubles.due(now.monotonic):
            self._do(deed, now)

    def _do(self, deed: Deed, now: Instant) -> None:
        match deed:
            case HangUp():
                for link in self._links():
                    if link.traffic is not None:
                        link.traffic.hang_up(deed)
                        link.settle(now)
            case Say():
                self._announce(deed, now)
            case _:
                assert_never(deed)

    # Doors.

    def receive(self, door: Door, request: HttpRequest) -> Welcomed | HttpReply | Never | Slam:
        return self.troubles.receive(door, request, self._clock().monotonic)
