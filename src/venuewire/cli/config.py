"""The file `serve --config` reads: who is let in, and the numbers the local venues live by.

    [serve]
    listen = "127.0.0.1:9010"
    edition = "documented"
    venues = ["kucoin", "kraken-futures"]
    state = "venue.db"

    [[account]]
    name = "alice"
    venue = "kucoin"
    api_key = "..."
    api_secret = "..."
    passphrase = "..."
    permissions = ["general"]

    [terms.kucoin]
    ping_interval = 5.0

    [limits]
    connections_per_address = 100

    [[fault]]
    spec = "kucoin/half-open@30+60"

Law 1: every mistake names the file and the key; nothing is ignored silently.
Law 2: no error quotes a value: it may be a secret.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from venuewire.cli.outcome import WrongUsage
from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.faults.scenario import parse_all
from venuewire.transport.limits import Limits
from venuewire.venues import venue as venue_named


class ServeSection(Struct, frozen=True, forbid_unknown_fields=True):
    """None leaves it to the command line, or to its default."""

    listen: str | None = None
    edition: Edition | None = None
    venues: tuple[str, ...] | None = None
    state: str | None = None
    """A file; a relative path is taken from where the command runs."""


class AccountSection(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    venue: str
    api_key: str
    api_secret: str
    passphrase: str = ""
    key_version: str = "3"
    permissions: frozenset[str] | None = None
    """In the venue's own words; None is what `Account` has by itself."""

    def account(self) -> Account:
        credentials = Credentials(self.api_key, self.api_secret, self.passphrase, self.key_version)
        if self.permissions is None:
            return Account(self.name, credentials)
        return Account(self.name, credentials, self.permissions)

    def __repr__(self) -> str:
        return f"AccountSection({self.name!r})"


class FaultSection(Struct, frozen=True, forbid_unknown_fields=True):
    spec: str
    """Or a scenario's name."""


class Config(Struct, frozen=True):
    file: str = ""
    serve: ServeSection = ServeSection()
    accounts: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)
    """By venue. Empty when the file names none: then there are the demo accounts."""
    terms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By venue: fields of its `Terms`."""
    limits: Limits = Limits()
    faults: tuple[str, ...] = ()


def read_config(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise WrongUsage(f"{path}: {reason}") from None
    return parse_config(text, str(path))


def parse_config(text: str, file: str) -> Config:
    """Raises `WrongUsage`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongUsage(f"{file}: {error}") from None
    if unknown := sorted(document.keys() - {"serve", "account", "terms", "limits", "fault"}):
        raise WrongUsage(
            f"{file}: {unknown[0]}: unknown; there are serve, account, terms, limits and fault"
        )
    return Config(
        file=file,
        serve=_section(document.get("serve", {}), ServeSection, f"{file}: serve"),
        accounts=_accounts(document.get("account", []), file),
        terms=_terms(document.get("terms", {}), file),
        limits=_section(document.get("limits", {}), Limits, f"{file}: limits"),
        faults=_faults(document.get("fault", []), file),
    )


def _section(value: object, type: Any, place: str) -> Any:
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise WrongUsage(f"{place}: {error}") from None


def _accounts(value: object, file: str) -> dict[str, tuple[Account, ...]]:
    if not isinstance(value, list):
        raise WrongUsage(f"{file}: account: a list is expected: write [[account]]")
    sections: list[AccountSection] = []
    for number, each in enumerate(value, 1):
        place = f"{file}: account {number}"
        section = _section(each, AccountSection, place)
        _check(section, sections, place)
        sections.append(section)
    return {
        venue: tuple(section.account() for section in sections if section.venue == venue)
        for venue in dict.fromkeys(section.venue for section in sections)
    }


def _check(section: AccountSection, others: Iterable[AccountSection], place: str) -> None:
    _known(section.venue, f"{place}: venue")
    for key in ("name", "api_key", "api_secret"):
        if not getattr(section, key):
            raise WrongUsage(f"{place}: {key}: a text is expected, this one is empty")
    for other in others:
        for key in ("name", "api_key"):
            same = getattr(other, key) == getattr(section, key)
            if other.venue == section.venue and same:
                raise WrongUsage(f"{place}: {key}: another account of {section.venue} has it")


def _terms(value: object, file: str) -> dict[str, dict[str, Any]]:
    """The fields are checked by the local venue, which knows them."""
    terms: dict[str, dict[str, Any]] = _section(value, dict[str, dict[str, Any]], f"{file}: terms")
    for name, fields in terms.items():
        _known(name, f"{file}: terms")
        if "edition" in fields:
            raise WrongUsage(f"{file}: terms.{name}.edition: one for all is said in [serve]")
    return terms


def _faults(value: object, file: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongUsage(f"{file}: fault: a list is expected: write [[fault]]")
    specs: list[str] = []
    for number, each in enumerate(value, 1):
        spec = _section(each, FaultSection, f"{file}: fault {number}").spec
        try:
            parse_all(spec)
        except ConfigurationError as error:
            raise WrongUsage(f"{file}: fault {number}: {error}") from None
        specs.append(spec)
    return tuple(specs)


def _known(venue: str, place: str) -> None:
    try:
        venue_named(venue)
    except ConfigurationError as error:
        raise WrongUsage(f"{place}: {error}") from None
