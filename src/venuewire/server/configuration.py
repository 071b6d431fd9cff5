"""What a local venue was told to be when it was made, and what of that can be otherwise while it
runs.

Law 1: only what differs between the old configuration and the new one is changed; what was done by
       orders meanwhile stays done.
Law 2: whatever changes is told in words that contain no secret.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.secrets import Account
from venuewire.core.terms import Terms
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits


class Configuration(Struct, frozen=True, kw_only=True):
    """Checked."""

    address: tuple[str, int]
    accounts: Mapping[str, tuple[Account, ...]]
    """By venue."""
    terms: Mapping[str, Terms]
    """By venue."""
    limits: Limits
    faults: tuple[str, ...]
    state: Path | None
    control_token: str | None
    ssl_context: ssl.SSLContext | None
    workers: int = 1

    def __repr__(self) -> str:
        return f"Configuration({', '.join(self.terms)})"


class Reconfigured(Struct, frozen=True):
    changed: tuple[str, ...]
    """In words."""
    stands: tuple[str, ...]
    """Names of what is otherwise in the new configuration, and takes a restart."""


def what_stands(before: Configuration, after: Configuration) -> Iterator[str]:
    if before.address != after.address:
        yield "listen"
    if before.terms.keys() != after.terms.keys():
        yield "venues"
    if before.state != after.state:
        yield "state"
    if before.workers != after.workers:
        yield "workers"
    if (before.ssl_context is None) != (after.ssl_context is None):
        yield "TLS"


def as_it_lives(
    before: Configuration, after: Configuration, halls: Iterable[Hall]
) -> Configuration:
    """The new one, less what takes a restart: that is told again the next time."""
    served = tuple(halls)
    names = {hall.venue.name for hall in served}
    terms = {hall.venue.name: _as_they_stand(hall, before, after) for hall in served}
    accounts = {name: after.accounts.get(name, before.accounts[name]) for name in names}
    return replace(
        after,
        address=before.address,
        state=before.state,
        workers=before.workers,
        ssl_context=before.ssl_context and after.ssl_context,
        terms=terms,
        accounts=accounts,
    )


def _as_they_stand(hall: Hall, before: Configuration, after: Configuration) -> Terms:
    known = before.terms[hall.venue.name]
    wanted = after.terms.get(hall.venue.name, known)
    return replace(wanted, **{name: getattr(known, name) for name in hall.floor.standing})


def other_limits(now: Limits, before: Limits, after: Limits) -> Limits:
    """Those in force, but for those that are otherwise in the new configuration."""
    return replace(now, **_differences(before, after))


def change_terms(hall: Hall, before: Terms, after: Terms) -> Iterator[str]:
    """What was changed; terms that stand are left alone."""
    differing = _differences(before, after)
    wanted = {name: each for name, each in differing.items() if name not in hall.floor.standing}
    if wanted:
        hall.adopt(replace(hall.floor.terms, **wanted))
        yield f"terms of {hall.venue.name} for new sessions: {', '.join(wanted)}"


def standing_terms(hall: Hall, before: Terms, after: Terms) -> Iterator[str]:
    for name in _differences(before, after):
        if name in hall.floor.standing:
            yield f"{name} of {hall.venue.name}"


def change_accounts(
    hall: Hall,
    before: Iterable[Account],
    after: Iterable[Account],
    revoked: frozenset[str],
) -> Iterator[str]:
    """Take away what is gone, and let in what is new. `revoked` are API keys that stay so."""
    old, new = tuple(before), tuple(after)
    taken = [each for each in old if each not in new and hall.admits(each)]
    for account in taken:
        hall.revoke(account.credentials.api_key)
    if taken:
        yield f"accounts of {hall.venue.name} taken away: {_names(taken)}"
    let_in = [each for each in new if each not in old and each.credentials.api_key not in revoked]
    for account in let_in:
        yield _let_in(hall, account)


def _let_in(hall: Hall, account: Account) -> str:
    try:
        hall.enroll(account)
    except (ConfigurationError, LocalProtocolError) as error:
        return f"account {account.name!r} of {hall.venue.name} was not added: {error}"
    return f"account {account.name!r} of {hall.venue.name} was added"


def _names(accounts: Iterable[Account]) -> str:
    return ", ".join(repr(account.name) for account in accounts)


def _differences(before: Struct, after: Struct) -> dict[str, object]:
    known = asdict(before)
    return {name: value for name, value in asdict(after).items() if known[name] != value}
