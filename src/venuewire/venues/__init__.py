"""Every venue this installation can speak: a folder here, or an entry point elsewhere.

A folder (or the module an entry point of group `venuewire.venues` names) offers `VENUES`.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from venuewire.core.errors import ConfigurationError
from venuewire.core.venue import Venue

GROUP = "venuewire.venues"


@cache
def venues() -> dict[str, Venue]:
    """All of them by name, in the order of their names."""
    found: list[Venue] = []
    for module in iter_modules(__path__, f"{__name__}."):
        found += import_module(module.name).VENUES
    for entry in entry_points(group=GROUP):
        found += entry.load()
    return {venue.name: venue for venue in sorted(found, key=lambda venue: venue.name)}


def venue(name: str) -> Venue:
    """Raises `ConfigurationError`, which lists the names there are."""
    try:
        return venues()[name]
    except KeyError:
        known = ", ".join(venues())
        raise ConfigurationError(f"no venue is called {name!r}; there are {known}") from None
