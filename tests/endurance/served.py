"""`venuewire serve` in a process of its own, and what can be seen of it from outside.

Law 1: nothing is asked of the process that any operator could not ask, and what it uses is read
       from the system, not from itself.
Law 2: leaving ends the process, whatever has happened.
"""

import os
import select
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import IO, Any, Final, Self
from urllib.parse import urlsplit

import msgspec

import venuewire
from endurance.vitals import Vitals, vitals
from real.processes import STARTING
from venuewire.core.secrets import Credentials
from venuewire.demo import CREDENTIALS

PLACES: Final = os.pathsep.join(
    [str(Path(venuewire.__file__).parents[1]), str(Path(__file__).parents[1])]
)
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": PLACES}
"""In which a process of a campaign finds what this one has."""
PATIENCE: Final = 20.0
"""Seconds for an answer of the control API, however busy the machine."""
WITNESS: Final = "witness"
DEMO: Final = "demo"


def credentials(account: str) -> dict[str, Credentials]:
    """Of each venue; the witness's differ from the demo account's in every part."""
    if account == DEMO:
        return CREDENTIALS
    secret = "d2l0bmVzcy1vbmx5LXNlY3JldC10aGF0LW5vYm9keS1lbHNlLWhhcw=="
    return {name: Credentials(f"witness-{name}", secret, "witness-phrase") for name in CREDENTIALS}


def configuration(lines: str = "") -> str:
    """For `serve --config`: both accounts at each venue, and what else is said there."""
    accounts = [
        f'[[account]]\nname = "{account}"\nvenue = "{venue}"\napi_key = "{keys.api_key}"\n'
        f'api_secret = "{keys.api_secret}"\npassphrase = "{keys.passphrase}"\n'
        for account in (DEMO, WITNESS)
        for venue, keys in credentials(account).items()
    ]
    return "\n".join([*accounts, lines])


class Served:
    """It listens when this is made."""

    def __init__(self, lines: str = "", *options: str, command: tuple[str, ...] = ()) -> None:
        """`lines` are of the configuration's file; `command` runs `venuewire` otherwise."""
        self._folder = tempfile.TemporaryDirectory(prefix="venuewire-endurance-")
        folder = Path(self._folder.name)
        file = folder / "venue.toml"
        file.write_text(configuration(lines))
        self._errors = folder / "stderr"
        run = command or (sys.executable, "-m", "venuewire")
        serve = ("serve", "--listen", "127.0.0.1:0", "--json", "--config", str(file), *options)
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*run, *serve], stdout=subprocess.PIPE, stderr=errors, cwd=folder, env=ENVIRONMENT
            )
        line = _first_line(self._process)
        if not line:
            raise RuntimeError(f"the local venue did not start: {self.complaints}")
        told = msgspec.json.decode(line)
        self.base: str = told["base"]
        self.endpoints: dict[str, str] = told["endpoints"]

    @property
    def address(self) -> tuple[str, int]:
        at = urlsplit(self.base)
        return at.hostname or "", at.port or 0

    # What can be seen from outside.

    @property
    def ended(self) -> int | None:
        """Its exit status; None while it lives."""
        return self._process.poll()

    @property
    def complaints(self) -> str:
        """All that it has written on its standard error."""
        return self._errors.read_text(errors="replace")

    def vitals(self) -> Vitals:
        return vitals(self._process.pid)

    # What an operator asks.

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The control API's answer. Raises `RuntimeError` for one that is no success."""
        status, answer = self.ask(method, f"/control/{path}", body)
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {answer!r}")
        return msgspec.json.decode(answer)

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            payload = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
            connection.request(method, path, payload, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self.base.startswith("http:"):
            return HTTPConnection(*self.address, timeout=PATIENCE)
        # It is this machine's own, and nothing secret is said.
        trusting = ssl._create_unverified_context()  # noqa: S323
        return HTTPSConnection(*self.address, timeout=PATIENCE, context=trusting)

    def fetch(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """What a venue's own HTTP door answers."""
        status, answer = self.ask("POST", path, body, headers)
        assert status == 200, answer
        return answer

    def count(self, name: str) -> int:
        """A counter of `/metrics`, over all venues."""
        lines = self.ask("GET", "/metrics")[1].decode().splitlines()
        found = [line for line in lines if line.startswith(f"venuewire_{name}_total{{")]
        return round(sum(float(line.rpartition(" ")[2]) for line in found))

    # Its end.

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Empty when it ends before it says one, or is slower than `STARTING`."""
    pipe: IO[bytes] | None = process.stdout
    assert pipe is not None
    ready, _, _ = select.select([pipe], [], [], STARTING)
    return pipe.readline() if ready else b""
