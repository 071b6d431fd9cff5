"""One venue as this process serves it: its floor, and how pushes find their way to the links.

Law 1: a push is framed once, whoever hears it.
Law 2: whatever touches the floor is followed by `deliver`, so that no push waits for the next
       event.
"""

import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable
from functools import partial
from random import Random, SystemRandom
from typing import Protocol, TypeAlias

from msgspec import Struct, field, to_builtins

from venuewire.core.floor import Floor, Note, Publication, RecordKey
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, excerpt
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Terms
from venuewire.core.venue import Door, Venue
from venuewire.faults.fault import Never, Say, Slam
from venuewire.faults.spec import Spec
from venuewire.faults.troubles import Troubles, announce
from venuewire.transport import acts
from venuewire.transport.counts import Counts, Reading
from venuewire.transport.framing import text_frame
from venuewire.transport.hardship import Hardship
from venuewire.transport.journal import What
from venuewire.transport.ledger import Ledger
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises
from venuewire.transport.replies import error_reply

_logger = logging.getLogger(__name__)


class Carrier(Protocol):
    """What a session's `link` is here."""

    def fail(self, error: Exception) -> None:
        """Writing has failed: end the session. Never raises."""
        ...

    def part(self, code: int, reason: str) -> None:
        """See the session out, after what it has said. Never raises."""
        ...


Verdict: TypeAlias = ServerSession | HttpReply | Never | Slam
"""What becomes of somebody at a WebSocket door."""


class Usher(Protocol):
    """Asks another process about those that come."""

    def knock(
        self, door: Door, request: HttpRequest, decided: Callable[[Verdict], None]
    ) -> Callable[[], None]:
        """`decided` is called once, sooner or later; not before this returns. What is returned is
        to be called when the client is gone before that."""
        ...


class Elsewhere(Struct, frozen=True):
    """What other processes that serve the venue have told of their share."""

    counts: tuple[Reading, ...] = ()
    """Empty where there are none."""
    held: int = 0
    """Subscriptions."""
    holders: dict[str, int] = field(default_factory=dict)
    """Open sessions by the key that they have proven themselves by: `Account.key_id`."""


async def _nothing_to_keep() -> None:
    """Where nothing outlives the process."""


def _unrecorded(act: acts.Act) -> None:
    """Where nobody else serves the venue."""


def _unmissed(session: ServerSession) -> None:
    """Where nobody else wants to know."""


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

        # Where several processes serve the venue.
        self.ledger: Ledger | None = None
        """None where nobody will ask for all that the floor knows."""
        self.record: Callable[[acts.Act], None] = _unrecorded
        """Told what has been done to the venue as a whole."""
        self.usher: Usher | None = None
        """Who decides here about those that come; None: the floor."""
        self.follows = False
        """Another process decides what the venue says of its own accord."""
        self.left: Callable[[ServerSession], None] = _unmissed
        """Told when a session is gone that had been let in."""
        self.elsewhere = Elsewhere()
        """What other processes have told of their share, when they were last asked."""

    def admit(
        self, door: Door, request: HttpRequest, at: Instant | None = None
    ) -> ServerSession | HttpReply:
        """Let a client in, or say why not."""
        try:
            admitted = self.floor.admit(door.name, request, self.now() if at is None else at)
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

    def dismiss(self, session: ServerSession) -> None:
        """It was let in, and its client is gone before it could be told."""
        self.floor.leave(session)
        self.deliver()
        self.left(session)

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

    def publish(self, publication: Publication, at: Instant | None = None) -> int:
        """How many heard it. Raises `LocalProtocolError` for a bad payload."""
        now = self.now() if at is None else at
        try:
            heard = self.floor.publish(publication, now)
        finally:
            self.deliver()
        self.record(acts.Published(self.venue.name, publication, now))
        return heard

    def notify(self, note: Note, at: Instant | None = None) -> int:
        """The notification's id. Raises `LocalProtocolError` where there are none."""
        now = self.now() if at is None else at
        try:
            number = self.floor.notify(note, now)
        finally:
            self.deliver()
        self.record(acts.Notified(self.venue.name, note, now))
        return number

    def withdraw(self, id: int) -> bool:
        """False when there is no notification of this id."""
        withdrawn = self.floor.withdraw(id)
        self.deliver()
        if withdrawn:
            self.note("withdrawn", id=id)
            self.record(acts.Withdrew(self.venue.name, id))
        return withdrawn

    def admits(self, account: Account) -> bool:
        return account.credentials.api_key in self.floor.accounts

    def enroll(self, account: Account) -> None:
        """Let someone in. Raises `ConfigurationError`, `LocalProtocolError`."""
        self.floor.enroll(account)
        self.note("account_added", account=account.name, key=account.key_id)
        known = self.floor.accounts[account.credentials.api_key]
        self.record(acts.Enrolled(self.venue.name, known))

    def revoke(self, api_key: str, at: Instant | None = None) -> int:
        """How many sessions that ended."""
        now = self.now() if at is None else at
        account = self.floor.accounts.get(api_key)
        if account is not None:
            self.note("account_revoked", account=account.name, key=account.key_id)
        ended = self.floor.revoke(api_key, now)
        for session in ended:
            carrier: Carrier | None = session.link
            if carrier is not None and session.closing is not None:
                carrier.part(session.closing.code, session.closing.reason)
        self.deliver()
        self.record(acts.Revoked(self.venue.name, api_key, now))
        return len(ended)

    def let_pass(self, seconds: float) -> None:
        """As if so much time had passed, for whatever ages."""
        self.floor.let_pass(seconds)
        self.note("advanced", seconds=seconds)
        self.deliver()
        self.record(acts.LetPass(self.venue.name, seconds))

    def adopt(self, terms: Terms) -> None:
        """Live by other terms, for sessions that begin from now on. Raises `ConfigurationError`."""
        self.floor.adopt(terms)
        self.record(acts.Agreed(self.venue.name, to_builtins(self.floor.terms)))

    def announce(self, said: Say, now: Instant) -> None:
        """A fault has the venue tell about itself."""
        if not self.follows:
            self.say(said, now)

    def say(self, said: Say, now: Instant) -> None:
        announce(self.floor, said, now)
        self.deliver()
        self.record(acts.Announced(self.venue.name, said, now))

    # What is known, from another process.

    def take_back(self, key: RecordKey, value: bytes) -> None:
        """As the floor does."""
        self.floor.take_back(key, value, self.now())
        if self.ledger is not None:
            self.ledger.add(key)

    def learn(self, key: RecordKey, value: bytes) -> None:
        """As `take_back`, while sessions are open."""
        self.take_back(key, value)
        self.deliver()
        self.record(acts.Learned(self.venue.name, key, value))

    def seat(
        self, door: Door, request: HttpRequest, number: int, at: Instant
    ) -> ServerSession | HttpReply:
        """Let somebody in of whom another process has decided so, by the number it gave."""
        self.floor.count_from(number)
        try:
            return self.floor.admit(door.name, request, at)
        except Exception as error:  # noqa: BLE001 - see `admit`
            return self._failed("seating a client", error)
        finally:
            self.deliver()

    def farewell(self) -> None:
        """Say this venue's own way that everybody has to go."""
        self.floor.farewell()
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
            if self.ledger is not None:
                self.ledger.note()
            self.keep()

    def now(self) -> Instant:
        return self.premises.clock() if self.hardship is None else self.hardship.clock()

    def add_fault(self, spec: Spec, number: int, at: float | None = None) -> None:
        """Raises `ConfigurationError` where it makes no sense."""
        premises = self.premises
        added_at = premises.clock().monotonic if at is None else at
        self.troubles.add(spec, number, added_at)
        if self.hardship is None:
            self.hardship = Hardship(self.troubles, self.floor, premises, self.announce)
        self.hardship.changed()
        self.record(acts.FaultBegan(self.venue.name, number, str(spec), added_at))

    def clear_faults(self, number: int | None = None) -> int:
        """End one, or all; how many there were."""
        cleared = self.troubles.clear(number)
        if self.hardship is not None:
            self.hardship.changed()
        self.record(acts.FaultsCleared(self.venue.name, number))
        return cleared

    # The whole, where other processes have their share.

    @property
    def totals(self) -> Counts:
        """What has happened, here and elsewhere."""
        if not self.elsewhere.counts:
            return self.counts
        whole = Counts()
        for share in (self.counts.read(), *self.elsewhere.counts):
            whole.add(share)
        return whole

    @property
    def held(self) -> int:
        """Subscriptions of all sessions together."""
        return self.floor.held + self.elsewhere.held

    def holding(self, account: Account) -> int:
        """How many open sessions have proven themselves by its key."""
        if self.elsewhere.counts:
            return self.elsewhere.holders.get(account.key_id, 0)
        holders = self.floor.holders.of(account.credentials.api_key)
        return sum(one.closing is None for one in holders)

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
