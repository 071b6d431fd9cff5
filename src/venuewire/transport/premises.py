"""What all halls of one process share: its clock, its limits, whoever is connected, what happened.

Law: nobody is dropped in silence as long as there is a place to be told in.
"""

from collections.abc import Callable

from msgspec.structs import asdict

from venuewire.core.http import HttpReply
from venuewire.core.instant import Clock
from venuewire.transport.deadlines import DeadlineQueue
from venuewire.transport.descriptors import RESERVED, descriptors
from venuewire.transport.guests import Guests
from venuewire.transport.journal import Journal
from venuewire.transport.limits import Limits
from venuewire.transport.replies import error_reply


def _nobody() -> int:
    """Where nobody else serves."""
    return 0


class Premises:
    """What all halls of one process share."""

    def __init__(self, clock: Clock, limits: Limits, journal: Journal | None = None) -> None:
        self.clock = clock
        self.limits = limits
        self.deadlines = DeadlineQueue(clock)
        self.guests = Guests()
        self.turned_away = Guests()
        """For whom there was no room, while they are being told."""
        self.journal = journal or Journal(limits.journal_events, clock)
        self.refused: dict[int, int] = {}
        """Requests that reached no venue, by HTTP status; 0 are those dropped unheard."""
        self.draining = False
        """Nobody new should be sent here; who comes is served."""
        self.closed = False
        """Closing time: a TLS handshake that ends now leads nowhere."""

        # Where several processes share the port.
        self.processes = 1
        """That serve; each has its own descriptors."""
        self.served_elsewhere: Callable[[], int] = _nobody
        """Connections of other processes."""
        self.refused_elsewhere: dict[int, int] = {}
        """As `refused`, when they were last asked."""

    def set_limits(self, limits: Limits) -> tuple[str, ...]:
        """From now on; the names of those that changed. Whoever is connected stays, also if that is
        more than are let in from now on; a session keeps the size of messages it began with."""
        before, after = asdict(self.limits), asdict(limits)
        changed = tuple(name for name, value in after.items() if before[name] != value)
        if changed:
            self.limits = limits
            self.journal.resize(limits.journal_events)
            told = ", ".join(f"{name}={after[name]}" for name in changed)
            self.journal.write("limits_changed", reason=told)
        return changed

    def drain(self, on: bool) -> None:
        if on != self.draining:
            self.journal.write("draining" if on else "serving")
        self.draining = on

    def refuse(self, status: int) -> None:
        self.refused[status] = self.refused.get(status, 0) + 1

    @property
    def connections(self) -> int:
        return len(self.guests) + self.served_elsewhere()

    @property
    def refusals(self) -> dict[int, int]:
        """As `refused`, of all processes."""
        whole = dict(self.refused)
        for status, times in self.refused_elsewhere.items():
            whole[status] = whole.get(status, 0) + times
        return whole

    @property
    def most_connections(self) -> int:
        """The limit, or what the system's descriptors leave."""
        limits, allowed = self.limits, descriptors()
        if allowed is None:
            return limits.connections
        room = self.processes * (allowed - RESERVED - limits.turned_away)
        return max(1, min(limits.connections, room))

    def has_room(self, arriving: int) -> bool:
        """For one more beside so many that are arriving, be it only to be told that there is none;
        when False, it is dropped unheard."""
        present = len(self.guests) + len(self.turned_away) + arriving
        room = present < self.most_connections + self.limits.turned_away
        if not room:
            self.refuse(0)
        return room

    def refusal(self, address: str) -> HttpReply | None:
        """Why one more connection from there cannot be served; None when it can."""
        if len(self.guests) >= self.most_connections:
            return self.busy()
        most = self.limits.connections_per_address
        if most is not None and self.guests.of(address) >= most:
            return self.crowded()
        return None

    def busy(self) -> HttpReply:
        return error_reply("busy", "there are too many connections", retry_after="1")

    def crowded(self) -> HttpReply:
        told = f"one address may have {self.limits.connections_per_address} connections"
        return error_reply("too_many_connections", told, retry_after="1")
