"""Who is connected to a running local venue, and what becomes of them: `venuewire session`, and
`venuewire clock`, which makes all of them older."""

from typing import Final
from urllib.parse import urlencode

from msgspec import UNSET, Struct, UnsetType, to_builtins

from venuewire.cli.lines import plural, say, say_json, say_table
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS
from venuewire.cli.units import duration, size

_SHOWN: Final = 5
"""Channels of a session that are named to people."""


class CutOrder(Struct, frozen=True, kw_only=True):
    """What the local venue is told; what is not said is left to it."""

    venue: str | UnsetType = UNSET
    session: int | UnsetType = UNSET
    code: int | UnsetType = UNSET
    reason: str = ""
    abort: bool = False


class AgeOrder(Struct, frozen=True, kw_only=True):
    seconds: float
    venue: str | UnsetType = UNSET
    session: int | UnsetType = UNSET


class AdvanceOrder(Struct, frozen=True, kw_only=True):
    seconds: float
    venue: str | UnsetType = UNSET


class SessionSeen(Struct, frozen=True, kw_only=True):
    """As the local venue tells of a session; times in seconds."""

    venue: str
    number: int
    phase: str
    peer: str
    age: float
    silent: float
    subscriptions: int
    channels: tuple[str, ...]
    queued: int


class _Listed(Struct, frozen=True):
    sessions: tuple[SessionSeen, ...]
    total: int


class _Affected(Struct, frozen=True):
    sessions: int


async def list_sessions(venue: str | None, after: int, limit: int, base: str, *, json: bool) -> int:
    """One page: of one venue, those with a greater number than `after`."""
    asked = {"after": after, "limit": limit} | ({} if venue is None else {"venue": venue})
    listed = await give(base, f"sessions?{urlencode(asked)}", _Listed)
    if json:
        for each in listed.sessions:
            say_json({"event": "session", **to_builtins(each)})
        return SUCCESS
    say_table([_row(each) for each in listed.sessions], {"phase", "peer", "channels"})
    if len(listed.sessions) < listed.total:
        say(f"{len(listed.sessions)} of {plural(listed.total, 'session')}")
    elif not listed.total:
        say("no sessions")
    return SUCCESS


def _row(seen: SessionSeen) -> dict[str, str]:
    more = seen.subscriptions - _SHOWN
    named = ", ".join(seen.channels[:_SHOWN])
    return {
        "venue": seen.venue,
        "number": str(seen.number),
        "phase": seen.phase,
        "peer": seen.peer or "-",
        "age": duration(seen.age),
        "silent": duration(seen.silent),
        "queued": size(seen.queued),
        "channels": f"{named} and {more} more" if more > 0 else named or "-",
    }


async def cut_sessions(order: CutOrder, base: str, *, json: bool) -> int:
    """Raises `CommandFailed` where there is no such session."""
    cut = (await give(base, "cut", _Affected, order=order, method="POST")).sessions
    if json:
        say_json({"event": "cut", "sessions": cut})
    else:
        say(f"{plural(cut, 'session')} cut")
    return SUCCESS


async def age_sessions(order: AgeOrder, base: str, *, json: bool) -> int:
    """Raises `CommandFailed` where there is no such session."""
    aged = (await give(base, "age", _Affected, order=order, method="POST")).sessions
    if json:
        say_json({"event": "aged", "sessions": aged, "seconds": order.seconds})
    else:
        say(f"{plural(aged, 'session')} told to be {duration(order.seconds)} old")
    return SUCCESS


async def advance_clock(order: AdvanceOrder, base: str, *, json: bool) -> int:
    older = (await give(base, "clock", _Affected, order=order, method="POST")).sessions
    if json:
        say_json({"event": "advanced", "sessions": older, "seconds": order.seconds})
    else:
        say(f"{plural(older, 'session')} {duration(order.seconds)} older")
    return SUCCESS
