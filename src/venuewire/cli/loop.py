"""The event loop a command runs on, and the signals that end it.

Law: the first SIGINT or SIGTERM asks for a clean end; the next has its usual effect.
"""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from venuewire.cli.outcome import CommandFailed

try:
    from uvloop import new_event_loop
except ImportError:  # Works as well, only slower.
    new_event_loop = asyncio.new_event_loop  # type: ignore[assignment]

_Result = TypeVar("_Result")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run(command: Coroutine[object, object, _Result]) -> _Result:
    """On uvloop where it is installed."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.get_loop().set_exception_handler(report_error)
        try:
            return runner.run(command)
        except KeyboardInterrupt:
            raise CommandFailed("interrupted") from None


def report_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As the loop would by itself, except for a peer that leaves within its TLS handshake: of that
    the faster transport tells with a class in place of an error, which no log can write. Whoever
    looks whether a port is open does it."""
    if not isinstance(context.get("exception"), type):
        loop.default_exception_handler(context)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Set by the first signal that asks for an end."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def let_go() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def ask() -> None:
        let_go()
        asked.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask)
    try:
        yield asked
    finally:
        let_go()


async def first_of(*events: asyncio.Event) -> None:
    """Return when one of them is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


async def wait(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether it was set within that time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
