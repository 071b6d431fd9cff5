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
from random import Random, SystemRandom
from types import TracebackType
from typing import Any, Self, get_args

import msgspec

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition, Terms
from venuewire.core.venue import Venue
from venuewire.server.control import operations
from venuewire.server.fault_board import FaultBoard
from venuewire.server.metrics import metrics_page
from venuewire.server.operation import control_routes
from venuewire.server.orders import Orders
from venuewire.transport.access import checked_token
from venuewire.transport.archive import Archive
from venuewire.transport.clock import now
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits
from venuewire.transport.listener import Listener
from venuewire.transport.premises import Premises
from venuewire.venues import venue as venue_named
from venuewire.venues import venues as all_venues

Overrides = Mapping[str, Any]
"""Fields of a venue's `Terms`, by name."""


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
        self._address = _parse_address(listen)
        self._ssl_context = ssl_context
        self._control_token = None if control_token is None else checked_token(control_token)
        self._venues = _resolve(venues)
        self._given = _accounts(self._venues, accounts)
        premises = Premises(clock, limits or Limits())
        agreed = _terms(self._venues, edition, terms or {})
        halls = {
            venue.name: self._opened(venue, agreed[venue.name], premises, seed)
            for venue in self._venues
        }
        archive = Archive(None if state is None else Path(state), halls)
        super().__init__(halls, premises, FaultBoard(halls), archive)
        for fault in faults:
            self.fault(fault)
        control = control_routes(operations(self), premises, archive.settle)
        pages = [metrics_page(halls.values(), premises)]
        self._listener = Listener(premises, halls.values(), control=control, pages=pages)

    def _opened(self, venue: Venue, terms: Terms, premises: Premises, seed: int | None) -> Hall:
        floor = venue.floor(terms, self._given[venue.name], premises.clock, _rng(seed, venue))
        chance = _rng(None if seed is None else f"{seed}:faults", venue)
        return Hall(venue, floor, premises, chance)

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


# Options.


def _resolve(venues: tuple[str | Venue, ...]) -> tuple[Venue, ...]:
    found: dict[str, Venue] = {}
    for venue in venues:
        if venue == "all":
            found |= all_venues()
        else:
            resolved = venue_named(venue) if isinstance(venue, str) else venue
            found[resolved.name] = resolved
    if not found:
        raise ConfigurationError("venues: name at least one, or `all`")
    return tuple(found.values())


def _accounts(
    venues: tuple[Venue, ...], accounts: Iterable[Account] | Mapping[str, Iterable[Account]] | None
) -> dict[str, tuple[Account, ...]]:
    if accounts is None:
        return {venue.name: (Account("demo", venue.demo),) for venue in venues}
    if isinstance(accounts, Mapping):
        names = [venue.name for venue in venues]
        if unknown := sorted(accounts.keys() - names):
            raise ConfigurationError(
                f"accounts: {unknown[0]!r} is not here; {', '.join(names)} are"
            )
        return {venue.name: tuple(accounts.get(venue.name, ())) for venue in venues}
    members = tuple(accounts)
    return {venue.name: members for venue in venues}


def _parse_address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in bare and bare == host):
        raise ConfigurationError(f"listen: {listen!r} is not HOST:PORT or [ADDRESS]:PORT")
    return bare, int(port)


def _terms(
    venues: Iterable[Venue], edition: Edition, overrides: Mapping[str, Any]
) -> dict[str, Terms]:
    if edition not in get_args(Edition):
        known = ", ".join(get_args(Edition))
        raise ConfigurationError(f"edition: {edition!r} is none of {known}")
    by_name = {venue.name: venue for venue in venues}
    each = overrides if _by_venue(overrides) else dict.fromkeys(by_name, overrides)
    if unknown := sorted(each.keys() - by_name.keys()):
        raise ConfigurationError(f"terms: {unknown[0]!r} is not here; {', '.join(by_name)} are")
    return {
        name: _overridden(name, venue.terms(edition), each.get(name, {}))
        for name, venue in by_name.items()
    }


def _by_venue(overrides: Mapping[str, Any]) -> bool:
    return bool(overrides) and all(isinstance(value, Mapping) for value in overrides.values())


def _overridden(venue: str, terms: Terms, overrides: Overrides) -> Terms:
    fields = {field.name: field.type for field in msgspec.structs.fields(terms)}
    changes: dict[str, Any] = {}
    for name, value in overrides.items():
        if name not in fields:
            known = ", ".join(fields)
            raise ConfigurationError(f"terms: {venue} has no {name!r}; it has {known}")
        try:
            changes[name] = msgspec.convert(value, fields[name])
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"terms: {name} of {venue}: {error}") from None
    return msgspec.structs.replace(terms, **changes)


def _rng(seed: object, venue: Venue) -> Random:
    return SystemRandom() if seed is None else Random(f"{seed}:{venue.name}")
