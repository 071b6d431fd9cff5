"""What the file of `serve --config` may say: the types of its tables, and their JSON Schema.

Law: what is read and what is documented are the same types; a venue's own numbers are the fields of
its `Terms`.
"""

import ast
import inspect
import re
from contextlib import suppress
from itertools import pairwise
from textwrap import dedent
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import fields

from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.core.venue import Venue
from venuewire.transport.limits import Limits
from venuewire.venues import venues

EVERY: Final = "all"
"""Among the names of venues."""
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
NONE: Final = "none"
"""No limit, where there may be none."""
_OURS: Final = frozenset({"ServeSection", "AccountSection", "FaultSection"})
Text: TypeAlias = Annotated[str, Meta(min_length=1)]


class ServeSection(Struct, frozen=True, forbid_unknown_fields=True):
    """What is served, and where. What is typed on the command line counts more."""

    listen: Text | None = None
    """HOST:PORT; port 0 takes a free one. Usually 127.0.0.1:9010."""
    edition: Edition | None = None
    """The venues' pages to the letter, or what recordings show. Usually documented."""
    venues: tuple[str, ...] | None = None
    """Only these; usually all."""
    state: Text | None = None
    """The file in which accounts, notifications and what was published outlive the process; a
    relative path is taken from where the command runs. Usually none."""
    workers: Annotated[int, Meta(ge=1, le=256)] | None = None
    """Processes that share the port. Usually 1."""


class AccountSection(Struct, frozen=True, forbid_unknown_fields=True):
    """Someone who is let in at one venue. Without any, each venue has its demo account."""

    name: Text
    venue: str
    api_key: Text
    api_secret: Text
    """As its venue writes secrets: Kraken's are base64."""
    passphrase: str = ""
    """KuCoin only."""
    key_version: str = "3"
    """KuCoin only."""
    permissions: frozenset[str] | None = None
    """In the venue's own words; usually all that a session can need."""

    def account(self) -> Account:
        credentials = Credentials(self.api_key, self.api_secret, self.passphrase, self.key_version)
        if self.permissions is None:
            return Account(self.name, credentials)
        return Account(self.name, credentials, self.permissions)

    def __repr__(self) -> str:
        return f"AccountSection({self.name!r})"


class FaultSection(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to misbehave, from the beginning."""

    spec: Text
    """As `--fault` takes it, or a scenario's name."""


def file_type() -> type[Struct]:
    """Of the whole file: with `[terms.VENUE]` for every venue that is installed."""
    named = [
        (f"venue{number}", kind, field(default_factory=kind, name=venue.name))
        for number, venue in enumerate(venues().values())
        for kind in [_terms_type(venue)]
    ]
    terms = msgspec.defstruct("Terms", named, frozen=True, forbid_unknown_fields=True)
    return msgspec.defstruct(
        "VenuewireConfig",
        [
            ("serve", ServeSection, field(default_factory=ServeSection)),
            ("account", tuple[AccountSection, ...], ()),
            ("terms", terms, field(default_factory=terms)),
            ("limits", Limits, field(default_factory=Limits)),
            ("fault", tuple[FaultSection, ...], ()),
        ],
        frozen=True,
        forbid_unknown_fields=True,
    )


def _terms_type(venue: Venue) -> type[Struct]:
    """All but the edition, which is one for all; every key may be left out."""
    terms = venue.terms("documented")
    return msgspec.defstruct(
        _title(venue),
        [
            (each.name, each.type, getattr(terms, each.name))
            for each in fields(terms)
            if each.name != "edition"
        ],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _title(venue: Venue) -> str:
    return "".join(word.title() for word in re.findall(r"[A-Za-z0-9]+", venue.name)) + "Terms"


# The schema.


def config_schema() -> bytes:
    """JSON Schema of the file, as editors and validators take it."""
    schema = {"$schema": _DRAFT, **msgspec.json.schema(file_type())}
    tables = schema["$defs"]
    described: dict[str, type[Struct]] = {
        each.__name__: each for each in (ServeSection, AccountSection, FaultSection, Limits)
    }
    described |= {_title(venue): type(venue.terms("documented")) for venue in venues().values()}
    for name, kind in described.items():
        said = _said_of(kind)
        for key, told in tables[name]["properties"].items():
            if key in said:
                told["description"] = said[key]
            _without_null(told, none=name not in _OURS)
    names = list(venues())
    tables["AccountSection"]["properties"]["venue"]["enum"] = names
    return msgspec.json.format(msgspec.json.encode(schema), indent=2)


def _without_null(told: dict[str, Any], *, none: bool) -> None:
    """As TOML has it, which knows no null: a limit that is none is called so."""
    kinds = told.get("anyOf", [])
    if {"type": "null"} in kinds:
        kinds.remove({"type": "null"})
        kinds += [{"const": NONE}] if none else []
        if told.get("default", ()) is None:
            del told["default"]
            told |= {"default": NONE} if none else {}


def _said_of(kind: type[Struct]) -> dict[str, str]:
    """The text under each field, which only the source has: none without it."""
    said: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if issubclass(each, Struct) and each is not Struct:
            with suppress(OSError, TypeError):
                said |= _said_in(inspect.getsource(each))
    return said


def _said_in(source: str) -> dict[str, str]:
    said: dict[str, str] = {}
    [of_class] = ast.parse(dedent(source)).body
    for one, following in pairwise(getattr(of_class, "body", [])):
        match one, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                said[name] = " ".join(text.split())
            case _:
                pass
    return said
