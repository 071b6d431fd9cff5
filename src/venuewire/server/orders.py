"""What an operator has the venues of one process do. `LocalVenue` offers it to Python; the control
API offers the same, call by call, to everybody else.

Law: an order is checked as a whole before any of it is carried out.
"""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import msgspec

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Note, Noted, Publication
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import ServerSession
from venuewire.server.accounts import Accounts, AccountState, account_state
from venuewire.server.answers import Sessions, State, state_of
from venuewire.server.fault_board import FaultBoard, FaultState
from venuewire.server.session_deeds import (
    age_sessions,
    check_after,
    chosen,
    cut_sessions,
    hall_named,
    let_pass,
    page_of,
)
from venuewire.transport.archive import Archive
from venuewire.transport.counts import Tally, tally_of
from venuewire.transport.hall import Hall
from venuewire.transport.journal import Event
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises


class Orders:
    def __init__(
        self, halls: Mapping[str, Hall], premises: Premises, board: FaultBoard, archive: Archive
    ) -> None:
        self._halls = halls
        self._archive = archive
        self._accounts = Accounts(archive)
        self._premises = premises
        self._board = board

    # What venues say.

    async def publish(
        self,
        channel: str,
        payload: Any,
        *,
        venue: str | None = None,
        subject: str | None = None,
        account: str | None = None,
    ) -> int:
        """Push a message to a channel's subscribers; how many there are.

        With a state file, it returns when new subscribers will see it after a restart too.

        payload: JSON as text or bytes, or whatever JSON can be made of, in the venue's own form.
        account: only that account's private subscribers.

        Raises `LocalProtocolError` for what the venue cannot say, `NotKept`.
        """
        publication = Publication(
            channel=channel, payload=_json(payload), subject=subject, account=account
        )
        hall = self._hall(venue)
        heard = hall.publish(publication) + await self._elsewhere()
        hall.counts.publications += 1
        hall.note("published", channel=channel, heard=heard)
        await self._archive.settle()
        return heard

    async def notify(  # noqa: PLR0913 - a notification's own fields
        self,
        note: str,
        *,
        type: str = "general",
        priority: str = "low",
        effective_time: int | None = None,
        expected_downtime_minutes: int | None = None,
        venue: str | None = None,
    ) -> int:
        """Send a notification; its id. Times as in `core.floor.Note`.

        venue: None means the only one that has notifications. Raises `NotKept`.
        """
        said = Note(
            note=note,
            type=type,
            priority=priority,
            effective_time=effective_time,
            expected_downtime_minutes=expected_downtime_minutes,
        )
        hall = self._notifying_hall(venue)
        number = hall.notify(said)
        hall.counts.notifications += 1
        hall.note("notified", id=number)
        await self._archive.settle()
        return number

    async def withdraw(self, id: int, *, venue: str | None = None) -> bool:
        """Show a notification to no new subscriber; False when there is none of this id.

        Raises `NotKept`.
        """
        withdrawn = self._notifying_hall(venue).withdraw(id)
        await self._archive.settle()
        return withdrawn

    def notifications(self, venue: str | None = None) -> tuple[Noted, ...]:
        """Those a new subscriber is shown, the oldest first."""
        return self._notifying_hall(venue).floor.notifications

    # Who is let in.

    async def add_account(
        self,
        name: str,
        *,
        venue: str | None = None,
        permissions: Iterable[str] | None = None,
        credentials: Credentials | None = None,
    ) -> Account:
        """Let someone in from now on; an account may have several keys.

        permissions: in the venue's own words; None means all that a session can need.
        credentials: None makes up a new key, which is told in what is returned and nowhere else.

        Raises `NotHere`, `LocalProtocolError`, and `NotKept` when the state file cannot be written:
        then nobody is let in.
        """
        return await self._accounts.add(self._hall(venue), name, permissions, credentials)

    async def revoke_account(
        self, name: str, *, venue: str | None = None, key: str | None = None
    ) -> int:
        """Let nobody in by this account's keys any more, or by one: `AccountState.key`; how many
        that were. Its sessions end by the venue's own rule, and its tokens are worthless.

        Raises `NotHere` for the venue, `NotKept`.
        """
        return await self._accounts.revoke(self._hall(venue), name, key)

    def accounts(self, venue: str | None = None) -> tuple[AccountState, ...]:
        """Who is let in, everywhere or at one venue, without their secrets. Raises `NotHere`."""
        halls = self._halls.values() if venue is None else [self._hall(venue)]
        return tuple(
            account_state(hall, account)
            for hall in halls
            for account in hall.floor.accounts.values()
        )

    # What becomes of sessions.

    @property
    def sessions(self) -> tuple[ServerSession, ...]:
        """Of all venues, in the order of their arrival at each."""
        return tuple(
            session for hall in self._halls.values() for session in hall.floor.sessions.values()
        )

    def session_states(
        self, venue: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sessions:
        """The sessions of all venues, or of one, as far as they can be told in JSON.

        after: of one venue, only those with a greater number. Raises `NotHere`.
        """
        meant = self._chosen(venue)
        check_after(self._halls, venue, after)
        return page_of(meant, after=after, limit=limit)

    async def session_page(
        self, venue: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sessions:
        """As `session_states`, from whichever process carries them."""
        return self.session_states(venue, after=after, limit=limit)

    async def cut(
        self,
        code: int | None = None,
        reason: str = "",
        *,
        abort: bool = False,
        venue: str | None = None,
        session: int | None = None,
    ) -> int:
        """End every session, or a venue's, or one by its number; how many.

        code: of the CLOSE frame; None ends each the venue's own way, as at the end of its
        lifetime. abort: without a CLOSE frame: clients see 1006.

        Raises `NotHere`.
        """
        return cut_sessions(self._chosen(venue, session), code, reason, abort=abort)

    async def age(
        self, seconds: float, *, venue: str | None = None, session: int | None = None
    ) -> int:
        """Have sessions believe that they are so many seconds old; how many.

        One that is older than its venue allows is cut. Raises `NotHere`.
        """
        check_span(seconds)
        return age_sessions(self._chosen(venue, session), seconds)

    async def advance(self, seconds: float, *, venue: str | None = None) -> int:
        """As if so many seconds had passed: sessions and tokens are that much older; how many
        sessions.

        Clocks on the wire are not touched, and nobody has been silent meanwhile. Raises `NotHere`,
        `NotKept`.
        """
        check_span(seconds)
        halls = self._halls.values() if venue is None else [self._hall(venue)]
        older = sum(let_pass(hall, seconds) for hall in halls)
        await self._archive.settle()
        return older

    # Faults.

    def fault(self, spec: str, *, venue: str | None = None) -> int:
        """Begin a fault, or a scenario: `half-open@30+60`, `flaky-morning`; its id.

        venue: only there; None means wherever it makes sense. docs/reference/faults.md has them
        all. Raises `ConfigurationError`.
        """
        id = self._board.add(spec, venue)  # noqa: A001 - what everybody calls it
        self._premises.journal.write("fault_added", venue or "", fault=spec, id=id)
        return id

    def clear_faults(self, id: int | None = None) -> int:
        """End one, or all; how many there were, counted by venue."""
        cleared = self._board.clear(id)
        if cleared:
            self._premises.journal.write("faults_cleared", id=id)
        return cleared

    @property
    def faults(self) -> tuple[FaultState, ...]:
        """Those waiting, active, and over but not cleared."""
        return self._board.states

    # What happened.

    def journal(
        self, after: int = 0, *, limit: int | None = None, venue: str | None = None
    ) -> tuple[Event, ...]:
        """What happened lately, the oldest first; of one venue, or of all.

        after: only events with a greater number. As many are remembered as
        `Limits.journal_events`. Raises `NotHere`.
        """
        name = None if venue is None else self._hall(venue).venue.name
        return self._premises.journal.read(after, limit, name)

    def forgotten(self, after: int = 0) -> int:
        """How many events after that number are remembered no more."""
        return self._premises.journal.forgotten(after)

    @property
    def last_event(self) -> int:
        """The number of the last event; 0 before there is any."""
        return self._premises.journal.written

    @property
    def tally(self) -> Tally:
        """What happened at the doors so far."""
        return tally_of(hall.totals for hall in self._halls.values())

    @property
    def state(self) -> State:
        """The limits in force, and each venue's terms and numbers."""
        return state_of(self._halls.values(), self._premises)

    def drain(self, on: bool = True) -> bool:
        """Have `/healthz` say 503, so that nobody new is sent here; or no longer.

        Whoever comes is served all the same, until the local venue is closed.
        """
        self._premises.drain(on)
        return on

    def set_limits(self, limits: Limits) -> tuple[str, ...]:
        """Hold peers to these from now on; the names of those that changed.

        Whoever is connected stays, also if that is more than are let in from now on; a session
        keeps the size of messages it began with.
        """
        return self._premises.set_limits(limits)

    # Other processes.

    async def _elsewhere(self) -> int:
        """What was done last has been done everywhere; how many sessions of other processes it
        concerned. Here there are none."""
        return 0

    # Who is meant.

    def _chosen(
        self, venue: str | None = None, session: int | None = None
    ) -> list[tuple[Hall, ServerSession]]:
        """All sessions, a venue's, or one by its number. Raises `NotHere`."""
        return chosen(self._halls, venue, session)

    def _hall(self, venue: str | None) -> Hall:
        return hall_named(self._halls, venue)

    def _notifying_hall(self, venue: str | None) -> Hall:
        if venue is not None:
            return self._hall(venue)
        able = [hall for hall in self._halls.values() if hall.notifies]
        if len(able) != 1:
            raise ConfigurationError(f"{len(able)} of the venues here have notifications: name one")
        return able[0]


def check_span(seconds: float) -> None:
    if not 0 <= seconds < inf:
        raise LocalProtocolError("seconds: a number of them is expected, and none below 0")


def _json(payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, bytes):
        return payload
    try:
        return msgspec.json.encode(payload)
    except TypeError as error:
        raise LocalProtocolError(f"payload: JSON cannot be made of it: {error}") from None
