"""Reads the file of `serve --config`: who is let in, and the numbers the local venues live by.

docs/reference/config.md shows all that it may say; `config_file` has its types.

Law 1: every mistake names the file, the line and the key; nothing is ignored silently.
Law 2: no error quotes a value that may be a secret.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from random import Random
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import fields, replace

from venuewire.cli.config_file import (
    EVERY,
    NONE,
    AccountSection,
    FaultSection,
    ServeSection,
    file_type,
)
from venuewire.cli.config_places import Places, unreadable
from venuewire.cli.outcome import WrongUsage
from venuewire.cli.toml_lines import Path, lines_of
from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Floor
from venuewire.core.secrets import Account
from venuewire.core.terms import Edition
from venuewire.core.venue import Venue
from venuewire.faults.scenario import parse_all
from venuewire.transport.clock import now
from venuewire.transport.limits import Limits
from venuewire.venues import venue as venue_named

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file: room for as many accounts as a venue may have."""


class Config(Struct, frozen=True):
    places: Places = Places()
    serve: ServeSection = ServeSection()
    listed: tuple[tuple[str, Account], ...] = ()
    """Accounts, each with its venue. Empty when the file names none: then there are the demo
    accounts."""
    terms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By venue: fields of its `Terms`."""
    limits: Limits = Limits()
    faults: tuple[str, ...] = ()

    @property
    def accounts(self) -> dict[str, tuple[Account, ...]]:
        """By venue."""
        return {
            venue: tuple(account for name, account in self.listed if name == venue)
            for venue in dict.fromkeys(name for name, _ in self.listed)
        }


def read_config(path: FilePath) -> Config:
    """Raises `WrongUsage`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from None
    if len(content) > LARGEST:
        raise WrongUsage(f"{path}: it has more than {LARGEST} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongUsage(f"{path}:{line}: it is not UTF-8") from None
    return parse_config(text, str(path))


def parse_config(text: str, file: str) -> Config:
    """Raises `WrongUsage`."""
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise unreadable(file, text, error) from None
    except RecursionError:
        raise WrongUsage(f"{file}: it is nested too deeply") from None
    places = Places(file, lines_of(text))
    kind = file_type()
    try:
        said: Any = msgspec.convert(_limitless(document), kind)
    except msgspec.ValidationError as error:
        raise places.misfit(error, kind) from None
    _check_names(said.serve.venues or (), places)
    _check_accounts(said.account, places)
    _check_faults(said.fault, places)
    return Config(
        places=places,
        serve=said.serve,
        listed=tuple((each.venue, each.account()) for each in said.account),
        terms=_given(document, said.terms),
        limits=said.limits,
        faults=tuple(each.spec for each in said.fault),
    )


def _limitless(document: dict[str, Any]) -> dict[str, Any]:
    """TOML has no word for nothing; here it is `none`."""
    return {
        table: _without_none(value) if table in {"terms", "limits"} else value
        for table, value in document.items()
    }


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items()}
    return None if value == NONE else value


def check_served(config: Config, venues: Iterable[Venue], edition: Edition) -> None:
    """What only the venues know: numbers that cannot be together, keys that nobody can sign with.

    Raises `WrongUsage`.
    """
    floors: dict[str, Floor] = {}
    for venue in venues:
        try:
            terms = replace(venue.terms(edition), **config.terms.get(venue.name, {}))
            floors[venue.name] = venue.floor(terms, (), now, Random(0))
        except ConfigurationError as error:
            raise config.places.named(("terms", venue.name), str(error), "terms: ") from None
    for name in config.terms:
        if name not in floors:
            raise config.places.wrong(("terms", name), "this venue is not served")
    for number, (name, account) in enumerate(config.listed):
        if name not in floors:
            raise config.places.wrong(("account", number, "venue"), "this venue is not served")
        try:
            floors[name].enroll(account)
        except (ConfigurationError, LocalProtocolError) as error:
            raise config.places.named(("account", number), str(error)) from None


def _check_names(names: Iterable[str], places: Places) -> None:
    for number, name in enumerate(names):
        if name != EVERY:
            _check_venue(name, ("serve", "venues", number), places)


def _check_venue(name: str, path: Path, places: Places) -> None:
    try:
        venue_named(name)
    except ConfigurationError as error:
        raise places.wrong(path, str(error)) from None


def _check_accounts(sections: Iterable[AccountSection], places: Places) -> None:
    seen: set[tuple[str, str, str]] = set()
    for number, section in enumerate(sections):
        _check_venue(section.venue, ("account", number, "venue"), places)
        for key in ("name", "api_key"):
            same = (section.venue, key, getattr(section, key))
            if same in seen:
                told = f"another account of {section.venue} has it"
                raise places.wrong(("account", number, key), told)
            seen.add(same)


def _check_faults(sections: Iterable[FaultSection], places: Places) -> None:
    for number, section in enumerate(sections):
        try:
            parse_all(section.spec)
        except ConfigurationError as error:
            raise places.named(("fault", number, "spec"), str(error), "fault: ") from None


def _given(document: Mapping[str, Any], terms: Struct) -> dict[str, dict[str, Any]]:
    """Those that the file has, as they were read."""
    by_name = {each.encode_name: getattr(terms, each.name) for each in fields(terms)}
    return {
        name: {key: getattr(by_name[name], key) for key in told}
        for name, told in document.get("terms", {}).items()
    }
