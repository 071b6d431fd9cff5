"""The options of a local venue, as they are given to it, checked.

Law: a bad option is a `ConfigurationError` that names it.
"""

from collections.abc import Iterable, Mapping
from random import Random, SystemRandom
from typing import Any, TypeAlias, get_args

import msgspec

from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Account
from venuewire.core.terms import Edition, Terms
from venuewire.core.venue import Venue
from venuewire.venues import venue as venue_named
from venuewire.venues import venues as all_venues

Overrides: TypeAlias = Mapping[str, Any]
"""Fields of a venue's `Terms`, by name."""


def resolve(venues: tuple[str | Venue, ...]) -> tuple[Venue, ...]:
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


def checked_accounts(
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


def parse_address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in bare and bare == host):
        raise ConfigurationError(f"listen: {listen!r} is not HOST:PORT or [ADDRESS]:PORT")
    return bare, int(port)


def checked_terms(
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


def rng(seed: object, venue: Venue) -> Random:
    return SystemRandom() if seed is None else Random(f"{seed}:{venue.name}")
