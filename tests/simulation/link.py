"""One WebSocket of a simulated world: the venue's session at one end, a client at the other.

Law 1: while there are faults, every frame passes the venue's gate, in both directions.
Law 2: frames of one direction keep their order, except where a fault lets them overtake.
"""

from heapq import heappush
from typing import TYPE_CHECKING, Protocol

from venuewire.core.events import LinkClosed, LinkOpened, PongReceived
from venuewire.core.idiom import Role
from venuewire.core.server_session import ServerSession
from venuewire.faults.rule import (
    UNTOUCHED,
    Answer,
    Direction,
    Drop,
    Exceed,
    Fate,
    HangUp,
    Lane,
    Replace,
    Verdict,
)

if TYPE_CHECKING:
    from simulation.client import Client

UNHURRIED = 0.6
"""Seconds. A heartbeat that comes so long after the last frame, in calm weather, has nothing to
bring nearer: a rhythm learned from it may be faster, but not so much that silence is due sooner."""


PUBLISHED = b'"n":'
"""Is in every message that is published in a world, and in nothing else."""


class Arrival(Protocol):
    """What a frame leads to at the other end, and what its fate was."""

    def __call__(self, payload: bytes, verdict: Verdict, /) -> object: ...


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
        self.misread = False
        """A fault has changed a request or the challenge: what was granted may be anything."""
        self.asked_at = self.opened_at
        """When the client last said something that is not a ping, which puts off the next ping."""
        self._idiom = self.place.troubles.idiom
        self._receive = client.session.ear(number)
        self._gate = self.place.troubles.gate(self.opened_at)
        self._up_lane, self._down_lane = Lane(), Lane()
        self._beats = 0
        """Heartbeats of the session that only moved its deadline away."""
        self.doomed = False
        """The venue has hung up; what it said before is still on its way."""
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
        if self._idiom.upstream(payload).role is not Role.PING:
            self.asked_at = self.world.seconds
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

    def _left(self, payload: bytes, verdict: Verdict) -> None:
        self.drop()

    def _reach(self, payload: bytes) -> None:
        """A frame that no fault has touched."""
        if not self.up:
            self._tell_lost(1006, "")  # As TCP would.
            return
        self.reached_at, self.debt_when_reached = self.world.seconds, self.program.debt
        self.session.receive(payload, self.place.now())
        self.flush()

    def _hear(self, payload: bytes, verdict: Verdict) -> None:
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
                self.world.at(self._due(self._down_lane), self._answered, answer)
            case Exceed() if session.closing is None:
                session.heard_at = now.monotonic
                session.dialect.exceed(payload, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                session.receive(payload, now)
        self.flush()

    def _answered(self, answer: bytes) -> None:
        self.heard_at, self.debt_when_heard = self.world.seconds, self.program.debt
        self.client.hear(self, answer, binary=False, genuine=False)

    def _pinged(self, payload: bytes, verdict: Verdict) -> None:
        if not self.up:
            self._tell_lost(1006, "")
            return
        self.reached_at, self.debt_when_reached = self.world.seconds, self.program.debt
        self.session.pinged(self.place.now())
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._ponged, Role.PONG)

    # Downstream.

    def carry_down(self, payload: bytes, *, pushed: bool) -> None:
        """`pushed`: because it was published, and not in answer to this client."""
        if self.place.troubled:
            arrive = self._arrive if pushed else self._arrive_answer
            self._carry(self._down_lane, Direction.DOWNSTREAM, payload, arrive)
        else:
            moment, world = self._due(self._down_lane), self.world
            heappush(world.coming, (moment, next(world.order), self._come, (payload, pushed)))

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

    def _come(self, payload: bytes, pushed: bool) -> None:
        """A frame that no fault has touched: most of what ever happens in a world."""
        program, client = self.program, self.client
        if program.behind:
            program.postpone(self._come, payload, pushed)
            return
        seconds = self.world.seconds
        apart, self.heard_at = seconds - self.heard_at, seconds
        self.debt_when_heard = program.debt
        session = client.session
        message = self._receive(self.number, payload, program.now())
        if session.commands:
            client.obey()
        if message is not None:
            client.took(message, self, genuine=pushed)
        elif client.restless or apart < UNHURRIED or session.counters.heartbeats == self._beats:
            client.aim()
        else:
            self._beats = session.counters.heartbeats
        if self.number not in client.links:
            self._rebuff()

    def _arrive(self, payload: bytes, verdict: Verdict) -> None:
        self._deliver(payload, verdict, pushed=True)

    def _arrive_answer(self, payload: bytes, verdict: Verdict) -> None:
        self._deliver(payload, verdict, pushed=False)

    def _deliver(self, payload: bytes, verdict: Verdict, *, pushed: bool) -> None:
        client = self.client
        if isinstance(verdict, HangUp):
            self.hang_up(verdict)
            return
        if self.program.behind:
            self.program.postpone(self._arrive if pushed else self._arrive_answer, payload, verdict)
            return
        self.heard_at, self.debt_when_heard = self.world.seconds, self.program.debt
        if isinstance(verdict, Replace):
            genuine = pushed and payload in verdict.payloads and not verdict.binary
            for each in verdict.payloads:
                first, genuine = genuine and each == payload, genuine and each != payload
                client.hear(self, each, binary=verdict.binary, genuine=first)
        else:
            client.hear(self, payload, binary=False, genuine=pushed)
        if self.number not in client.links:
            self._rebuff()

    def _rebuff(self) -> None:
        """Nobody is there: a TCP reset goes back."""
        if self.up:
            self.world.later(self.drop, self.client.latency)

    def _ponged(self, payload: bytes, verdict: Verdict) -> None:
        if isinstance(verdict, HangUp):
            self.hang_up(verdict)
            return
        if self.program.behind:
            self.program.postpone(self._ponged, payload, verdict)
            return
        self.heard_at, self.debt_when_heard = self.world.seconds, self.program.debt
        payloads = verdict.payloads if isinstance(verdict, Replace) else (payload,)
        for each in payloads:
            self.client.tell(PongReceived(self.number, each))

    def flush(self) -> None:
        session = self.session
        for frame in session.outbox:
            if PUBLISHED in frame:
                self.client.stated(frame)
            self.carry_down(frame, pushed=False)
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

    def _lost(self, payload: bytes, verdict: Verdict) -> None:
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
        if self.doomed and direction is Direction.DOWNSTREAM:
            return
        if self.place.troubled:
            fate = self._gate.judge(direction, payload, now, control)
        else:
            fate = UNTOUCHED
        if fate is not UNTOUCHED:
            self._suffer(fate, direction, payload)
            if isinstance(fate.verdict, Drop):
                return
        moment = lane.due(fate, now + self.client.delay())
        self.world.at(moment, arrive, payload, fate.verdict)

    def _suffer(self, fate: Fate, direction: Direction, payload: bytes) -> None:
        """Note what a fault does to a frame, as far as it may excuse anybody."""
        verdict = fate.verdict
        if isinstance(verdict, HangUp):
            self.doomed = self.doomed or direction is Direction.DOWNSTREAM
            return
        if isinstance(verdict, Replace) and verdict.payloads.count(payload) > 1:
            self.client.stated(payload)
        if direction is Direction.DOWNSTREAM and not self.client.profile.answers_by_id:
            # Who answers without naming the question must keep the order, leave none out, and
            # answer nothing that was not asked.
            said = (payload, *verdict.payloads) if isinstance(verdict, Replace) else (payload,)
            roles = {self._idiom.downstream(each).role for each in said}
            self.misread = self.misread or bool(roles & {Role.ACK, Role.REFUSAL})
        if not fate.overtakable or PUBLISHED in payload:
            self.place.longest_delay.rise(fate.delay)
        if isinstance(verdict, Replace) and payload not in verdict.payloads:
            is_challenge = self._idiom.downstream(payload).role is Role.CHALLENGE
            self.misread = self.misread or direction is Direction.UPSTREAM or is_challenge
        elif fate.overtakable and direction is Direction.UPSTREAM:
            self.misread = True  # The venue hears requests in another order.
            return
        elif not isinstance(verdict, Drop) and not (
            isinstance(verdict, Replace) and verdict.binary
        ):
            return
        lane = self._down_lane if direction is Direction.DOWNSTREAM else self._up_lane
        self.client.eaten(self, direction, payload, lane.free_at)

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
