"""Timed scenarios: several faults under one name. A name stands wherever a spec does."""

from functools import cache
from typing import Final

from venuewire.core.errors import ConfigurationError
from venuewire.core.plugins import Plugged, plugged
from venuewire.faults.catalog import NAME, faults
from venuewire.faults.spec import Spec, parse
from venuewire.faults.timetables import SCENARIOS, Scenario

GROUP: Final = "venuewire.scenarios"


@cache
def scenarios() -> Plugged[Scenario]:
    """Those of this package, and those of entry points."""
    return plugged(GROUP, SCENARIOS, _admit, reserved=faults().by_name)


def parse_all(text: str) -> tuple[Spec, ...]:
    """A spec, or all specs of a scenario. Raises `ConfigurationError`."""
    scenario = scenarios().by_name.get(text)
    return tuple(map(parse, (text,) if scenario is None else scenario.faults))


def _admit(thing: object) -> tuple[str, Scenario]:
    if not isinstance(thing, Scenario):
        raise ConfigurationError(f"{type(thing).__name__} is no Scenario")
    if not NAME.fullmatch(thing.name):
        raise ConfigurationError(f"the name {thing.name[:40]!r} is not made of a-z, 0-9 and -")
    for spec in thing.faults:
        parse(spec)
    return thing.name, thing
