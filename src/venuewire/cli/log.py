"""What is logged, on standard error.

Law 1: only what went wrong, in one line each, unless `VENUEWIRE_LOG` asks for more of this library,
       or `serve --log-format` for a line about each event.
Law 2: a line is a line, whatever is in it.
"""

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec

from venuewire.cli.lines import complain, printable
from venuewire.cli.outcome import WrongUsage

VARIABLE: Final = "VENUEWIRE_LOG"
_LEVELS: Final = {"error": logging.ERROR, "info": logging.INFO, "debug": logging.DEBUG}


LogFormat: TypeAlias = Literal["json", "text"]


class Complaints(logging.Handler):
    """Finds standard error anew each time: a live table puts something else in its place."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self._whole = whole
        """With the places of an error, which follow its first line."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().splitlines()
        for line in lines if self._whole else lines[:1]:
            complain(line)


def log_to_stderr(environment: Mapping[str, str]) -> None:
    """Raises `WrongUsage`."""
    wanted = environment.get(VARIABLE) or "error"
    if wanted not in _LEVELS:
        raise WrongUsage(f"{VARIABLE}: one of {', '.join(_LEVELS)} is expected")
    logging.basicConfig(level=logging.ERROR, handlers=[Complaints(whole=wanted != "error")])
    logging.getLogger("venuewire").setLevel(_LEVELS[wanted])


class Events(logging.Handler):
    """A line for each record: when, how grave, and what; in JSON also the event's own fields."""

    def __init__(self, format: LogFormat) -> None:
        super().__init__()
        self._line = _json_line if format == "json" else _text_line

    def emit(self, record: logging.LogRecord) -> None:
        print(self._line(record), file=sys.stderr, flush=True)


def log_events(format: LogFormat) -> None:
    """In place of `log_to_stderr`, from now on."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, Complaints)]:
        root.removeHandler(handler)
    root.addHandler(Events(format))
    ours = logging.getLogger("venuewire")
    ours.setLevel(min(ours.getEffectiveLevel(), logging.INFO))


def _text_line(record: logging.LogRecord) -> str:
    told = " | ".join(record.getMessage().splitlines())
    return f"{_stamp(record)} {record.levelname.lower()} {printable(told)}"


def _json_line(record: logging.LogRecord) -> str:
    fields: dict[str, Any] = {
        "time": _stamp(record),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    event = getattr(record, "event", None)
    if event is not None:
        fields["event"] = event
    return msgspec.json.encode(fields).decode()


def _stamp(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03}Z"
