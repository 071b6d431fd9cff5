"""The venue's end of a simulated world: a floor, its faults, and the links that end there.

Law: every frame passes the venue's gate, in both directions; HTTP passes its doors.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from venuewire.core.events import LinkClosed, LinkOpened, PongReceived
from venuewire.core.floor import Floor
from venuewire.core.idiom import Role
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition
from venuewire.core.venue import Door, Venue
from venuewire.faults.fault import Deed, Say
from venuewire.faults.rule import (
    UNTOUCHED,
    Answer,
    Direction,
    Drop,
    Exceed,
    HangUp,
    Lane,
    Replace,
)
from venuewire.faults.scenario import parse_all
from venuewire.faults.troubles import Troubles, announce

if TYPE_CHECKING:
    from simulation.world import Client, World


class LocalFloor:
    """One venue in the world: its floor, its faults, and the links that end there."""

    def __init__(self, world: "World", venue: Venue, edition: Edition = "documented") -> None:
        self.world, self.venue = world, venue
        self.troubles = Troubles(venue, Random(f"{world.seed}:{venue.name}"))
        accounts = [Account("demo", venue.demo)]
        self.floor: Floor = venue.floor(venue.terms(edition), accounts, self.now, world.rng)
        self._faults = 0

    def now(self) -> Instant:
        """The time as this venue sees it."""
        now = self.world.now()
        return self.troubles.clock(now) if len(self.troubles) else now

    def door(self, method: str, path: str) -> Door:
        found = [d for d in self.venue.doors if d.method == method and d.local == path]
        assert found, f"no {method} {path} at {self.venue.name}"
        return found[0]

    def settle(self) -> None:
        """Send what was pushed to sessions other than the one just served."""
        pushes, self.floor.pushes = list(self.floor.pushes), []
        for push in pushes:
            for session in push.sessions:
                session.link.carry_down(push.frame)

    # Faults.

    def fault(self, spec: str) -> int:
        """As `LocalVenue.fault`."""
        self._faults += 1
        for each in parse_all(spec):
            self.troubles.add(each, self._faults, self.world.seconds)
        self._wake_for_faults()
        return self._faults

    def clear_faults(self) -> None:
        self.troubles.clear()

    def _wake_for_faults(self) -> None:
        now = self.world.seconds
        for link in self._links():
            link.shorten()
        for deed in self.troubles.due(now):
            self._do(deed)
        due = self.troubles.deadline(now)
        if due is not None:
            self.world.at(due, self._wake_for_faults)

    def _do(self, deed: Deed) -> None:
        if isinstance(deed, Say):
            announce(self.floor, deed, self.now())
            self.settle()
        else:
            for link in self._links():
                link.hang_up(deed)

    def _links(self) -> "list[Link]":
        return [s.link for s in list(self.floor.sessions.values()) if s.link is not None]


class Link:
    """One WebSocket between a client and a floor; every frame passes the venue's gate."""

    def __init__(self, client: "Client", number: int, session: ServerSession) -> None:
        self.client, self.number, self.session = client, number, session
        self.world, self.place = client.world, client.place
        self.up = True
        """The venue's end is open."""
        self.opened_at = self.world.seconds
        self._gate = self.place.troubles.gate(self.opened_at)
        self._up_lane, self._down_lane = Lane(), Lane()
        self._wake_at: float | None = None
        session.link = self

    def open(self) -> None:
        self.client.tell(LinkOpened(self.number))
        self.session.open(self.place.now())
        self.shorten()
        self.flush()

    # Upstream.

    def carry_up(self, payload: bytes) -> None:
        self._carry(self._up_lane, Direction.UPSTREAM, payload, self._hear)

    def ping(self, payload: bytes) -> None:
        self._carry(self._up_lane, Direction.UPSTREAM, payload, self._pinged, Role.PING)

    def leave(self) -> None:
        """The client says CLOSE, or is just gone."""
        self._carry(self._up_lane, Direction.UPSTREAM, b"", lambda _, __: self.drop(), Role.CLOSE)

    def _hear(self, payload: bytes, verdict: object) -> None:
        if not self.up:
            self._tell_lost(1006, "")  # As TCP would.
            return
        session, now = self.session, self.place.now()
        match verdict:
            case Replace(payloads):
                for each in payloads:
                    session.receive(each, now)
            case Answer(answer):
                self.world.later(lambda: self.client.hear(self.number, answer))
            case Exceed() if session.closing is None:
                session.heard_at = now.monotonic
                session.dialect.exceed(payload, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                session.receive(payload, now)
        self.flush()

    def _pinged(self, payload: bytes, _: object) -> None:
        if not self.up:
            self._tell_lost(1006, "")
            return
        self.session.pinged(self.place.now())
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._ponged, Role.PONG)

    # Downstream.

    def carry_down(self, payload: bytes) -> None:
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._arrive)

    def _arrive(self, payload: bytes, verdict: object) -> None:
        match verdict:
            case Replace(payloads, binary):
                for each in payloads:
                    self.client.hear(self.number, each, binary=binary)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                self.client.hear(self.number, payload)

    def _ponged(self, payload: bytes, verdict: object) -> None:
        payloads = verdict.payloads if isinstance(verdict, Replace) else (payload,)
        for each in payloads:
            self.client.tell(PongReceived(self.number, each))

    def flush(self) -> None:
        session = self.session
        for frame in session.outbox:
            self.carry_down(frame)
        session.outbox.clear()
        self.place.settle()
        if session.closing is not None:
            self._tell_lost(session.closing.code, session.closing.reason)
            self.drop()
        else:
            self._rearm()

    def hang_up(self, ending: HangUp) -> None:
        """A fault ends the link; nothing swallows that."""
        self.session.close(ending.code, ending.reason, abort=ending.abort)
        event = LinkClosed(self.number, ending.code, ending.reason)
        moment = self._down_lane.due(UNTOUCHED, self.world.seconds + self.world.latency)
        self.world.at(moment, lambda: self.client.tell(event))
        self.drop()

    def _tell_lost(self, code: int, reason: str) -> None:
        event = LinkClosed(self.number, code, reason)
        self._carry(
            self._down_lane,
            Direction.DOWNSTREAM,
            b"",
            lambda _, __: self.client.tell(event),
            Role.CLOSE,
        )

    def drop(self) -> None:
        """The venue's end is gone."""
        if self.up:
            self.up = False
            self.session.lost()

    def shorten(self) -> None:
        if len(self.place.troubles):
            self.place.troubles.shorten(self.session, self.opened_at, self.world.seconds)
            self._rearm()

    def _carry(
        self,
        lane: Lane,
        direction: Direction,
        payload: bytes,
        arrive: Callable[[bytes, object], None],
        control: Role | None = None,
    ) -> None:
        now = self.world.seconds
        fate = self._gate.judge(direction, payload, now, control)
        if not isinstance(fate.verdict, Drop):
            moment = lane.due(fate, now + self.world.latency)
            self.world.at(moment, lambda: arrive(payload, fate.verdict))

    def _rearm(self) -> None:
        due = self.session.deadline
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            self.world.at(due, self._wake)

    def _wake(self) -> None:
        self._wake_at = None
        if self.up:
            self.session.wake(self.place.now())
            self.flush()
