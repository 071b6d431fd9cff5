"""The venue's end of a simulated world: a floor, its faults, and the links that end there.

Law 1: while there are faults, every frame passes the venue's gate, in both directions; HTTP passes
       its doors always.
Law 2: frames of one direction of one link keep their order, except where a fault lets them
       overtake.
"""

from heapq import heappush
from typing import TYPE_CHECKING, Protocol

from clock import EPOCH
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
    Verdict,
)
from venuewire.faults.scenario import parse_all
from venuewire.faults.troubles import Troubles, announce

if TYPE_CHECKING:
    from simulation.client import Client
    from simulation.world import World


UNHURRIED = 0.6
"""Seconds. A heartbeat that comes so long after the last frame, in calm weather, has nothing to
bring nearer: a rhythm learned from it may be faster, but not so much that silence is due sooner."""


class Arrival(Protocol):
    """What a frame leads to at the other end, and what its fate was."""

    def __call__(self, payload: bytes, verdict: Verdict, sent: float, /) -> object: ...


class LocalFloor:
    """One venue in the world: its floor, its faults, and the links that end there."""

    def __init__(self, world: "World", venue: Venue, edition: Edition = "documented") -> None:
        self.world, self.venue, self.edition = world, venue, edition
        self.name = f"{venue.name}/{edition}"
        self.troubles = Troubles(venue, world.chance(f"{self.name}:troubles"))
        self.troubled = False
        """There are faults, though perhaps none that has begun."""
        self.longest_delay = 0.0
        """Seconds that a fault has kept a frame on its way, at most."""
        accounts = [Account("demo", venue.demo)]
        self.floor: Floor = venue.floor(
            venue.terms(edition), accounts, self.now, world.chance(f"{self.name}:floor")
        )
        self._faults = 0

    def now(self) -> Instant:
        """The time as this venue sees it."""
        seconds = self.world.seconds
        now = Instant(seconds, EPOCH + seconds)
        return self.troubles.clock(now) if self.troubled else now

    def door(self, method: str, path: str) -> Door:
        found = [d for d in self.venue.doors if d.method == method and d.local == path]
        assert found, f"no {method} {path} at {self.venue.name}"
        return found[0]

    def settle(self) -> None:
        """Send what was pushed to sessions other than the one just served."""
        if not self.floor.pushes:
            return
        pushes, self.floor.pushes = self.floor.pushes, []
        for push in pushes:
            for session in push.sessions:
                session.link.carry_down(push.frame)

    # Faults.

    def fault(self, spec: str) -> int:
        """As `LocalVenue.fault`."""
        self._faults += 1
        self.troubled = True
        for each in parse_all(spec):
            self.troubles.add(each, self._faults, self.world.seconds)
        self._wake_for_faults()
        return self._faults

    def clear_faults(self) -> None:
        self.troubles.clear()
        self.troubled = False

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
    """One WebSocket between a client and a floor."""

    def __init__(self, client: "Client", number: int, session: ServerSession) -> None:
        self.client, self.number, self.session = client, number, session
        self.world, self.place, self.program = client.world, client.place, client.program
        self.up = True
        """The venue's end is open."""
        self.opened_at = self.world.seconds
        self.clean = not self.place.troubled
        """No fault has been near it."""
        self.heard_at = self.reached_at = self.opened_at
        """When a frame last arrived at the client; at the venue."""
        self.debt_when_heard = self.debt_when_reached = self.program.debt
        """What the client's loop had been kept from its work by then."""
        self._receive = client.session.receive
        self._gate = self.place.troubles.gate(self.opened_at)
        self._up_lane, self._down_lane = Lane(), Lane()
        self._beats = 0
        """Heartbeats of the session that only moved its deadline away."""
        self._closing: LinkClosed | None = None
        """How the client is told that the venue's end is gone."""
        self._wake_at: float | None = None
        session.link = self

    @property
    def free_at(self) -> float:
        """When all that keeps its order has arrived."""
        return max(self._up_lane.free_at, self._down_lane.free_at)

    def open(self) -> None:
        self.client.tell(LinkOpened(self.number))
        self.session.open(self.place.now())
        self.shorten()
        self.flush()

    # Upstream.

    def carry_up(self, payload: bytes) -> None:
        if self.place.troubled:
            self._carry(self._up_lane, Direction.UPSTREAM, payload, self._hear)
        else:
            moment = self._due(self._up_lane)
            heappush(self.world.coming, (moment, next(self.world.order), self._reach, (payload,)))

    def ping(self, payload: bytes) -> None:
        self._carry(self._up_lane, Direction.UPSTREAM, payload, self._pinged, Role.PING)

    def leave(self) -> None:
        """The client says CLOSE, or is just gone."""
        self._carry(self._up_lane, Direction.UPSTREAM, b"", self._left, Role.CLOSE)

    def _left(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        self.drop()

    def _reach(self, payload: bytes) -> None:
        """A frame that no fault has touched."""
        if not self.up:
            self._tell_lost(1006, "")  # As TCP would.
            return
        self.reached_at, self.debt_when_reached = self.world.seconds, self.program.debt
        self.session.receive(payload, self.place.now())
        self.flush()

    def _hear(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        if not self.up:
            self._tell_lost(1006, "")
            return
        self.reached_at, self.debt_when_reached = self.world.seconds, self.program.debt
        session, now = self.session, self.place.now()
        match verdict:
            case Replace(payloads):
                for each in payloads:
                    session.receive(each, now)
            case Answer(answer):
                self.world.later(self._answered, self.client.delay(), answer)
            case Exceed() if session.closing is None:
                session.heard_at = now.monotonic
                session.dialect.exceed(payload, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                session.receive(payload, now)
        self.flush()

    def _answered(self, answer: bytes) -> None:
        self.client.hear(self, answer, binary=False, genuine=False)

    def _pinged(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        if not self.up:
            self._tell_lost(1006, "")
            return
        self.reached_at, self.debt_when_reached = self.world.seconds, self.program.debt
        self.session.pinged(self.place.now())
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._ponged, Role.PONG)

    # Downstream.

    def carry_down(self, payload: bytes) -> None:
        if self.place.troubled:
            self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._arrive)
        else:
            moment = self._due(self._down_lane)
            heappush(self.world.coming, (moment, next(self.world.order), self._come, (payload,)))

    def _due(self, lane: Lane) -> float:
        """When a frame that no fault touches arrives."""
        client = self.client
        moment = self.world.seconds + client.latency
        if client.jitter:
            moment += client.jitter * client.weather()
        if moment < lane.free_at:
            return lane.free_at
        lane.free_at = moment
        return moment

    def _come(self, payload: bytes) -> None:
        """A frame that no fault has touched: most of what ever happens in a world."""
        program, client = self.program, self.client
        if program.behind:
            program.postpone(self._come, payload)
            return
        seconds = self.world.seconds
        apart, self.heard_at = seconds - self.heard_at, seconds
        self.debt_when_heard = program.debt
        session = client.session
        message = self._receive(self.number, payload, program.now())
        if session.commands:
            client.obey()
        if message is not None:
            client.took(message, self, genuine=True)
        elif client.restless or apart < UNHURRIED or session.counters.heartbeats == self._beats:
            client.aim()
        else:
            self._beats = session.counters.heartbeats
        if self.number not in client.links:
            self._rebuff()

    def _arrive(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        client = self.client
        if isinstance(verdict, HangUp):
            self.hang_up(verdict)
            return
        self.heard_at, self.debt_when_heard = self.world.seconds, self.program.debt
        if isinstance(verdict, Replace):
            genuine = payload in verdict.payloads and not verdict.binary
            for each in verdict.payloads:
                first, genuine = genuine and each == payload, genuine and each != payload
                client.hear(self, each, binary=verdict.binary, genuine=first)
        else:
            client.hear(self, payload, binary=False, genuine=True)
        if self.number not in client.links:
            self._rebuff()

    def _rebuff(self) -> None:
        """Nobody is there: a TCP reset goes back."""
        if self.up:
            self.world.later(self.drop, self.client.latency)

    def _ponged(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        self.heard_at, self.debt_when_heard = self.world.seconds, self.program.debt
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
            if self.up:
                self._tell_lost(session.closing.code, session.closing.reason)
                self.drop()
        else:
            self._rearm()

    def hang_up(self, ending: HangUp) -> None:
        """A fault ends the link; nothing swallows that."""
        if not self.up:
            return
        self.session.close(ending.code, ending.reason, abort=ending.abort)
        event = LinkClosed(self.number, ending.code, ending.reason)
        moment = self._down_lane.due(UNTOUCHED, self.world.seconds + self.client.delay())
        self.world.at(moment, self.client.tell, event)
        self.drop()

    def _tell_lost(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = LinkClosed(self.number, code, reason)
        self._carry(self._down_lane, Direction.DOWNSTREAM, b"", self._lost, Role.CLOSE)

    def _lost(self, payload: bytes, verdict: Verdict, sent: float) -> None:
        if self._closing is not None:
            self.client.tell(self._closing)

    def drop(self) -> None:
        """The venue's end is gone."""
        if self.up:
            self.up = False
            self.session.lost()

    # Faults.

    def shorten(self) -> None:
        if self.place.troubled:
            self.clean = False
            self.place.troubles.shorten(self.session, self.opened_at, self.world.seconds)
            self._rearm()

    def _carry(
        self,
        lane: Lane,
        direction: Direction,
        payload: bytes,
        arrive: Arrival,
        control: Role | None = None,
    ) -> None:
        now = self.world.seconds
        if self.place.troubled:
            fate = self._gate.judge(direction, payload, now, control)
        else:
            fate = UNTOUCHED
        self.place.longest_delay = max(self.place.longest_delay, fate.delay)
        if isinstance(fate.verdict, Drop):
            self.client.eaten(self, direction, payload)
            return
        if isinstance(fate.verdict, Replace) and payload not in fate.verdict.payloads:
            self.client.eaten(self, direction, payload)
        moment = lane.due(fate, now + self.client.delay())
        self.world.at(moment, arrive, payload, fate.verdict, now)

    # Waking the venue's session.

    def _rearm(self) -> None:
        due = self.session.deadline
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            heappush(self.world.coming, (due, next(self.world.order), self._wake, (due,)))

    def _wake(self, due: float) -> None:
        if due == self._wake_at:
            self._wake_at = None
            if self.up:
                self.session.wake(self.place.now())
                self.flush()
