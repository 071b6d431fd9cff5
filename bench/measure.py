"""How everything here is measured.

Law 1: what is measured is a process of its own, alone on one core; its load has another.
Law 2: the figure is CPU time of all its threads, user and system, in nanoseconds, because wall
       time is noisy on a shared machine.
Law 3: candidates take turns (A B C D, A B C D, ...), so that a slow minute slows all of them;
       medians are compared, and only ratios of one run mean anything.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 20
"""Seconds a process has to end before it is killed."""


@dataclass(frozen=True)
class Pace:
    """How long and how often is measured."""

    rounds: int
    seconds: float
    """Of one candidate in one round."""
    quick: bool
    """A glance: what cannot be shown in seconds may be shown on a smaller scale, which it says."""


FULL = Pace(rounds=5, seconds=2.0, quick=False)
QUICK = Pace(rounds=3, seconds=0.5, quick=True)


@dataclass(frozen=True)
class Cores:
    measured: int
    load: int

    @classmethod
    def choose(cls) -> "Cores":
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            sys.exit("bench: two cores are needed, one for what is measured and one for its load")
        return cls(allowed[0], allowed[1])


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """This process, and the ones it starts meanwhile, run on this core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_time(pid: int | str = "self") -> int:
    """What all threads of a process have used so far, in nanoseconds."""
    used = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        used += int((thread / "schedstat").read_text().split()[0])
    return used


def resident(pid: int) -> int:
    """Bytes of memory a process has; what it shares with others is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("the system does not tell")


def family(pid: int) -> list[int]:
    """A process, and all that it and its children have started."""
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


@dataclass(frozen=True)
class Server:
    pid: int
    told: Mapping[str, Any]
    """What it printed when it was ready."""

    @property
    def url(self) -> str:
        return str(self.told["url"])

    @property
    def port(self) -> int:
        return urlsplit(self.told["url" if "url" in self.told else "base"]).port or 0

    @property
    def pids(self) -> str:
        return ",".join(map(str, family(self.pid)))


@contextmanager
def serving(command: Sequence[str], core: int) -> Iterator[Server]:
    """A server on a core of its own, from the line it prints when it is ready to its end."""
    with pinned(core):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield Server(process.pid, _ready(process))
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _ready(process: subprocess.Popen[bytes]) -> Mapping[str, Any]:
    if process.stdout is None:
        raise ValueError("its output is not ours to read")
    for line in process.stdout:
        said: dict[str, Any] = json.loads(line)
        if said.get("event") == "ready":
            # Whatever else it says must not block it.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return said
    sys.exit(f"bench: {process.args!r} ended before it was ready")


@dataclass(frozen=True)
class Sample:
    """One candidate in one round."""

    cost: float
    """Microseconds of CPU per message."""
    busy: float
    """Its share of its core: near 1, it never waited for its load."""

    @classmethod
    def of(cls, *, messages: int, cpu: int, wall: int) -> "Sample":
        """From nanoseconds."""
        return cls(cpu / messages / 1000, cpu / wall)


@dataclass(frozen=True)
class Spread:
    """One candidate in all rounds."""

    least: float
    median: float
    most: float
    busy: float

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "Spread":
        costs = [sample.cost for sample in samples]
        busy = statistics.median(sample.busy for sample in samples)
        return cls(min(costs), statistics.median(costs), max(costs), busy)


def take_turns(
    what: str, candidates: Mapping[str, Callable[[], Sample]], rounds: int
) -> dict[str, Spread]:
    """Measure every candidate once per round."""
    samples: dict[str, list[Sample]] = {name: [] for name in candidates}
    for number in range(1, rounds + 1):
        for name, measure in candidates.items():
            tell(f"{what}, round {number} of {rounds}: {name}")
            samples[name].append(measure())
    tell("")
    return {name: Spread.of(taken) for name, taken in samples.items()}


def tell(text: str) -> None:
    """Progress, on a terminal; the next line takes its place."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
