"""SIGHUP: the files `serve` was told of are read again, and the local venue lives by them.

Law 1: a file that is no good changes nothing; what is wrong with it is told, and the venue lives
       on.
Law 2: what changed is told, and what takes a restart.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from venuewire.cli.outcome import WrongUsage
from venuewire.core.errors import ConfigurationError, NotKept
from venuewire.server import LocalVenue
from venuewire.server.configuration import Configuration

_TERMINAL: Final = "/dev/tty"
_logger = logging.getLogger("venuewire.serve")


@contextmanager
def reload_signal(hang_up: Callable[[], None]) -> Iterator[asyncio.Event]:
    """Set by each SIGHUP; but where that means that the terminal is gone, `hang_up` is called."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    had_terminal = _has_terminal()

    def ask() -> None:
        if had_terminal and not _has_terminal():
            hang_up()
        else:
            asked.set()

    loop.add_signal_handler(signal.SIGHUP, ask)
    try:
        yield asked
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _has_terminal() -> bool:
    with suppress(OSError):
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
        return True
    return False


async def reload(local: LocalVenue, read: Callable[[], Configuration]) -> None:
    """`read` raises `WrongUsage` for what is no good."""
    try:
        wanted = read()
    except (WrongUsage, ConfigurationError) as error:
        local.stay(str(error))
        _logger.error("nothing is reloaded: %s", error)  # noqa: TRY400 - its text says it all
        return
    try:
        told = await local.reconfigure(wanted)
    except NotKept as error:
        _logger.error("reloaded, and not kept: %s", error)  # noqa: TRY400 - as above
        return
    for change in told.changed:
        _logger.info("reloaded: %s", change)
    if not told.changed:
        _logger.info("reloaded: nothing has changed")
    if told.stands:
        _logger.error("this takes a restart: %s", ", ".join(told.stands))
