"""What can be said about a session at one moment, and the test an order should wait for."""

from typing import Protocol

from msgspec import Struct

from venuewire.core.errors import NotLive
from venuewire.core.instant import Instant
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Liveness, Verdict


class Counters(Struct):
    """Since the session began, over all its links."""

    frames: int = 0
    messages: int = 0
    heartbeats: int = 0
    pings: int = 0
    pongs: int = 0
    reconnects: int = 0
    """Times the session became ready again."""
    rotations: int = 0
    """Times a link was replaced while the session stayed ready."""
    duplicates: int = 0
    """Messages dropped because both the old and the new link carried them."""
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
    """Counts the links of this session, from 1; 0 before the first and between two. Where there
    are several, phase, verdict, evidence and ages are of the one that is worst off, this one."""
    links: tuple[int, ...]
    """All of them, and attempts at one: one for each strand, and one more while a link is being
    replaced."""
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
    """What an examination needs of a strand."""

    link: int
    liveness: Liveness
    went_down: str

    @property
    def phase(self) -> Phase: ...


class Practice(Protocol):
    """And of the session it is part of."""

    counters: Counters

    @property
    def channels(self) -> list[str]: ...
    @property
    def active(self) -> list[str]: ...
    @property
    def links(self) -> list[int]: ...


def examine(session: Practice, strand: Patient, now: Instant) -> Health:
    """Gather the evidence. `strand`: the one of the session that is worst off."""
    link = strand.liveness if strand.phase is Phase.READY else None
    pong_at = None if link is None else link.pong_at
    lagged_at = None if link is None else link.grace.lagged_at
    doubt = strand.went_down or "not connected yet"
    return Health(
        phase=strand.phase,
        verdict=Verdict.DEAD if link is None else link.verdict,
        evidence=doubt if link is None else link.evidence(now),
        link=strand.link,
        links=tuple(session.links),
        round_trip=None if link is None else link.round_trip,
        frame_age=None if link is None else now.monotonic - link.heard.monotonic,
        pong_age=None if pong_at is None else now.monotonic - pong_at,
        lag=0.0 if link is None else link.grace.lag,
        lag_age=None if lagged_at is None else now.monotonic - lagged_at,
        channels=len(session.channels),
        active=len(session.active),
        counters=session.counters,
    )
