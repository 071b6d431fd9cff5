"""What is logged, on standard error.

Law: only what went wrong, in one line each, unless `VENUEWIRE_LOG` asks for more of this library.
"""

import logging
from collections.abc import Mapping
from typing import Final

from venuewire.cli.lines import complain
from venuewire.cli.outcome import WrongUsage

VARIABLE: Final = "VENUEWIRE_LOG"
_LEVELS: Final = {"error": logging.ERROR, "info": logging.INFO, "debug": logging.DEBUG}


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
