"""The venue's side of one session, for any dialect.

Law 1: frames go in by `receive`, frames to send gather in `outbox`; whoever carries them empties
       it once per readable event.
Law 2: `deadline` is a lower bound. Receiving only moves deadlines away, so it costs one
       assignment; waking early or twice is harmless.
Law 3: after `close`, nothing more is said, and nothing that still arrives is heard.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from venuewire.core.dialect import ServerDialect
from venuewire.core.instant import Instant
from venuewire.core.terms import Terms


class Closing(Struct, frozen=True):
    """How the link ends; frames in the outbox go first."""

    code: int
    reason: str = ""
    abort: bool = False
    """Drop the connection without a CLOSE frame: the client sees 1006."""


class Rejection(Struct, frozen=True):
    """A venue that refuses no upgrade says in its first frame who may not stay, and why."""

    code: int
    """The venue's own."""
    reason: str


class ServerSession:
    __slots__ = (
        "_budget",
        "_idle_timeout",
        "beat_at",
        "began_at",
        "carry",
        "closing",
        "cut_at",
        "deadline",
        "dialect",
        "heard_at",
        "link",
        "number",
        "outbox",
        "rejection",
        "terms",
    )

    def __init__(self, dialect: ServerDialect, terms: Terms, number: int, now: Instant) -> None:
        self.number = number
        """Unique among the sessions of one local venue."""
        self.dialect = dialect
        self.terms = terms
        self.link: Any = None
        """What carries this session. Belongs to the layer above; the kernel never looks at it."""
        self.carry: Callable[[bytes], object] | None = None
        """How that writes what is framed already; None while nothing carries the session. It is
        here so that who pushes to many need not look at each link, which was a twentieth of the
        cost."""

        self.outbox: list[bytes] = []
        """Text frames to send, in order."""
        self.closing: Closing | None = None
        self.rejection: Rejection | None = None

        # Monotonic seconds; None means never.
        self.began_at = self.heard_at = now.monotonic
        self.beat_at: float | None = None
        self.cut_at = None if terms.lifetime is None else now.monotonic + terms.lifetime
        self.deadline: float | None = None

        self._idle_timeout = terms.idle_timeout
        self._budget = terms.request_budget()

    # Told by the outside.

    def open(self, now: Instant) -> None:
        """The handshake is complete: greet."""
        self.dialect.open(self, now)
        self._aim()

    def receive(self, payload: bytes, now: Instant) -> None:
        """A whole text message, valid UTF-8. Never raises: a venue answers nonsense itself."""
        if self.closing is not None:
            return
        self.heard_at = now.monotonic
        if self._budget is not None and not self._budget.take(now):
            self.dialect.exceed(payload, now)
        else:
            self.dialect.receive(payload, now)

    def pinged(self, now: Instant) -> None:
        """A WebSocket PING frame; whoever carries the link has answered it."""
        if self.terms.control_ping_counts:
            self.heard_at = now.monotonic

    def wake(self, now: Instant) -> None:
        """Do what is due."""
        if self.closing is None:
            if self.is_idle(now):
                self.dialect.idle(now)
            elif self.cut_at is not None and now.monotonic >= self.cut_at:
                self.dialect.cut(now)
            elif self.beat_at is not None and now.monotonic >= self.beat_at:
                self.dialect.beat(now)
        self._aim()

    def grow_older(self, seconds: float) -> None:
        """As if it had begun so much earlier, and had not been silent since."""
        self.began_at -= seconds
        if self.cut_at is not None:
            self.cut_at -= seconds
        self._aim()

    def is_idle(self, now: Instant) -> bool:
        """It has been silent for as long as the venue allows."""
        return self._idle_at is not None and now.monotonic >= self._idle_at

    def lost(self) -> None:
        """The link is gone, whoever ended it."""
        if self.closing is None:
            self.closing = Closing(1006)
        self.deadline = None
        self.dialect.lost()

    # Asked by the dialect.

    def beat_from(self, at: float) -> None:
        """Call the dialect's `beat` at this time, in monotonic seconds."""
        self.beat_at = at
        if self.deadline is None or at < self.deadline:
            self.deadline = at

    def close(self, code: int, reason: str = "", *, abort: bool = False) -> None:
        if self.closing is None:
            self.closing = Closing(code, reason, abort)
            self.deadline = None

    def _aim(self) -> None:
        due = (at for at in (self._idle_at, self.cut_at, self.beat_at) if at is not None)
        self.deadline = None if self.closing is not None else min(due, default=None)

    @property
    def _idle_at(self) -> float | None:
        return None if self._idle_timeout is None else self.heard_at + self._idle_timeout

    def __repr__(self) -> str:
        state = "open" if self.closing is None else f"closing {self.closing.code}"
        return f"ServerSession({self.number}, {state})"
