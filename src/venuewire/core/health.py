"""What can be said about a session at one moment, and the test an order should wait for."""

from typing import Protocol

from msgspec import Struct

from venuewire.core.errors import NotLive
from venuewire.core.instant import Instant
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Liveness, Verdict
from venuewire.core.subscriptions import Subscriptions


class Counters(Struct):
    """Since the session began, over all its links."""

    frames: int = 0
    messages: int = 0
    heartbeats: int = 0
    pings: int = 0
    pongs: int = 0
    reconnects: int = 0
    """Times the session became ready again."""
    gaps: int = 0
    refused: int = 0
    unreadable: int = 0
    strays: int = 0
    """Messages on channels nobody wants: still in flight when they were given up."""


class Health(Struct, frozen=True, kw_only=True):
    phase: Phase
    verdict: Verdict
    """`dead` whenever the phase is not ready."""
    evidence: str
    link: int
    """Counts the links of this session, from 1; 0 before the first and between two."""
    round_trip: float | None
    """Seconds, of the last pong on this link; None before it."""
    frame_age: float | None
    """Seconds since anything was heard on this link; None without a link."""
    pong_age: float | None
    lag: float = 0.0
    """Seconds by which our own loop last came late on this link; 0 when it never did. While that
    is all there is, it was not the venue that was late."""
    lag_age: float | None = None
    """Seconds since then."""
    channels: int
    """Wanted by the application."""
    active: int
    """Of those, agreed to by the venue."""
    counters: Counters

    def assert_live(self, max_age: float) -> None:
        """Raises `NotLive`, with the evidence, unless the session is ready, beyond suspicion, and
        was heard within `max_age` seconds."""
        if self.phase is not Phase.READY:
            raise NotLive(f"the session is {self.phase.name.lower()}: {self.evidence}")
        if self.verdict is not Verdict.ALIVE:
            raise NotLive(f"the link is {self.verdict.value}: {self.evidence}")
        if self.frame_age is None or self.frame_age > max_age:
            raise NotLive(f"{self.evidence}, which is more than {max_age:g} s; ask with ping()")


class Patient(Protocol):
    """What an examination needs of a session."""

    link: int
    liveness: Liveness
    subscriptions: Subscriptions
    counters: Counters
    went_down: str

    @property
    def phase(self) -> Phase: ...


def examine(session: Patient, now: Instant) -> Health:
    """Gather the evidence."""
    subscriptions = session.subscriptions
    link = session.liveness if session.phase is Phase.READY else None
    pong_at = None if link is None else link.pong_at
    lagged_at = None if link is None else link.grace.lagged_at
    doubt = session.went_down or "not connected yet"
    return Health(
        phase=session.phase,
        verdict=Verdict.DEAD if link is None else link.verdict,
        evidence=doubt if link is None else link.evidence(now),
        link=session.link,
        round_trip=None if link is None else link.round_trip,
        frame_age=None if link is None else now.monotonic - link.heard.monotonic,
        pong_age=None if pong_at is None else now.monotonic - pong_at,
        lag=0.0 if link is None else link.grace.lag,
        lag_age=None if lagged_at is None else now.monotonic - lagged_at,
        channels=len(subscriptions.channels),
        active=len(subscriptions.active),
        counters=session.counters,
    )
