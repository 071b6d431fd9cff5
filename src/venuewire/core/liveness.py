"""Is the peer alive? One machine for every venue, tuned by a policy.

    alive --(silence, or an overdue pong)--> suspect --(the probe's pong overdue)--> dead

Law 1: entering `suspect` sends a probe, by the venue's own rule; only an unanswered probe kills.
Law 2: silence is disproved by any frame; an overdue pong only by a pong, because frames that
       still arrive say nothing about whether we are heard.
Law 3: when we were woken late, the venue is not blamed: we probe at once and read first what has
       been waiting for us.
Law 4: a machine that slept does not know how long: its links are suspect at once, and what it reads
       may have come before. Only the pong to a ping sent since proves that the peer is there.
Law 5: receiving a frame costs one assignment; everything is derived when somebody asks.
"""

from enum import Enum, auto
from typing import Final

from msgspec import Struct

from venuewire.core.events import TimeJumped
from venuewire.core.grace import Grace
from venuewire.core.instant import Instant, earliest, passed


class LivenessPolicy(Struct, frozen=True, kw_only=True):
    """Seconds; None disables."""

    ping_interval: float | None = None
    """Ping when we have sent nothing for this long: any outgoing message resets it."""
    ping_timeout: float = 10.0
    """A pong is due this long after its ping."""
    silence_timeout: float | None = None
    """Suspect when nothing at all has arrived for this long."""
    silence_while_subscribed: bool = False
    """Silence counts only while a channel is active or being asked for: the venue's heartbeats
    start with one."""
    silence_beats: float | None = None
    """Suspect after this many learned heartbeat intervals, once three have been heard."""


class Verdict(Enum):
    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"


class Judgment(Enum):
    """What a check of the link asks for."""

    REST = auto()
    PING = auto()
    SUSPECT = auto()
    """The link has just become suspect: tell the application, and ping."""
    DEAD = auto()


class _Doubt(Enum):
    NONE = auto()
    SILENCE = auto()
    PONG = auto()


BEATS_LEARNED: Final = 3
SHORTEST_BEAT: Final = 0.1
"""Seconds; a learned interval below this is a burst, not a rhythm."""
_LEARNING_RATE: Final = 0.25
PINGS_REMEMBERED: Final = 16
"""More are asked for only by an application; the oldest is forgotten, its pong ignored."""


class Liveness:
    """Belongs to one link."""

    __slots__ = (
        "_awaited",
        "_beat_at",
        "_beat_interval",
        "_beats",
        "_doubt",
        "_expected_at",
        "_jump",
        "_jumped_at",
        "_pinged_at",
        "_pings",
        "_proven_at",
        "charge",
        "expecting",
        "grace",
        "heard",
        "policy",
        "pong_at",
        "round_trip",
        "sent_at",
        "verdict",
    )

    def __init__(self, policy: LivenessPolicy, now: Instant) -> None:
        self.policy = policy
        self.verdict = Verdict.ALIVE
        self.charge = ""
        """The evidence that last made the link suspect."""
        self.expecting = False
        """A channel is active, or being asked for."""
        self.grace = Grace()
        """Of this link, and of all that is waited for on it."""

        # Evidence; numbers are monotonic seconds.
        self.heard = now
        """When the last frame was read. Assigned by the session, for each frame."""
        self.sent_at = now.monotonic
        self.pong_at: float | None = None
        self.round_trip: float | None = None

        self._doubt = _Doubt.NONE
        self._expected_at = now.monotonic
        self._awaited: float | None = None
        self._pings: dict[int, float] = {}
        self._pinged_at = now.monotonic
        self._proven_at = now.monotonic
        """When the latest ping was sent that has been answered."""
        self._jump: TimeJumped | None = None
        """The clock went ahead, and no pong has proven since that the link outlived it."""
        self._jumped_at = now.monotonic
        self._beats = 0
        self._beat_at: float | None = None
        self._beat_interval = 0.0

    # Told by the session.

    def expect(self, something: bool, now: Instant) -> None:
        """Whether the venue has something to say; before that its silence counted for nothing."""
        if something and not self.expecting:
            self._expected_at = now.monotonic
        self.expecting = something

    def pinged(self, id: int, now: Instant) -> None:
        self.sent_at = self._pinged_at = now.monotonic
        if self._awaited is None:
            self._awaited = now.monotonic
        self._pings[id] = now.monotonic
        if len(self._pings) > PINGS_REMEMBERED:
            del self._pings[next(iter(self._pings))]

    def ponged(self, id: int | None, now: Instant) -> float | None:
        """A pong arrived; its round trip in seconds when it answers a ping of ours. Earlier ones
        are no longer waited for. Without an id the oldest is meant."""
        answered = next(iter(self._pings), None) if id is None else id
        if answered is None or (sent := self._pings.pop(answered, None)) is None:
            return None
        self.pong_at = now.monotonic
        self._proven_at = max(self._proven_at, sent)
        self.round_trip = now.monotonic - sent
        self._awaited = next((at for ping, at in self._pings.items() if ping > answered), None)
        return self.round_trip

    def proven_since(self, moment: float) -> bool:
        """A ping of ours that was sent then, in monotonic seconds, or later, has been answered."""
        return self.pong_at is not None and self._proven_at >= moment

    @property
    def ahead(self) -> float:
        """Seconds by which the wall clock was ahead of the monotonic one when we last heard."""
        return self.heard.realtime - self.heard.monotonic

    @property
    def covered_until(self) -> float:
        """Seconds since the epoch: all that the venue sent before this has reached us.

        A pong proves it for the moment its ping was sent. Otherwise a frame is thought to be under
        way for no longer than a pong may take, since that is when we would have become suspicious;
        unless a pong did take longer while frames came in.
        """
        heard, longest = self.heard.monotonic, self.policy.ping_timeout
        doubt = heard - self._proven_at
        asked = next((at for at in self._pings.values() if at > self._proven_at), heard)
        if heard - asked <= longest:
            doubt = min(doubt, longest)
        proven = self.heard.realtime - doubt
        return proven if self._jump is None else min(proven, self._jump.since)

    def beaten(self, now: Instant) -> None:
        """A heartbeat arrived: learn its rhythm, which no documentation states."""
        if self._beat_at is not None:
            interval = max(now.monotonic - self._beat_at, SHORTEST_BEAT)
            rate = _LEARNING_RATE if self._beats else 1.0
            self._beat_interval += rate * (interval - self._beat_interval)
            self._beats += 1
        self._beat_at = now.monotonic

    def slept(self, jump: TimeJumped, now: Instant) -> bool:
        """We may have; True when that makes the link suspect. It is to be probed in any case."""
        was_alive = self.verdict is Verdict.ALIVE
        self.verdict, self._doubt = Verdict.SUSPECT, _Doubt.PONG
        self._jump, self._jumped_at = self._jump or jump, now.monotonic
        self._awaited = None  # The probe has a time of its own, and nothing else is judged in it.
        self.grace.begin(self._pong_patience, now)
        self.charge = self.evidence(now)
        return was_alive

    def set_back(self, seconds: float) -> None:
        """The wall clock was: what it said before is told in its new terms."""
        self.heard = Instant(self.heard.monotonic, self.heard.realtime - seconds)

    def clear(self, *, pong: bool) -> bool:
        """End a doubt that this evidence disproves; True when there was one."""
        if self._doubt is _Doubt.NONE or (self._doubt is _Doubt.PONG and not pong):
            return False
        if self._jump is not None and self._proven_at < self._jumped_at:
            return False
        self._doubt, self._jump = _Doubt.NONE, None
        self.verdict = Verdict.ALIVE
        return True

    # Asked by the session.

    def check(self, now: Instant) -> Judgment:
        """Judge the link. Safe to call at any time, any number of times."""
        pong_due, silence_due = self._pong_due, self._silence_due
        if pong_due is not None and now.monotonic >= pong_due:
            return self._judge(_Doubt.PONG, pong_due, now)
        if silence_due is not None and now.monotonic >= silence_due:
            return self._judge(_Doubt.SILENCE, silence_due, now)
        return Judgment.PING if passed(self._ping_due, now) else Judgment.REST

    @property
    def deadline(self) -> float | None:
        due = earliest(self._pong_due, self._silence_due)
        return earliest(self._ping_due, None if due is None else self.grace.after(due))

    def evidence(self, now: Instant) -> str:
        parts = [f"nothing heard for {now.monotonic - self.heard.monotonic:.1f} s"]
        if self._awaited is not None:
            parts.append(f"a ping unanswered for {now.monotonic - self._awaited:.1f} s")
        if (lagged_at := self.grace.lagged_at) is not None and lagged_at > self.heard.monotonic:
            parts.append(f"our own loop {self.grace.lag:.1f} s late")
        if now.monotonic < self.grace.deaf_until:
            parts.append("not read, because the application is behind")
        if self._jump is not None:
            parts.append(f"the clock {self._jump.seconds:.1f} s ahead, as after sleep")
        return ", ".join(parts)

    # The rules.

    def _judge(self, doubt: _Doubt, due: float, now: Instant) -> Judgment:
        if self.grace.excuses(due, now):
            probed = self._pinged_at >= self.grace.began and not passed(self._ping_due, now)
            return Judgment.REST if probed else Judgment.PING
        if self.verdict is Verdict.ALIVE:
            self.verdict, self._doubt = Verdict.SUSPECT, doubt
            self.charge = self.evidence(now)
            self._awaited = None  # The probe has a time of its own.
            return Judgment.SUSPECT
        self.verdict = Verdict.DEAD
        return Judgment.DEAD

    @property
    def _ping_due(self) -> float | None:
        interval = self.policy.ping_interval
        return None if interval is None else self.sent_at + interval

    @property
    def _pong_due(self) -> float | None:
        return None if self._awaited is None else self._awaited + self._pong_patience

    @property
    def _pong_patience(self) -> float:
        """KuCoin, section 4: below `pingTimeout`, "the next ping will be sent before the timeout
        occurs": then it is the next ping that finds the last one unanswered."""
        interval, timeout = self.policy.ping_interval, self.policy.ping_timeout
        return timeout if interval is None else min(interval, timeout)

    @property
    def _silence_due(self) -> float | None:
        if self.verdict is not Verdict.ALIVE:
            return None  # The probe's pong decides now.
        silence = self._silence
        return None if silence is None else max(self.heard.monotonic, self._expected_at) + silence

    @property
    def _silence(self) -> float | None:
        if self.policy.silence_beats is not None and self._beats >= BEATS_LEARNED:
            return self.policy.silence_beats * self._beat_interval
        if self.policy.silence_while_subscribed and not self.expecting:
            return None
        return self.policy.silence_timeout
