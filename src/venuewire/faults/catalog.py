"""All faults by name. A new one is a class in its family's file, and a line in that file's list; or
a class elsewhere, which an entry point of group `venuewire.faults` names."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from msgspec.structs import FieldInfo, fields

from venuewire.core.errors import ConfigurationError
from venuewire.core.plugins import Plugged, plugged
from venuewire.faults.answers import ANSWERS
from venuewire.faults.doors import DOORS
from venuewire.faults.endings import ENDINGS
from venuewire.faults.fault import Fault
from venuewire.faults.network import NETWORK
from venuewire.faults.opening import OPENING
from venuewire.faults.pains import PAINS
from venuewire.faults.timetables import SCENARIOS

GROUP: Final = "venuewire.faults"
NAME: Final = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)

FAMILIES: Final[Mapping[str, tuple[type[Fault], ...]]] = {
    "The network": NETWORK,
    "Answers": ANSWERS,
    "The opening of a session": OPENING,
    "The doors": DOORS,
    "Endings, and the calendar": ENDINGS,
}

CATALOG: Final[Mapping[str, type[Fault]]] = {
    fault.name: fault for family in FAMILIES.values() for fault in family
}
"""Those of this package. Seeded worlds draw from these: what is installed changes no seed."""


@cache
def faults() -> Plugged[type[Fault]]:
    """Those of this package, and those of entry points."""
    return plugged(GROUP, CATALOG, _admit, reserved=SCENARIOS)


def fault_named(name: str) -> type[Fault]:
    """Raises `ConfigurationError`, which lists the names there are, and what was left out."""
    return faults().named(name, "fault")


def parameters(fault: type[Fault]) -> Mapping[str, FieldInfo]:
    return {field.name: field for field in fields(fault)}


def purpose(fault: type[Fault]) -> str:
    """What it does, in one paragraph."""
    return " ".join((fault.__doc__ or "").split())


def _admit(thing: object) -> tuple[str, type[Fault]]:
    if not (isinstance(thing, type) and issubclass(thing, Fault)):
        raise ConfigurationError(f"{getattr(thing, '__name__', repr(thing))[:80]} is no Fault")
    if flaws := [*_flaws(thing)]:
        raise ConfigurationError(f"{thing.__name__} {', and '.join(flaws)}")
    return thing.name, thing


def _flaws(fault: type[Fault]) -> Iterator[str]:
    name = getattr(fault, "name", None)
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        yield "has no `name` of at most 40 characters a-z, 0-9 and -"
    if not purpose(fault):
        yield "has no docstring"
    if strange := set(fault.pains) - PAINS.keys():
        yield f"reproduces pains that nobody has listed: {sorted(strange)}"
    if required := [field.name for field in parameters(fault).values() if field.required]:
        yield f"has parameters without a default: {', '.join(required)}"
