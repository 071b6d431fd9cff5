"""A local venue in this process: one or several venues on one port.

    async with LocalVenue("kraken-futures") as venue:
        client = connect("kraken-futures", url=venue.url, credentials=venue.credentials)
        await venue.publish("ticker:PI_XBTUSD", {...})

Law: what is asked for is checked when it is asked for; a bad option is a `ConfigurationError`
that names it, before anything listens.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from starlette.routing import BaseRoute

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.core.venue import Venue
from venuewire.server import vitals
from venuewire.server.configuration import (
    Configuration,
    Reconfigured,
    as_it_lives,
    change_accounts,
    change_terms,
    other_limits,
    standing_terms,
    what_stands,
)
from venuewire.server.control import operations
from venuewire.server.fault_board import FaultBoard
from venuewire.server.metrics import metrics_page
from venuewire.server.operation import control_routes
from venuewire.server.options import (
    Overrides,
    checked_accounts,
    checked_terms,
    parse_address,
    resolve,
    rng,
)
from venuewire.server.orders import Orders
from venuewire.server.vitals import Vitals
from venuewire.transport.access import checked_token
from venuewire.transport.archive import Archive
from venuewire.transport.clock import now
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits
from venuewire.transport.listener import Listener
from venuewire.transport.premises import Premises


class Listening(Protocol):
    """What has the port."""

    @property
    def base(self) -> str:
        """`http://127.0.0.1:9010`; empty before `start`."""
        ...

    async def start(
        self,
        host: str,
        port: int,
        *,
        ssl_context: ssl.SSLContext | None,
        control_token: str | None,
    ) -> str:
        """Listen; the base URL. Raises `ConfigurationError`."""
        ...

    async def stop(self) -> None:
        """See everybody out. Harmless when repeated."""
        ...

    def take_token(self, token: str | None) -> None:
        """The control token from now on."""
        ...

    def take_tls(self, context: ssl.SSLContext) -> None:
        """The certificate for those who come from now on."""
        ...


class LocalVenue(Orders):
    """What it can be told to do is in `Orders`."""

    def __init__(  # noqa: PLR0913 - options of one thing, all by name
        self,
        *venues: str | Venue,
        listen: str = "127.0.0.1:0",
        edition: Edition = "documented",
        accounts: Iterable[Account] | Mapping[str, Iterable[Account]] | None = None,
        terms: Overrides | Mapping[str, Overrides] | None = None,
        limits: Limits | None = None,
        ssl_context: ssl.SSLContext | None = None,
        seed: int | None = None,
        faults: Iterable[str] = (),
        control_token: str | None = None,
        state: str | PathLike[str] | None = None,
        clock: Clock = now,
    ) -> None:
        """Venues are named, or given; `all` is every one that is installed.

        accounts: who is let in, everywhere or by venue; None means each venue's demo account.
        terms: `{"idle_timeout": 5.0}` for all, or `{"kucoin": {"idle_timeout": 5.0}}`.
        limits: of what one process holds, whatever the venue.
        seed: repeats tokens, challenges and faults from run to run; None makes them unpredictable.
        faults: as `fault` takes them; they begin when the venue listens.
        control_token: lets other machines give orders by the control API; without it none may.
        state: the file in which accounts, notifications and what was published outlive this
        process; None keeps them in memory. docs/reference/state.md says more.

        Raises `ConfigurationError`.
        """
        self._venues = resolve(venues)
        self.configuration = Configuration(
            address=parse_address(listen),
            accounts=checked_accounts(self._venues, accounts),
            terms=checked_terms(self._venues, edition, terms or {}),
            limits=limits or Limits(),
            faults=tuple(faults),
            state=None if state is None else Path(state),
            control_token=None if control_token is None else checked_token(control_token),
            ssl_context=ssl_context,
        )
        """What was asked for, here or by the last `reconfigure`."""
        premises = Premises(clock, self.configuration.limits)
        halls = {venue.name: self._opened(venue, premises, seed) for venue in self._venues}
        archive = Archive(self.configuration.state, halls)
        super().__init__(halls, premises, FaultBoard(halls), archive)
        self._standing_faults = {spec: self.fault(spec) for spec in self.configuration.faults}
        """Ids of those that were asked for."""
        control = control_routes(operations(self), premises, self._settle, self._look)
        self._listener = self._listening(control)

    def _opened(self, venue: Venue, premises: Premises, seed: int | None) -> Hall:
        asked = self.configuration
        floor = venue.floor(
            asked.terms[venue.name],
            asked.accounts[venue.name],
            premises.clock,
            rng(seed, venue),
        )
        chance = rng(None if seed is None else f"{seed}:faults", venue)
        return Hall(venue, floor, premises, chance)

    def _listening(self, control: Iterable[BaseRoute]) -> Listening:
        halls = self._halls.values()
        pages = [metrics_page(halls, self._premises, self._look, self._examine)]
        return Listener(self._premises, halls, control=control, pages=pages)

    async def _settle(self) -> None:
        """Return when all that was done is kept. Raises `NotKept`."""
        await self._archive.settle()

    async def _look(self) -> None:
        """Bring up to date what is known of other processes. Here there are none."""

    async def _examine(self) -> Vitals:
        return await vitals.look(self._halls.values(), self._premises)

    # Open and closed.

    async def start(self) -> Self:
        """Listen. Raises `ConfigurationError` when the address or the state cannot be had."""
        asked = self.configuration
        host, port = asked.address
        await self._archive.open()
        try:
            await self._listener.start(
                host, port, ssl_context=asked.ssl_context, control_token=asked.control_token
            )
        except ConfigurationError:
            await self._archive.close()
            raise
        self._board.begin()
        return self

    async def aclose(self) -> None:
        """Tell all clients to go away, and stop listening. Harmless when repeated."""
        await self._listener.stop()
        await self._archive.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    # Configured anew, while it runs.

    async def reconfigure(self, wanted: Configuration) -> Reconfigured:
        """Live as one that was made so: as far as one can that is open. What was done by orders
        since stays done. `wanted` is the `configuration` of another.

        Raises `NotKept`.
        """
        before = self.configuration
        self.configuration = as_it_lives(before, wanted, self._halls.values())
        shared = [hall for name, hall in self._halls.items() if name in wanted.terms]
        stands = list(what_stands(before, wanted))
        changed = list(self._change_limits(before, wanted))
        for hall in shared:
            name = hall.venue.name
            stands += standing_terms(hall, before.terms[name], wanted.terms[name])
            changed += change_terms(hall, before.terms[name], wanted.terms[name])
            revoked = frozenset(key for venue, key in self._archive.revoked if venue == name)
            accounts = before.accounts[name], wanted.accounts[name]
            changed += change_accounts(hall, *accounts, revoked)
        changed += self._change_faults(wanted.faults)
        changed += self._change_access(before, wanted)
        for change in changed or ["nothing"]:
            self._premises.journal.write("reloaded", reason=change)
        await self._settle()
        return Reconfigured(tuple(changed), tuple(stands))

    def stay(self, reason: str) -> None:
        """A new configuration is no good: note why."""
        self._premises.journal.write("not_reloaded", reason=reason)

    def _change_limits(self, before: Configuration, wanted: Configuration) -> Iterator[str]:
        limits = other_limits(self._premises.limits, before.limits, wanted.limits)
        if changed := self.set_limits(limits):
            yield f"limits: {', '.join(changed)}"

    def _change_faults(self, wanted: tuple[str, ...]) -> Iterator[str]:
        known = self._standing_faults
        for spec in [spec for spec in known if spec not in wanted]:
            self.clear_faults(known.pop(spec))
            yield f"fault {spec} was ended"
        for spec in wanted:
            if spec not in known:
                known[spec] = self.fault(spec)
                yield f"fault {spec} was begun"

    def _change_access(self, before: Configuration, wanted: Configuration) -> Iterator[str]:
        if before.control_token != wanted.control_token:
            self._listener.take_token(wanted.control_token)
            yield "the control token"
        if before.ssl_context is not None and wanted.ssl_context is not None:
            self._listener.take_tls(wanted.ssl_context)
            yield "the certificate, read again"

    # Where it is, and who gets in.

    @property
    def base(self) -> str:
        """`http://127.0.0.1:41234`; with TLS, `https`."""
        if not self._listener.base:
            raise LocalProtocolError("the local venue has not been started")
        return self._listener.base

    @property
    def endpoints(self) -> dict[str, str]:
        """What a client of each venue is configured with: a WebSocket URL, or an HTTP base."""
        return {venue.name: self._endpoint(venue) for venue in self._venues}

    @property
    def url(self) -> str:
        """The endpoint of the only venue."""
        return self._endpoint(self._only())

    @property
    def credentials(self) -> Credentials:
        """Of the first account of the only venue that was given when this was made."""
        known = self.all_credentials.get(self._only().name)
        if known is None:
            raise LocalProtocolError("no account that was given here is left")
        return known

    @property
    def all_credentials(self) -> dict[str, Credentials]:
        """Of each venue's first account that was given when this was made, and not revoked since.
        Those of accounts added later are known to who added them."""
        asked = self.configuration
        return {
            name: left[0]
            for name, hall in self._halls.items()
            if (left := [a.credentials for a in asked.accounts[name] if hall.admits(a)])
        }

    def _only(self) -> Venue:
        if len(self._venues) != 1:
            raise LocalProtocolError("there are several venues here: name one of `endpoints`")
        return self._venues[0]

    def _endpoint(self, venue: Venue) -> str:
        base = self.base
        if not venue.http_based:
            base = base.replace("http", "ws", 1)
        return base + venue.endpoint

    def __repr__(self) -> str:
        names = ", ".join(self._halls)
        return f"LocalVenue({names} at {self._listener.base or 'no address yet'})"
