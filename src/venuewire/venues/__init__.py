"""Every venue this installation can speak: a folder here, or an entry point elsewhere.

A folder offers `VENUES`; an entry point of group `venuewire.venues` names such a list.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from venuewire.core.errors import ConfigurationError
from venuewire.core.plugins import Plugged, plugged
from venuewire.core.venue import Venue

GROUP: Final = "venuewire.venues"


def venues() -> dict[str, Venue]:
    """All of them by name, in the order of their names."""
    return dict(sorted(_plugged().by_name.items()))


def venue(name: str) -> Venue:
    """Raises `ConfigurationError`, which lists the names there are, and what was left out."""
    return _plugged().named(name, "venue")


@cache
def _plugged() -> Plugged[Venue]:
    own: list[Venue] = []
    for module in iter_modules(__path__, f"{__name__}."):
        own += import_module(module.name).VENUES
    return plugged(GROUP, {venue.name: venue for venue in own}, _admit)


def _admit(thing: object) -> tuple[str, Venue]:
    if not isinstance(thing, Venue):
        raise ConfigurationError(f"{type(thing).__name__} is no Venue")
    return thing.name, thing
