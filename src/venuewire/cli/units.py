"""Times and sizes as people write and read them.

Law: a text is a time only if it can be nothing else; what is shown is rounded, and says its unit.
"""

import math
import re
from datetime import UTC, datetime
from typing import Final

from venuewire.cli.outcome import WrongUsage

_SECONDS: Final = (86_400, 3_600, 60, 1)
_SPAN: Final = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LONGEST_TEXT: Final = 40


def span(option: str, text: str) -> float:
    """Seconds, from `90`, `0.5`, `15m`, `24h` or `1d12h30m`. Raises `WrongUsage`."""
    if len(text) <= _LONGEST_TEXT:
        if _PLAIN.fullmatch(text):
            return float(text)
        found = _SPAN.fullmatch(text)
        if text and found:
            numbers = (float(number or 0) for number in found.groups())
            return sum(number * unit for number, unit in zip(numbers, _SECONDS, strict=True))
    raise WrongUsage(f"{option}: a time such as 90, 15m, 24h or 1d12h is expected")


def duration(seconds: float) -> str:
    """`0.8 s`, `42 s`, `3 min 20 s`, `23 h 59 min`, `2 d 3 h`: two units at most."""
    if seconds < 10:
        return f"{math.floor(seconds * 10) / 10:g} s"
    rest = int(seconds)
    parts: list[tuple[int, str]] = []
    for name, unit in zip(("d", "h", "min", "s"), _SECONDS, strict=True):
        count, rest = divmod(rest, unit)
        if count or parts:
            parts.append((count, name))
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count)


def size(count: int) -> str:
    """`0`, `512 B`, `4.0 KiB`, `1.5 MiB`."""
    if count < 1024:
        return f"{count} B" if count else "0"
    shown, unit = count / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if shown < 1024:
            break
        shown, unit = shown / 1024, larger
    return f"{shown:.1f} {unit}"


def moment(realtime: float) -> str:
    """As the log's lines begin: `2026-11-25T14:03:22.123Z`."""
    try:
        stamp = datetime.fromtimestamp(realtime, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{realtime:g}"
    return stamp.replace("+00:00", "Z")
