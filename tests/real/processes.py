"""A venue and a client as processes of their own, and what the client has told.

Law 1: nothing is waited for without a limit; when it is reached, the failure quotes what was told.
Law 2: leaving kills the process, stopped or not.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import msgspec
from msgspec import Struct

import venuewire

STARTING: Final = 20.0
"""Seconds for a process to begin to speak."""
TELLING: Final = 1.0
"""Seconds for what has happened already to be told."""
SCRIPT: Final = str(Path(__file__).with_name("telling_client.py"))
_SOURCE: Final = str(Path(venuewire.__file__).parents[1])


class Told(Struct, frozen=True):
    """One update of one session."""

    venue: str
    at: float
    """Monotonic seconds."""
    update: str
    """Its name, such as `Down`."""
    fields: dict[str, Any]


class Process:
    """Its lines are read as they come, by a thread: a full pipe must not stop it."""

    def __init__(self, *command: str) -> None:
        environment = {**os.environ, "PYTHONPATH": _SOURCE}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        self._lines: list[bytes] = []
        self._arrival = threading.Condition()
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=[self._process.stdout])
        self._reader.start()

    def _read(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            with self._arrival:
                self._lines.append(line)
                self._arrival.notify_all()

    def wait_for(self, condition: Callable[[list[bytes]], Any], limit: float, what: str) -> Any:
        """What the condition gives for the lines so far, once that is true."""
        with self._arrival:
            found = self._arrival.wait_for(lambda: condition(self._lines), limit)
            if not found:
                told = b"".join(self._lines[-20:]).decode()
                raise AssertionError(f"not within {limit:g} s: {what}. It told:\n{told}")
            return found

    def signal(self, number: signal.Signals) -> float:
        """When it was sent, in monotonic seconds."""
        moment = time.monotonic()
        self._process.send_signal(number)
        return moment

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


class VenueProcess(Process):
    """`venuewire serve`."""

    def __init__(self, listen: str, *options: str, at: Sequence[str] = ()) -> None:
        serve = (sys.executable, "-m", "venuewire", "serve", "--listen", listen, "--json")
        super().__init__(*at, *serve, *options)

    def endpoints(self) -> dict[str, str]:
        """By venue, once it listens."""
        line = self.wait_for(lambda lines: lines[:1], STARTING, "it listens")[0]
        endpoints: dict[str, str] = msgspec.json.decode(line)["endpoints"]
        return endpoints


class ClientProcess(Process):
    """`telling_client`."""

    def __init__(self, sessions: dict[str, dict[str, Any]], *, at: Sequence[str] = ()) -> None:
        asked = msgspec.json.encode(sessions).decode()
        super().__init__(*at, sys.executable, SCRIPT, asked)

    def gaps(self, venue: str, *, after: float, count: int) -> frozenset[str]:
        """The channels that told of one since a moment; so many are waited for."""

        def told(lines: list[bytes]) -> frozenset[str]:
            gaps = _chosen(lines, venue, "Gap", after)
            return frozenset(gap.fields["channel"] for gap in gaps)

        with self._arrival:
            self._arrival.wait_for(lambda: len(told(self._lines)) >= count, TELLING)
            return told(self._lines)

    def first(self, venue: str, update: str, *, after: float, limit: float) -> Told:
        """The first such update since a moment; `limit` is in seconds from now."""
        found: list[Told] = self.wait_for(
            lambda lines: _chosen(lines, venue, update, after), limit, f"{update} of {venue}"
        )
        return found[0]

    def until_subscribed(
        self, venue: str, channels: Sequence[str], *, after: float, limit: float
    ) -> float:
        """When the session became ready, since a moment; by then it has all its channels."""
        deadline = time.monotonic() + limit
        ready = self.first(venue, "Ready", after=after, limit=limit)

        def agreed(lines: list[bytes]) -> bool:
            told = _chosen(lines, venue, "Subscribed", ready.at)
            return {each.fields["channel"] for each in told} >= set(channels)

        rest = max(0.0, deadline - time.monotonic())
        self.wait_for(agreed, rest, f"{venue} agrees to {', '.join(channels)}")
        return ready.at


def _chosen(lines: list[bytes], venue: str, update: str, after: float) -> list[Told]:
    told = (msgspec.json.decode(line, type=Told) for line in lines)
    return [
        each for each in told if (each.venue, each.update) == (venue, update) and each.at >= after
    ]
