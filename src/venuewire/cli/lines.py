"""What the commands write, line by line.

Law: whatever a venue said is shown without control characters, so that it can do nothing to a
terminal; and JSON is one object per line, flushed at once.
"""

import os
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, assert_never

import msgspec

from venuewire.core.messages import Maintenance, Message
from venuewire.core.updates import (
    Alive,
    Backfilled,
    Down,
    Gap,
    Notice,
    Overrun,
    Ready,
    Refused,
    Rotated,
    Stalled,
    Subscribed,
    Suspect,
    Unreadable,
    Unsubscribed,
    Update,
)

_SHOWN: Final = 160
"""Characters of a payload."""


def say(text: str) -> None:
    print(text, flush=True)


def say_json(fields: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    print(f"venuewire: {printable(text)}", file=sys.stderr, flush=True)


def forget_stdout() -> None:
    """Whoever read it is gone, and the interpreter would complain once more when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def name_of(update: Update) -> str:
    return type(update).__name__


def fields_of(update: Update) -> dict[str, Any]:
    """Its fields, for JSON; a message's payload is embedded as the venue wrote it."""
    fields: dict[str, Any] = msgspec.structs.asdict(update)
    if isinstance(update, Message):
        # Line feeds between the payload's tokens would end the line.
        fields["raw"] = msgspec.Raw(msgspec.json.format(bytes(update.raw), indent=-1))
    return fields


def describe(update: Update) -> str:
    """In one line, for people."""
    return printable(_describe(update))


def _describe(update: Update) -> str:  # noqa: C901, PLR0911, PLR0912 - a line for each
    match update:
        case Message():
            return f"{update.channel} {update.kind}: {_excerpt(update)}"
        case Ready(link):
            return f"ready, link {link}"
        case Subscribed(channel):
            return f"subscribed {channel}"
        case Unsubscribed(channel):
            return f"unsubscribed {channel}"
        case Refused(reason, channel, code):
            named = "" if channel is None else f" {channel}"
            return f"refused{named}: {reason}" + ("" if code is None else f" ({code})")
        case Stalled(channel, evidence):
            return f"{channel} stalled: {evidence}"
        case Suspect(evidence):
            return f"suspect: {evidence}"
        case Alive(evidence):
            return f"alive after all: {evidence}"
        case Down(cause, reason, retry_in):
            following = "for good" if retry_in is None else f"next attempt in {retry_in:.1f} s"
            return f"down ({cause.value}): {reason}; {following}"
        case Gap(channel, since, until, why):
            return f"gap of {until - since:.1f} s in {channel}: {why}"
        case Overrun(channel, waited):
            return f"{channel} given up: {waited} messages were waiting"
        case Backfilled(gap, count, failure):
            trouble = "" if failure is None else f"; {failure}"
            return f"backfilled {gap.channel} with {count} messages{trouble}"
        case Rotated(old, link, why):
            return f"link {link} has replaced link {old}: {why}"
        case Maintenance(effective_at, downtime, note):
            length = "" if downtime is None else f" for {downtime / 60:.0f} min"
            return f"maintenance at {_moment(effective_at)}{length}: {note}"
        case Unreadable(reason):
            return f"unreadable: {reason}"
        case Notice(text):
            return f"notice: {text}"
        case _:
            assert_never(update)


def _moment(realtime: float) -> str:
    try:
        return datetime.fromtimestamp(realtime, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{realtime:g}"  # The venue's own idea of a time.


def _excerpt(message: Message) -> str:
    text = bytes(message.raw).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def aligned(rows: Sequence[Mapping[str, Any]], texts: Collection[str] = ()) -> list[str]:
    """A table as text: the first column and those called `texts` to the left, numbers to the
    right. Nobody's words can do anything to a terminal."""
    if not rows:
        return []
    names = list(rows[0])
    table = [names, *([printable(str(value)) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = [name in texts or not number for number, name in enumerate(names)]
    return [
        "  ".join(
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(row, widths, left, strict=True)
        ).rstrip()
        for row in table
    ]


def say_table(rows: Sequence[Mapping[str, Any]], texts: Collection[str] = ()) -> None:
    """Each row in one line of the terminal, cut short where that is narrow."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for line in aligned(rows, texts):
        say(line if len(line) <= width else f"{line[: width - 1]}\u2026")


def plural(count: int | None, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.2f} ms"
