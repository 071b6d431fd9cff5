"""What happened at a running local venue: `venuewire journal`.

Law: every event is told once, in order, however it is asked for; what was forgotten before it
could be read is counted, on standard error.
"""

import select
import sys
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from venuewire.cli.lines import complain, forget_stdout, plural, printable, say, say_json
from venuewire.cli.loop import stop_signals, wait
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS, CommandFailed
from venuewire.cli.units import duration, moment

POLL_EVERY: Final = 0.5
"""Seconds."""
_PAGE: Final = 1000


class _Read(Struct, frozen=True):
    events: tuple[dict[str, Any], ...]
    forgotten: int
    last: int


class JournalWish(Struct, frozen=True, kw_only=True):
    venue: str | None = None
    after: int = 0
    """Only events with a greater number."""
    follow: bool = False
    """Go on until a signal, or until nobody reads any more."""


async def tell_journal(wish: JournalWish, base: str, *, json: bool) -> int:
    try:
        with stop_signals() as asked:
            after = await _tell_all(wish, wish.after, base, json=json)
            while wish.follow and not await wait(asked, POLL_EVERY) and _is_read():
                after = await _tell_all(wish, after, base, json=json)
    except BrokenPipeError:  # Whoever reads has read enough.
        forget_stdout()
    return SUCCESS


async def _tell_all(wish: JournalWish, after: int, base: str, *, json: bool) -> int:
    """Everything there is by now; the number of the last event that need not be asked for again."""
    while True:
        asked: dict[str, Any] = {"after": after, "limit": _PAGE}
        if wish.venue is not None:
            asked["venue"] = wish.venue
        read = await give(base, f"journal?{urlencode(asked)}", _Read)
        if read.last < after:
            complain("the local venue has begun a new journal")
            after = 0
            continue
        if read.forgotten and after:
            complain(f"{plural(read.forgotten, 'event')} forgotten")
        for event in read.events:
            _tell(event, base, json=json)
        if len(read.events) < _PAGE:
            return max(read.last, after)
        after = read.events[-1]["number"]


def _tell(event: dict[str, Any], base: str, *, json: bool) -> None:
    """What an event is made of is the local venue's to say: a newer one may know more."""
    if json:
        say_json({"event": "journal", **event})
        return
    rest = dict(event)
    try:
        at, number, what = rest.pop("at"), rest.pop("number"), rest.pop("what")
        head = f"{moment(at)}  {number:>6}  {rest.pop('venue', 'all'):<14}  {what:<15}"
    except (KeyError, TypeError, ValueError):
        raise CommandFailed(f"{base} is no local venue: an event of its journal is none") from None
    if isinstance(rest.get("seconds"), int | float):
        rest["seconds"] = duration(rest["seconds"])
    said = "  ".join(f"{name} {value}" for name, value in rest.items())
    say(printable(f"{head}  {said}".rstrip()))


def _is_read() -> bool:
    """Whether whoever read what we say is still there: a pipe tells nothing before it is used."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):  # Not a file.
        return True
    return not any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0))
