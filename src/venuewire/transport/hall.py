"""One venue as this process serves it: its floor, and how pushes find their way to the links.

Law 1: a push is framed once, whoever hears it.
Law 2: whatever touches the floor is followed by `deliver`, so that no push waits for the next
       event.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from functools import partial
from random import Random, SystemRandom
from typing import Protocol

from msgspec.structs import asdict

from venuewire.core.floor import Floor, Note, Publication
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Clock, Instant
from venuewire.core.secrets import Account, excerpt
from venuewire.core.server_session import ServerSession
from venuewire.core.venue import Door, Venue
from venuewire.faults.spec import Spec
from venuewire.faults.troubles import Troubles
from venuewire.transport.counts import Counts
from venuewire.transport.deadlines import DeadlineQueue
from venuewire.transport.descriptors import RESERVED, descriptors
from venuewire.transport.framing import text_frame
from venuewire.transport.hardship import Hardship
from venuewire.transport.journal import Journal, What
from venuewire.transport.limits import Limits
from venuewire.transport.mishaps import report
from venuewire.transport.replies import error_reply

_logger = logging.getLogger(__name__)


class Guest(Protocol):
    """Anyone connected, in whatever state."""

    def part(self, code: int, reason: str) -> None:
        """Say goodbye and leave as soon as politeness allows."""
        ...

    def abort(self) -> None:
        """Leave now."""
        ...


class Guests:
    """Everyone connected, so that closing time finds them all."""

    def __init__(self) -> None:
        self._all: dict[Guest, str] = {}
        self._by_address: dict[str, int] = {}
        self._gone = asyncio.Event()

    def enter(self, guest: Guest, address: str = "") -> None:
        self._all[guest] = address
        self._by_address[address] = self._by_address.get(address, 0) + 1

    def leave(self, guest: Guest) -> None:
        """Harmless when repeated."""
        address = self._all.pop(guest, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
        if not self._all:
            self._gone.set()

    def of(self, address: str) -> int:
        return self._by_address.get(address, 0)

    async def gone(self, within: float) -> bool:
        """Wait until nobody is left; False when `within` seconds did not suffice."""
        if not self._all:
            return True
        self._gone.clear()
        try:
            async with asyncio.timeout(within):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True

    def __iter__(self) -> Iterator[Guest]:
        """Safe against guests who leave meanwhile."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)


class Carrier(Protocol):
    """What a session's `link` is here."""

    def fail(self, error: Exception) -> None:
        """Writing has failed: end the session. Never raises."""
        ...

    def part(self, code: int, reason: str) -> None:
        """See the session out, after what it has said. Never raises."""
        ...


def address_of(transport: asyncio.BaseTransport) -> str:
    """The client's, without a port; empty where it has none."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""


class Premises:
    """What all halls of one process share."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self.clock = clock
        self.limits = limits
        self.deadlines = DeadlineQueue(clock)
        self.guests = Guests()
        self.turned_away = Guests()
        """For whom there was no room, while they are being told."""
        self.journal = Journal(limits.journal_events, clock)
        self.refused: dict[int, int] = {}
        """Requests that reached no venue, by HTTP status; 0 are those dropped unheard."""
        self.draining = False
        """Nobody new should be sent here; who comes is served."""
        self.closed = False
        """Closing time: a TLS handshake that ends now leads nowhere."""

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
    def most_connections(self) -> int:
        """The limit, or what the system's descriptors leave."""
        limits, allowed = self.limits, descriptors()
        if allowed is None:
            return limits.connections
        return max(1, min(limits.connections, allowed - RESERVED - limits.turned_away))

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
            return error_reply("busy", "there are too many connections", retry_after="1")
        most = self.limits.connections_per_address
        if most is not None and self.guests.of(address) >= most:
            told = f"one address may have {most} connections"
            return error_reply("too_many_connections", told, retry_after="1")
        return None


async def _nothing_to_keep() -> None:
    """Where nothing outlives the process."""


class Hall:
    def __init__(
        self, venue: Venue, floor: Floor, premises: Premises, chance: Random | None = None
    ) -> None:
        """`chance` is the faults': from it comes what they do at random."""
        self.venue = venue
        self.floor = floor
        self.premises = premises
        self.counts = Counts()
        self.note = partial(premises.journal.write, venue=venue.name)
        """Write in the journal what happened here."""
        floor.subscribers.noticed = self._notice
        self.troubles = Troubles(venue, SystemRandom() if chance is None else chance)
        self.hardship: Hardship | None = None
        """None until there is a first fault, so that nothing is asked of it before."""
        self.keep: Callable[[], None] = floor.changed.clear
        """Called when something has changed that should outlive this process; where nothing does,
        it is forgotten that it has."""
        self.settle: Callable[[], Awaitable[None]] = _nothing_to_keep
        """Returns when everything that has changed is kept. Raises `NotKept`."""

    def admit(self, door: Door, request: HttpRequest) -> ServerSession | HttpReply:
        """Let a client in, or say why not."""
        try:
            admitted = self.floor.admit(door.name, request, self.now())
        except Exception as error:  # noqa: BLE001 - a floor's bug must not show itself to clients
            admitted = self._failed("admitting a client", error)
        if isinstance(admitted, HttpReply):
            self._refused(request.peer, admitted.status, excerpt(admitted.body))
        elif admitted.rejection is not None:
            self._refused(request.peer, admitted.rejection.code, admitted.rejection.reason)
        else:
            self.counts.admitted += 1
        self.deliver()
        return admitted

    async def answer(self, door: Door, request: HttpRequest) -> HttpReply:
        """When it leaves, what it uses up is kept: a nonce is good once, also after a restart."""
        touches = self.floor.touches
        try:
            reply = self.floor.answer(door.name, request, self.now())
            self.deliver()
            if self.floor.touches != touches:
                await self.settle()
        except Exception as error:  # noqa: BLE001 - see `admit`
            reply = self._failed("answering a request", error)
        return reply

    def publish(self, publication: Publication) -> int:
        """How many heard it. Raises `LocalProtocolError` for a bad payload."""
        try:
            heard = self.floor.publish(publication, self.now())
        finally:
            self.deliver()
        self.counts.publications += 1
        self.note("published", channel=publication.channel, heard=heard)
        return heard

    def notify(self, note: Note) -> int:
        """The notification's id. Raises `LocalProtocolError` where there are none."""
        try:
            number = self.floor.notify(note, self.now())
        finally:
            self.deliver()
        self.counts.notifications += 1
        self.note("notified", id=number)
        return number

    def withdraw(self, id: int) -> bool:
        """False when there is no notification of this id."""
        withdrawn = self.floor.withdraw(id)
        self.deliver()
        if withdrawn:
            self.note("withdrawn", id=id)
        return withdrawn

    def admits(self, account: Account) -> bool:
        return account.credentials.api_key in self.floor.accounts

    def enroll(self, account: Account) -> None:
        """Let someone in. Raises `ConfigurationError`, `LocalProtocolError`."""
        self.floor.enroll(account)
        self.note("account_added", account=account.name, key=account.key_id)

    def revoke(self, api_key: str) -> int:
        """How many sessions that ended."""
        account = self.floor.accounts.get(api_key)
        if account is not None:
            self.note("account_revoked", account=account.name, key=account.key_id)
        ended = self.floor.revoke(api_key, self.now())
        for session in ended:
            carrier: Carrier | None = session.link
            if carrier is not None and session.closing is not None:
                carrier.part(session.closing.code, session.closing.reason)
        self.deliver()
        return len(ended)

    def let_pass(self, seconds: float) -> None:
        """As if so much time had passed, for whatever ages."""
        self.floor.let_pass(seconds)
        self.note("advanced", seconds=seconds)
        self.deliver()

    @property
    def notifies(self) -> bool:
        return type(self.floor).notify is not Floor.notify

    def deliver(self) -> None:
        """Write all pushes, and have kept what should be."""
        pushes, counts = self.floor.pushes, self.counts
        while pushes:
            batch = pushes.copy()
            pushes.clear()
            counts.pushes += len(batch)
            for push in batch:
                if self.hardship is not None:
                    self.hardship.deliver(push)
                    continue
                data = text_frame(push.frame)
                counts.frames_out += len(push.sessions)
                counts.bytes_out += len(push.sessions) * len(data)
                _write_to_all(push.sessions, data)
        if self.floor.changed:
            self.keep()

    def now(self) -> Instant:
        return self.premises.clock() if self.hardship is None else self.hardship.clock()

    def add_fault(self, spec: Spec, number: int) -> None:
        """Raises `ConfigurationError` where it makes no sense."""
        premises = self.premises
        self.troubles.add(spec, number, premises.clock().monotonic)
        if self.hardship is None:
            self.hardship = Hardship(self.troubles, self.floor, premises, self.deliver)
        self.hardship.changed()

    def clear_faults(self, number: int | None = None) -> int:
        """End one, or all; how many there were."""
        cleared = self.troubles.clear(number)
        if self.hardship is not None:
            self.hardship.changed()
        return cleared

    # What happened.

    def _notice(self, session: ServerSession, key: Hashable, begins: bool) -> None:
        what: What = "subscribed" if begins else "unsubscribed"
        self.note(what, session=session.number, channel=self.floor.name(key))

    def _refused(self, peer: str, code: int, reason: str) -> None:
        self.counts.refuse(code)
        self.note("refused", peer=peer, code=code, reason=reason)

    def _failed(self, doing: str, error: Exception) -> HttpReply:
        self.counts.failures += 1
        report(_logger, f"{self.venue.name}: {doing}", error)
        return error_reply("internal", "an error of the local venue; its log tells more")


def _write_to_all(sessions: Iterable[ServerSession], data: bytes) -> None:
    """Without a call of ours for each: beside the system's, that is what a push costs."""
    for session in sessions:
        if (carry := session.carry) is not None and session.closing is None:
            try:
                carry(data)
            except Exception as error:  # noqa: BLE001 - one session's failure is not the others'
                carrier: Carrier = session.link
                carrier.fail(error)
