"""The loads, which are written in C: started on the load's core, and what they have counted.

Law: nobody is the load of more than one server at a time, and none runs on a measured core.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.measure import Sample, Server
from bench.programs import program

_PATIENCE = 60
"""Seconds beyond what a load is told to take."""
PORTS = 5_000
"""Links from one source address, of some 28,000 that the system has."""


@dataclass(frozen=True)
class Ping:
    """What a client asks, and by what the answer is known."""

    text: str
    """`%d` stands for a number, which the answer repeats."""
    answer: str
    """Stands in every answer."""
    greeting: str = ""
    """Stands in what the venue says first; empty where it says nothing."""
    opcode: int = 1


SPOT_TEXT = '{"method":"ping","req_id":%d}'
SPOT = Ping(SPOT_TEXT, '"pong"', '"channel":"status"')
BARE = Ping(SPOT_TEXT, '"pong"')
"""Of a server that is nothing but pongs."""
ECHO = Ping(SPOT_TEXT, '"ping"')


@dataclass(frozen=True)
class Loops:
    connections: int
    depth: int
    """Pings in one write, whose answers are all awaited before the next."""
    seconds: float


def pings(server: Server, ping: Ping, loops: Loops, target: str = "/") -> Sample:
    counted = run(
        *("loads/ping", loops.seconds),
        *("port", server.port, "pids", server.pids, "target", target),
        *("connections", loops.connections, "depth", loops.depth),
        *("milliseconds", int(loops.seconds * 1000), "sources", sources(loops.connections)),
        *("text", ping.text, "answer", ping.answer, "opcode", ping.opcode),
        *("greeting", ping.greeting),
    )
    return Sample.of(**counted)


def sources(connections: int) -> int:
    """Addresses of 127/8 that so many links need."""
    return connections // PORTS + 1


def run(name: str, seconds: float, *told: object) -> Any:
    """One load from its beginning to its end: the JSON of the last line it prints."""
    command = [program(name), *map(str, told)]
    ended = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, timeout=seconds * 2 + _PATIENCE
    )
    if ended.returncode:
        sys.exit(f"bench: {name} failed")
    return json.loads(ended.stdout.splitlines()[-1])


class Load:
    """One that is told when to go on, by a line or by the end of its input."""

    def __init__(self, name: str, told: tuple[object, ...]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [program(name), *map(str, told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def hear(self) -> Any:
        """The JSON of its next line."""
        line = b"" if self._process.stdout is None else self._process.stdout.readline()
        if not line:
            sys.exit(f"bench: {self.name} failed")
        return json.loads(line)

    def go_on(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()

    def end(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.read()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def running(name: str, *told: object) -> Iterator[Load]:
    """A load that has settled."""
    load = Load(name, told)
    try:
        load.hear()
        yield load
    finally:
        load.end()
