"""The process of a worker: `python -m venuewire.cli.worker CHANNEL ARRIVALS`, started by `serve`.

Law 1: it is given what it needs over the first of its two descriptors, nothing by the command line.
Law 2: only its primary ends it: a signal to the whole group, as Ctrl-C or a service's stop, is the
       primary's to understand. Without its primary it ends, also when it is stuck.
"""

import contextlib
import os
import signal
import socket
import sys
from typing import Final

from venuewire.cli.log import LogFormat, log_events, log_to_stderr
from venuewire.cli.loop import run
from venuewire.server.worker import LEFT_ALONE, work
from venuewire.transport.descriptors import raise_descriptors

_PR_SET_PDEATHSIG: Final = 1
_OTHERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def worker_command(log_format: LogFormat | None) -> list[str]:
    """What starts one; its descriptors follow."""
    # Without -P, a file of the current directory could take the place of a module.
    command = [sys.executable, "-P", "-m", "venuewire.cli.worker"]
    return [*command, log_format or "", str(os.getpid())]


def main(arguments: list[str]) -> int:
    log_format, primary, channel, arrivals = arguments
    for number in _OTHERS:
        signal.signal(number, signal.SIG_IGN)
    _end_with(int(primary))
    log_to_stderr(os.environ)
    if log_format in {"json", "text"}:
        log_events("json" if log_format == "json" else "text")
    raise_descriptors()
    ends = [socket.socket(fileno=int(each)) for each in (channel, arrivals)]
    return run(work(*ends))


def _end_with(primary: int) -> None:
    """Where the system can do that; a worker that is not stuck notices by itself."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, MemoryError, OSError, AttributeError):
            import ctypes  # noqa: PLC0415 - a hardened service may not let it be

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != primary:
        sys.exit(LEFT_ALONE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
