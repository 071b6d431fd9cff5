"""What the control API answers: values as JSON shows them, and how they are read off the venues.

Law: an answer has a bounded length whatever clients did, and contains no key.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from venuewire.core.secrets import HIDDEN
from venuewire.core.server_session import ServerSession
from venuewire.server.fault_board import FaultState
from venuewire.transport.hall import Hall
from venuewire.transport.journal import LONGEST_TEXT, Event
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises
from venuewire.transport.venue_link import VenueLink

MOST_CHANNELS: Final = 20
"""Named of one session; how many there are is told anyway."""
_SECRET: Final = re.compile(r"(^|_)(key|secret|passphrase)$")


Phase: TypeAlias = Literal["opening", "open", "closing"]


class Heard(Struct, frozen=True):
    heard: int
    """Subscribers."""


class Numbered(Struct, frozen=True):
    id: int


class Affected(Struct, frozen=True):
    sessions: int


class Cleared(Struct, frozen=True):
    cleared: int


class Draining(Struct, frozen=True):
    draining: bool


class LimitsSet(Struct, frozen=True):
    changed: tuple[str, ...]
    """Those that are other than before."""
    limits: Limits
    """All that are in force now."""


class Faults(Struct, frozen=True):
    faults: tuple[FaultState, ...]


class Events(Struct, frozen=True):
    events: tuple[Event, ...]
    forgotten: int
    """Events that were asked for and are remembered no more."""
    last: int
    """The number of the last event of all: less than what was read before where the local venue
    has begun anew."""


class SessionState(Struct, frozen=True, kw_only=True):
    """One session; times in seconds."""

    venue: str
    number: int
    """Of its link: unique at its venue."""
    phase: Phase
    peer: str
    """The client's address and port."""
    age: float
    silent: float
    """Since it was last heard."""
    subscriptions: int
    channels: tuple[str, ...]
    """The first of them, as a client would subscribe them."""
    queued: int
    """Bytes written and not yet taken by the system."""


class Sessions(Struct, frozen=True):
    sessions: tuple[SessionState, ...]
    total: int
    """Of all that were meant, on whatever page."""


class VenueState(Struct, frozen=True, kw_only=True):
    venue: str
    sessions: int
    subscriptions: int
    accounts: int
    faults: int
    """Waiting, active, or over but not cleared."""
    elapsed: float
    """Seconds that were let pass."""
    terms: dict[str, Any]
    """The numbers it lives by."""


class State(Struct, frozen=True, kw_only=True):
    draining: bool
    connections: int
    """Of every kind."""
    most_connections: int
    """As many as the limit and the system's descriptors allow."""
    limits: Limits
    venues: tuple[VenueState, ...]


def phase_of(session: ServerSession) -> Phase:
    if session.closing is not None:
        return "closing"
    return "opening" if session.link is None else "open"


def session_state(hall: Hall, session: ServerSession) -> SessionState:
    now = hall.now().monotonic
    link: VenueLink | None = session.link
    channels = hall.floor.subscriptions(session)
    return SessionState(
        venue=hall.venue.name,
        number=session.number,
        phase=phase_of(session),
        peer="" if link is None else link.peer,
        age=round(now - session.began_at, 3),
        silent=round(now - session.heard_at, 3),
        subscriptions=len(channels),
        channels=tuple(channel[:LONGEST_TEXT] for channel in channels[:MOST_CHANNELS]),
        queued=0 if link is None else link.queued,
    )


def state_of(halls: Iterable[Hall], premises: Premises) -> State:
    return State(
        draining=premises.draining,
        connections=premises.connections,
        most_connections=premises.most_connections,
        limits=premises.limits,
        venues=tuple(map(_venue_state, halls)),
    )


def _venue_state(hall: Hall) -> VenueState:
    floor = hall.floor
    return VenueState(
        venue=hall.venue.name,
        sessions=len(floor.sessions),
        subscriptions=hall.held,
        accounts=len(floor.accounts),
        faults=len(hall.troubles),
        elapsed=floor.elapsed,
        terms={
            name: HIDDEN if value is not None and _SECRET.search(name) else value
            for name, value in msgspec.to_builtins(floor.terms).items()
        },
    )
