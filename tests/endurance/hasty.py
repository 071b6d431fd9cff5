"""A process in which time runs faster: whatever waits there waits so much less.

    python -m endurance.hasty RATE ORIGIN venue ARGUMENTS       # `venuewire ARGUMENTS`
    python -m endurance.hasty RATE ORIGIN customers ORDER

ORIGIN is the moment, in seconds of the system's monotonic clock and of its realtime, at which both
were right, as `MONOTONIC,REALTIME`: processes that share it agree on what time it is.

What is compressed, and what is not: the code is that of every venue and client. All of Python's
clocks, and with them every deadline, ping, heartbeat, token and timeout, run at RATE; so a pause of
this machine counts RATE times, too. Sockets, the system's own timeouts and the work itself are as
slow as ever.
"""

import selectors
import sys
import time
from typing import Any, Final

_REAL_MONOTONIC: Final = time.monotonic
_REAL_TIME: Final = time.time


def origin() -> str:
    """Now."""
    return f"{_REAL_MONOTONIC()!r},{_REAL_TIME()!r}"


def hasten(rate: float, origin: str) -> None:
    """Before anything is imported that reads a clock."""
    monotonic, realtime = map(float, origin.split(","))

    def hasty_monotonic() -> float:
        return monotonic + (_REAL_MONOTONIC() - monotonic) * rate

    def hasty_time() -> float:
        return realtime + (_REAL_MONOTONIC() - monotonic) * rate

    class HastySelector(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> Any:
            return super().select(timeout and timeout / rate)

    time.monotonic, time.time = hasty_monotonic, hasty_time
    selectors.DefaultSelector = HastySelector  # type: ignore[misc]
    # Its clock is C's own. asyncio's loop asks `time.monotonic`.
    sys.modules["uvloop"] = None  # type: ignore[assignment]


def main() -> int:
    rate, origin, what, *arguments = sys.argv[1:]
    hasten(float(rate), origin)
    if what == "venue":
        from venuewire.cli.app import run  # noqa: PLC0415 - not before time is hasty

        return run(arguments)
    from endurance.customers import serve  # noqa: PLC0415

    serve(arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
