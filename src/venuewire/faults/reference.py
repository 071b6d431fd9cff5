"""The reference of all faults, as Markdown; made from the catalog, and from nothing else."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin

from msgspec import NODEFAULT

from venuewire.faults.catalog import CATALOG, FAMILIES, parameters, purpose
from venuewire.faults.fault import Fault
from venuewire.faults.pains import PAINS
from venuewire.faults.timetables import SCENARIOS, Scenario

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})
_HEAD: Final = """\
# Faults

Made by `python -m venuewire.faults` from the catalog in `src/venuewire/faults`; a test fails when
this page is out of date.

A local venue misbehaves on demand: `venuewire serve --fault SPEC`, `venuewire fault add SPEC`,
`[[fault]]` in the file `serve --config` reads, `LocalVenue.fault(spec)`. The simulation takes the
same values. [Other packages can add some](../how-to/add-a-fault.md).

    half-open                               from now on
    half-open@30                            30 seconds from now
    half-open@30+60                         and for 60 seconds, then no more
    latency:seconds=0.2,jitter=0.1          with parameters
    kucoin/http-429:retry_after=7,times=2   at one venue only

In the value of a text `%`, `,` and `@` are written `%25`, `%2C` and `%40`. `way` is the direction:
`up` (from client to venue), `down` or `both`. Times are seconds. A fault without a venue is for
every venue where it makes sense. Several may be active: delays add up, and of all other things
that could happen to a frame the first counts, in the order in which the faults were added.
"""


def reference(
    added: Mapping[str, type[Fault]] = _NONE, staged: Mapping[str, Scenario] = _NONE
) -> str:
    """Of this package's faults and scenarios, and of those that entry points have added."""
    return "\n".join(_lines(added, staged))


def one_line(fault: type[Fault]) -> str:
    """`latency:seconds=0.2,jitter=0.0,way=both`"""
    said = [f"{name}={_shown(field.default)}" for name, field in parameters(fault).items()]
    return f"{fault.name}:{','.join(said)}" if said else fault.name


def _lines(added: Mapping[str, type[Fault]], staged: Mapping[str, Scenario]) -> Iterator[str]:
    scenarios = {**SCENARIOS, **staged}
    families = {**FAMILIES, "By entry point": tuple(added.values())}
    yield f"{_HEAD}\n{len(CATALOG) + len(added)} faults, {len(scenarios)} scenarios.\n"
    for family, faults in families.items():
        if not faults:
            continue
        yield f"## {family}\n"
        for fault in faults:
            yield from _entry(fault)
    yield "## Scenarios\n\nA scenario's name stands wherever a spec does.\n"
    for scenario in scenarios.values():
        yield f"### `{scenario.name}`\n\n{scenario.purpose.capitalize()}.\n"
        yield from (f"    {fault}" for fault in scenario.faults)
        yield ""
    yield "## What they reproduce\n\nThe failures that public issue trackers of trading clients"
    yield "report again and again, by frequency times damage.\n"
    yield from (f"{number}. {pain}" for number, pain in PAINS.items())
    yield ""


def _entry(fault: type[Fault]) -> Iterator[str]:
    yield f"### `{fault.name}`\n\n{purpose(fault)}\n"
    for name, field in parameters(fault).items():
        yield f"- `{name}`: {_kind(field.type)}, {_shown(field.default)}"
    if parameters(fault):
        yield ""
    sources = [f"{PAINS[number]} ({number})" for number in fault.pains]
    if sources := [*sources, *filter(None, [fault.rule])]:
        yield f"Reproduces: {'; '.join(sources)}.\n"


def _kind(type: Any) -> str:
    """A parameter's type, in a word."""
    if get_origin(type) is Literal:
        return " or ".join(get_args(type))
    inner = [one for one in get_args(type) if isinstance(one, type_)]
    named = {float: "number", int: "whole number", str: "text"}
    return named.get(inner[0] if inner else type, "whole number")


type_ = type


def _shown(default: object) -> str:
    if default is None or default is NODEFAULT:
        return "unlimited"
    return f"{default:g}" if isinstance(default, float) else str(default) or "any"
