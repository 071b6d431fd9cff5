"""A local venue in this process: one or several venues on one port.

    async with LocalVenue("kraken-futures") as venue:
        client = connect("kraken-futures", url=venue.url, credentials=venue.credentials)
        await venue.publish("ticker:PI_XBTUSD", {...})

Law: what is asked for is checked when it is asked for; a bad option is a `ConfigurationError`
that names it, before anything listens.
"""

import ssl
from collections.abc import Iterable, Mapping
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
        self._address = parse_address(listen)
        self._ssl_context = ssl_context
        self._control_token = None if control_token is None else checked_token(control_token)
        self._venues = resolve(venues)
        self._given = checked_accounts(self._venues, accounts)
        premises = Premises(clock, limits or Limits())
        self._agreed = checked_terms(self._venues, edition, terms or {})
        halls = {venue.name: self._opened(venue, premises, seed) for venue in self._venues}
        archive = Archive(None if state is None else Path(state), halls)
        super().__init__(halls, premises, FaultBoard(halls), archive)
        self._standing_faults = [(fault, self.fault(fault)) for fault in faults]
        """Those that were given here, with their ids."""
        control = control_routes(operations(self), premises, self._settle, self._look)
        pages = [metrics_page(halls.values(), premises, self._look)]
        self._listener = self._listening(control, pages)

    def _opened(self, venue: Venue, premises: Premises, seed: int | None) -> Hall:
        terms, accounts = self._agreed[venue.name], self._given[venue.name]
        floor = venue.floor(terms, accounts, premises.clock, rng(seed, venue))
        chance = rng(None if seed is None else f"{seed}:faults", venue)
        return Hall(venue, floor, premises, chance)

    def _listening(self, control: Iterable[BaseRoute], pages: Iterable[BaseRoute]) -> Listening:
        halls = self._halls.values()
        return Listener(self._premises, halls, control=control, pages=pages)

    async def _settle(self) -> None:
        """Return when all that was done is kept. Raises `NotKept`."""
        await self._archive.settle()

    async def _look(self) -> None:
        """Bring up to date what is known of other processes. Here there are none."""

    # Open and closed.

    async def start(self) -> Self:
        """Listen. Raises `ConfigurationError` when the address or the state cannot be had."""
        host, port = self._address
        await self._archive.open()
        try:
            await self._listener.start(
                host, port, ssl_context=self._ssl_context, control_token=self._control_token
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
        return {
            name: left[0]
            for name, hall in self._halls.items()
            if (left := [a.credentials for a in self._given[name] if hall.admits(a)])
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
