"""How a running local venue is doing: `venuewire state`; and what it holds peers to: `venuewire
limit` and `drain`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct, to_builtins

from venuewire.cli.lines import plural, say, say_json, say_table
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS, WrongUsage
from venuewire.cli.units import duration, size

_NUMBER: Final = re.compile(r"none|-?(0|[1-9]\d{0,15})(\.\d{1,9})?", re.ASCII)


class DrainOrder(Struct, frozen=True):
    draining: bool


class VenueSeen(Struct, frozen=True):
    """As the local venue tells of one of its venues."""

    venue: str
    sessions: int
    subscriptions: int
    accounts: int
    faults: int
    elapsed: float
    """Seconds that were let pass."""
    terms: dict[str, Any]


class _State(Struct, frozen=True):
    draining: bool
    connections: int
    most_connections: int
    limits: dict[str, int | float | None]
    venues: tuple[VenueSeen, ...]


class _Tally(Struct, frozen=True):
    admitted: int
    refused: int
    slow: int
    breaches: int
    failures: int


class _Limits(Struct, frozen=True):
    changed: tuple[str, ...]
    limits: dict[str, int | float | None]


class _Draining(Struct, frozen=True):
    draining: bool


async def tell_state(base: str, *, json: bool) -> int:
    state = await give(base, "state", _State)
    tally = await give(base, "tally", _Tally)
    if json:
        say_json({"event": "state", **to_builtins(state), "tally": to_builtins(tally)})
        return SUCCESS
    word = "draining" if state.draining else "serving"
    say(f"{word}, {state.connections} of at most {plural(state.most_connections, 'connection')}")
    say(
        f"{plural(tally.admitted, 'session')} admitted so far, {tally.refused} refused;"
        f" cut off: {tally.slow} too slow, {tally.breaches} in breach, {tally.failures} by errors"
    )
    say("")
    say_table([_row(each) for each in state.venues], {"edition"})
    return SUCCESS


def _row(seen: VenueSeen) -> dict[str, str]:
    return {
        "venue": seen.venue,
        "edition": str(seen.terms.get("edition", "-")),
        "sessions": str(seen.sessions),
        "subscriptions": str(seen.subscriptions),
        "accounts": str(seen.accounts),
        "faults": str(seen.faults),
        "let pass": duration(seen.elapsed),
    }


async def list_limits(base: str, *, json: bool) -> int:
    limits = (await give(base, "state", _State)).limits
    if json:
        say_json({"event": "limits", "limits": limits})
    else:
        say_table([_limit_row(name, value) for name, value in limits.items()], {"that is"})
    return SUCCESS


async def set_limits(wanted: Mapping[str, msgspec.Raw], base: str, *, json: bool) -> int:
    done = await give(base, "limits", _Limits, order=wanted, method="POST")
    if json:
        say_json({"event": "limits", "limits": done.limits, "changed": done.changed})
    elif done.changed:
        say_table([_limit_row(name, done.limits.get(name)) for name in done.changed], {"that is"})
    else:
        say("they are so already")
    return SUCCESS


def wanted_limits(texts: Iterable[str]) -> dict[str, msgspec.Raw]:
    """From `NAME=NUMBER`, or `NAME=none`; the local venue knows the names. Raises `WrongUsage`."""
    wanted: dict[str, msgspec.Raw] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not _NUMBER.fullmatch(value):
            raise WrongUsage(f"{text!r}: NAME=NUMBER or NAME=none is expected")
        if name in wanted:
            raise WrongUsage(f"{name}: it is there twice")
        wanted[name] = msgspec.Raw(b"null" if value == "none" else value.encode())
    return wanted


def _limit_row(name: str, value: float | None) -> dict[str, str]:
    row = {"limit": name, "value": f"{value}".removesuffix(".0"), "that is": ""}
    if value is None:
        row["value"] = "-"
    elif name.endswith("_bytes"):
        row["that is"] = size(int(value))
    elif name.endswith("_timeout"):
        row["that is"] = duration(value)
    return row


async def drain(order: DrainOrder, base: str, *, json: bool) -> int:
    draining = (await give(base, "drain", _Draining, order=order, method="POST")).draining
    if json:
        say_json({"event": "drain", "draining": draining})
    elif draining:
        say("draining: /healthz says 503, and whoever is connected is served")
    else:
        say("serving: /healthz says 200")
    return SUCCESS
