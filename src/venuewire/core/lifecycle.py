"""The phases of a client session, every legal step between them, and how long each may last.

Rule 1: a phase changes here and nowhere else.
Rule 2: this file knows no venue; which steps a venue skips is in its `Profile`.
Rule 3: a phase that waits for someone else has a limit; when we come late to it ourselves, what has
        been waiting for us is read first.
"""

from enum import Enum, auto
from typing import Final

from venuewire.core.errors import LocalProtocolError
from venuewire.core.grace import Grace
from venuewire.core.instant import Instant


class Phase(Enum):
    IDLE = auto()
    FETCHING = auto()
    """Waiting for the HTTP reply that grants a token."""
    DIALING = auto()
    """Waiting for the WebSocket handshake."""
    GREETING = auto()
    """Waiting for the venue's welcome; nothing may be sent before."""
    AUTHENTICATING = auto()
    """Waiting for the challenge."""
    READY = auto()
    WAITING = auto()
    """Between a lost link and the next attempt."""
    CLOSED = auto()


class Step(Enum):
    FETCH = auto()
    DIAL = auto()
    AWAIT_WELCOME = auto()
    AUTHENTICATE = auto()
    BE_READY = auto()
    BACK_OFF = auto()
    GIVE_UP = auto()


_START: Final = {
    Step.FETCH: Phase.FETCHING,
    Step.DIAL: Phase.DIALING,
    Step.GIVE_UP: Phase.CLOSED,
}
_LOSE: Final = {Step.BACK_OFF: Phase.WAITING, Step.GIVE_UP: Phase.CLOSED}

TRANSITIONS: Final[dict[Phase, dict[Step, Phase]]] = {
    Phase.IDLE: {**_START, Step.BACK_OFF: Phase.WAITING},
    Phase.FETCHING: {Step.DIAL: Phase.DIALING, **_LOSE},
    Phase.DIALING: {
        Step.AWAIT_WELCOME: Phase.GREETING,
        Step.AUTHENTICATE: Phase.AUTHENTICATING,
        Step.BE_READY: Phase.READY,
        **_LOSE,
    },
    Phase.GREETING: {
        Step.AUTHENTICATE: Phase.AUTHENTICATING,
        Step.BE_READY: Phase.READY,
        **_LOSE,
    },
    Phase.AUTHENTICATING: {Step.BE_READY: Phase.READY, **_LOSE},
    Phase.READY: _LOSE,
    Phase.WAITING: {**_START, Step.BACK_OFF: Phase.WAITING},
    Phase.CLOSED: {},
}

PATIENCE: Final[dict[Phase, float]] = {
    Phase.FETCHING: 10.0,
    Phase.DIALING: 10.0,
    Phase.GREETING: 10.0,
    Phase.AUTHENTICATING: 10.0,
}
"""Seconds. A phase not named here waits for us, not for anyone else."""


class Lifecycle:
    """The current phase and when it runs out; refuses any step that is not in the table."""

    __slots__ = ("_grace", "deadline", "phase")

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.deadline: float | None = None
        """Monotonic seconds; None while the phase may last for ever."""
        self._grace = Grace()

    def take(self, step: Step, now: Instant, *, patience: float | None = None) -> None:
        try:
            self.phase = TRANSITIONS[self.phase][step]
        except KeyError:
            raise LocalProtocolError(f"no step {step.name} from {self.phase.name}") from None
        seconds = PATIENCE.get(self.phase) if patience is None else patience
        self.deadline = None if seconds is None else now.monotonic + seconds

    def expired(self, now: Instant) -> bool:
        """Whether the phase has lasted too long. Coming late puts its deadline off once."""
        if self.deadline is None or now.monotonic < self.deadline:
            return False
        if self.phase in PATIENCE and self._grace.excuses(self.deadline, now):
            self.deadline = self._grace.until
            return False
        return True

    def slept(self, seconds: float) -> None:
        """So much time went by unseen by the monotonic clock: a wait is over that much sooner."""
        if self.phase is Phase.WAITING and self.deadline is not None:
            self.deadline -= seconds

    def __repr__(self) -> str:
        return f"Lifecycle({self.phase.name.lower()})"
