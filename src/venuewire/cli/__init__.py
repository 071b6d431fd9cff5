"""The command line: `venuewire serve`, `watch`, `ping`, `notify`, `publish`.

Law 1: standard output is what was asked for, as text or, with `--json`, as one JSON object per
       line; everything else goes to standard error.
Law 2: whatever goes wrong is one line that names the cause, never a traceback. Exit status 0 is
       success, 1 a verdict that fails, 2 wrong usage.
Law 3: nothing secret is printed.
"""

import sys
from io import TextIOWrapper


def main() -> None:
    """The entry point. Ends the process."""
    try:
        sys.exit(_status())
    except KeyboardInterrupt:  # Before there is a loop to ask for a clean end.
        sys.exit("venuewire: interrupted")


def _status() -> int:
    try:
        # Only now: what it needs may be absent.
        from venuewire.cli.app import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(
            f"venuewire: {error.name} is missing; the command line needs it:"
            " pip install 'venuewire[cli]'"
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # Venues say more than some terminals can show.
            stream.reconfigure(errors="backslashreplace")
    return run(sys.argv[1:])
