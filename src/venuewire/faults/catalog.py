"""All faults by name. A new one is a class in its family's file, and a line in that file's list."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import FieldInfo, fields

from venuewire.core.errors import ConfigurationError
from venuewire.faults.answers import ANSWERS
from venuewire.faults.doors import DOORS
from venuewire.faults.endings import ENDINGS
from venuewire.faults.fault import Fault
from venuewire.faults.network import NETWORK
from venuewire.faults.opening import OPENING

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


def fault_named(name: str) -> type[Fault]:
    """Raises `ConfigurationError`, which lists the names there are."""
    try:
        return CATALOG[name]
    except KeyError:
        known = ", ".join(sorted(CATALOG))
        raise ConfigurationError(f"no fault is called {name[:40]!r}; there are {known}") from None


def parameters(fault: type[Fault]) -> Mapping[str, FieldInfo]:
    return {field.name: field for field in fields(fault)}


def purpose(fault: type[Fault]) -> str:
    """What it does, in one paragraph."""
    return " ".join((fault.__doc__ or "").split())
