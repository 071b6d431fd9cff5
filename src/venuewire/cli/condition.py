"""How a running local venue is doing: `venuewire state`, and `venuewire drain`."""

from typing import Any

from msgspec import Struct, to_builtins

from venuewire.cli.lines import plural, say, say_json, say_table
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS
from venuewire.cli.units import duration


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
    limits: dict[str, Any]
    venues: tuple[VenueSeen, ...]


class _Tally(Struct, frozen=True):
    admitted: int
    refused: int
    slow: int
    breaches: int
    failures: int


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
        f"so far {plural(tally.admitted, 'session')} admitted, {tally.refused} refused;"
        f" cut off: {tally.slow} too slow, {tally.breaches} against the protocol,"
        f" {tally.failures} by errors of the local venue"
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


async def drain(order: DrainOrder, base: str, *, json: bool) -> int:
    draining = (await give(base, "drain", _Draining, order=order, method="POST")).draining
    if json:
        say_json({"event": "drain", "draining": draining})
    elif draining:
        say("draining: /healthz says 503, and whoever is connected is served")
    else:
        say("serving: /healthz says 200")
    return SUCCESS
