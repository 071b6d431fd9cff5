"""A local venue that can be killed again and again: `venuewire serve`, started without waiting for
its imports each time, because a process that has made them already forks itself.

Run as a script it is that process. Each line it reads is a list of arguments for `venuewire`, in
JSON; the child's number is the answer, then comes what the child writes, and after its end how it
ended.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import venuewire
from venuewire.cli.app import run

SOURCE: Final = str(Path(venuewire.__file__).parents[1])


class Forge:
    """Starts and kills; one venue at a time."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = json.dumps(["serve", "--json", *arguments])
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": SOURCE},
        )
        self._child = 0

    def start(self) -> None:
        """Begin, without waiting until it is ready."""
        assert self._process.stdin is not None
        self._process.stdin.write(self._arguments + "\n")
        self._process.stdin.flush()
        self._child = self._line()

    def ready(self) -> str:
        """Where it listens."""
        base: str = self._line()["base"]
        return base

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        os.kill(self._child, signal.SIGKILL)
        self._child = 0
        while isinstance(line := self._line(), dict):
            pass  # It had become ready meanwhile.
        assert line == -signal.SIGKILL

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        self._process.kill()
        self._process.communicate(timeout=10)

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def forge() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            os._exit(run(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    forge()
