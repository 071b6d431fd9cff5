"""A local venue in this process: one or several venues on one port.

    async with LocalVenue("kraken-futures") as venue:
        client = connect("kraken-futures", url=venue.url, credentials=venue.credentials)
        await venue.publish("ticker:PI_XBTUSD", {...})

Law: what is asked for is checked when it is asked for; a bad option is a `ConfigurationError`
that names it, before anything listens.
"""

import ssl
from collections.abc import Iterable, Mapping
from random import Random, SystemRandom
from types import TracebackType
from typing import Any, Self, get_args

import msgspec

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Note, Publication
from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition, Terms
from venuewire.core.venue import Venue
from venuewire.server.control import control_routes, notifying_hall
from venuewire.server.fault_board import FaultBoard, FaultState
from venuewire.transport.clock import now
from venuewire.transport.counts import Tally
from venuewire.transport.hall import Hall, Premises
from venuewire.transport.limits import Limits
from venuewire.transport.listener import Listener
from venuewire.venues import venue as venue_named
from venuewire.venues import venues as all_venues

Overrides = Mapping[str, Any]
"""Fields of a venue's `Terms`, by name."""


class LocalVenue:
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
        clock: Clock = now,
    ) -> None:
        """Venues are named, or given; `all` is every one that is installed.

        accounts: who is let in, everywhere or by venue; None means each venue's demo account.
        terms: `{"idle_timeout": 5.0}` for all, or `{"kucoin": {"idle_timeout": 5.0}}`.
        seed: repeats tokens, challenges and faults from run to run; None makes them unpredictable.
        faults: as `fault` takes them; they begin when the venue listens.

        Raises `ConfigurationError`.
        """
        self._address = _parse_address(listen)
        self._ssl_context = ssl_context
        self._venues = _resolve(venues)
        self._accounts = _accounts(self._venues, accounts)
        premises = Premises(clock, limits or Limits())
        agreed = _terms(self._venues, edition, terms or {})
        self._halls = {
            venue.name: Hall(
                venue,
                venue.floor(
                    agreed[venue.name], self._accounts[venue.name], clock, _rng(seed, venue)
                ),
                premises,
                _rng(None if seed is None else f"{seed}:faults", venue),
            )
            for venue in self._venues
        }
        self._board = FaultBoard(self._halls)
        for fault in faults:
            self._board.add(fault)
        control = control_routes(self._halls, self._board, premises.limits)
        self._listener = Listener(premises, self._halls.values(), control=control)

    # Open and closed.

    async def start(self) -> Self:
        """Listen. Raises `ConfigurationError` when the address cannot be had."""
        host, port = self._address
        await self._listener.start(host, port, ssl_context=self._ssl_context)
        self._board.begin()
        return self

    async def aclose(self) -> None:
        """Tell all clients to go away, and stop listening. Harmless when repeated."""
        await self._listener.stop()

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
        """Of the first account of the only venue."""
        return self.all_credentials[self._only().name]

    @property
    def all_credentials(self) -> dict[str, Credentials]:
        """Of each venue's first account."""
        return {
            name: accounts[0].credentials for name, accounts in self._accounts.items() if accounts
        }

    # What the operator does.

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

        payload: JSON as text or bytes, or whatever JSON can be made of, in the venue's own form.
        account: only that account's private subscribers.

        Raises `LocalProtocolError` for what the venue cannot say.
        """
        publication = Publication(
            channel=channel, payload=_json(payload), subject=subject, account=account
        )
        return self._listener.publish(self._name(venue), publication)

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
        """Send a notification; its id. Times as in `core.floor.Note`."""
        said = Note(
            note=note,
            type=type,
            priority=priority,
            effective_time=effective_time,
            expected_downtime_minutes=expected_downtime_minutes,
        )
        name = notifying_hall(self._halls, venue).venue.name
        return self._listener.notify(name, said)

    async def cut(self, code: int = 1001, reason: str = "", *, abort: bool = False) -> int:
        """End every session; how many. With `abort`, without a CLOSE frame: clients see 1006."""
        sessions = self.sessions
        for session in sessions:
            session.close(code, reason, abort=abort)
            if session.link is not None:
                session.link.part(code, reason)
        return len(sessions)

    def fault(self, spec: str, *, venue: str | None = None) -> int:
        """Begin a fault, or a scenario: `half-open@30+60`, `flaky-morning`; its id.

        venue: only there; None means wherever it makes sense. docs/reference/faults.md has them
        all. Raises `ConfigurationError`.
        """
        return self._board.add(spec, venue)

    def clear_faults(self, id: int | None = None) -> int:
        """End one, or all; how many there were, counted by venue."""
        return self._board.clear(id)

    @property
    def faults(self) -> tuple[FaultState, ...]:
        """Those waiting, active, and over but not cleared."""
        return self._board.states

    @property
    def sessions(self) -> tuple[ServerSession, ...]:
        """Of all venues, in the order of their arrival at each."""
        return tuple(session for name in self._halls for session in self._listener.sessions(name))

    @property
    def tally(self) -> Tally:
        """What happened at the doors so far."""
        return self._listener.tally

    def _only(self) -> Venue:
        if len(self._venues) != 1:
            raise LocalProtocolError("there are several venues here: name one of `endpoints`")
        return self._venues[0]

    def _name(self, venue: str | None) -> str:
        name = self._only().name if venue is None else venue
        if name not in self._halls:
            raise ConfigurationError(f"venue: {name!r} is not here; {', '.join(self._halls)} are")
        return name

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


def _json(payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, bytes):
        return payload
    try:
        return msgspec.json.encode(payload)
    except TypeError as error:
        raise LocalProtocolError(f"payload: JSON cannot be made of it: {error}") from None
