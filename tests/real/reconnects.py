"""Many real reconnects of one session, and what they leave behind: run by hand.

    python tests/real/reconnects.py [COUNT] [--venue NAME] [--rotate]

Goal: tasks, descriptors and memory are as flat after 10,000 reconnects as after the first tenth of
them, on both sides. Method: the local venue runs in a process of its own and cuts its sessions
whenever it is told to; it is told so as soon as the session is ready, and every second time only
when it is subscribed too. It cuts in turn with a CLOSE frame and without one. With `--rotate` it
cuts nothing: the session replaces its link, again and again, and two links overlap by milliseconds
where they would by seconds.

Law 1: a count that has grown is exit status 1, and so is a session that is not ready in time.
Law 2: numbers are taken in the same state each time, with garbage collected on both sides.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

import venuewire
from venuewire import Down, Ready, Rotated, Subscribed
from venuewire.core import rotation, sieve, succession
from venuewire.core.updates import Update
from venuewire.demo import CREDENTIALS
from venuewire.venues import venue as venue_named
from venuewire.venues import venues

STEPS: Final = 10
"""Rows of the table, beside the first and the last."""
PATIENCE: Final = 15.0
"""Seconds for one reconnect; more is a failure."""
MEMORY_GROWTH: Final = 4 * 1024 * 1024
"""Bytes that memory may grow by after the first tenth: pools and caches, not leaks. Of 10,000
reconnects that would be 470 bytes each."""
BACKOFF: Final = venuewire.Backoff(initial=0.001, limit=0.002)
OVERLAP: Final = 0.005
"""Seconds."""
SOURCE: Final = str(Path(venuewire.__file__).parents[1])
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Usage(Struct, frozen=True):
    """Of one process, at one moment."""

    tasks: int
    descriptors: int
    memory: int
    """Bytes resident."""


class Row(Struct, frozen=True):
    reconnects: int
    seconds: float
    client: Usage
    venue: Usage


def usage() -> Usage:
    gc.collect()
    return Usage(
        tasks=len(asyncio.all_tasks()),
        # One of them is the folder that is being read.
        descriptors=len(list(Path("/proc/self/fd").iterdir())) - 1,
        memory=int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE,
    )


# The venue's process: obeys one line at a time, and answers each.


async def serve(name: str) -> None:
    orders = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(orders)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    async with venuewire.LocalVenue(name) as local:
        _answer({"url": local.url})
        while order := (await orders.readline()).strip():
            if order == b"usage":
                _answer(usage())
            else:
                await local.cut(abort=order == b"abort")


def _answer(answer: Any) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()


class VenueProcess:
    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    def order(self, order: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order + b"\n")

    async def usage(self) -> Usage:
        self.order(b"usage")
        return msgspec.json.decode(await _line(self._process), type=Usage)


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return await process.stdout.readline()


@asynccontextmanager
async def venue_process(name: str) -> AsyncIterator[VenueProcess]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--serve", "--venue", name),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )
    try:
        yield VenueProcess(process, msgspec.json.decode(await _line(process))["url"])
    finally:
        process.kill()
        await process.communicate()


# The client's process.


class Course:
    """A session through its links, heard to the last word."""

    def __init__(self, name: str, url: str) -> None:
        self._wanted = frozenset(venue_named(name).watched)
        self.session = venuewire.connect(
            name, url=url, credentials=CREDENTIALS[name], backoff=BACKOFF
        )
        for channel in self._wanted:
            self.session.want(channel)
        self._link = 0
        self._left = 0
        """The link that was cut last."""
        self._agreed: set[str] = set()

    async def ready(self) -> None:
        await self._until(lambda: self._link > self._left)

    async def subscribed(self) -> None:
        await self._until(lambda: self._link > self._left and self._agreed >= self._wanted)

    async def rotated(self) -> None:
        left = self._link
        await self._until(lambda: self._link > left)

    def cut(self) -> None:
        self._left = self._link

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._hear(await anext(aiter(self.session)))

    def _hear(self, update: Update) -> None:
        match update:
            case Ready(link) | Rotated(_, link):
                self._link = link
            case Down():
                self._link = 0
                self._agreed.clear()
            case Subscribed(channel):
                self._agreed.add(channel)
            case _:
                pass


async def reconnect(name: str, count: int, *, rotate: bool) -> list[Row]:
    """The counts before, after the first link and each tenth, and when the session is closed."""
    rows: list[Row] = []
    began = time.monotonic()

    async def note(reconnects: int) -> None:
        seconds = time.monotonic() - began
        rows.append(Row(reconnects, seconds, usage(), await venue.usage()))
        show(rows[-1])

    async with venue_process(name) as venue:
        await note(0)
        course = Course(name, venue.url)
        async with course.session:
            for number in range(count):
                if number % max(1, count // STEPS) == 0:
                    await course.subscribed()
                    await note(number)
                await (_rotate(course) if rotate else _reconnect(course, venue, number))
            await course.subscribed()
            await note(count)
            counters = course.session.health.counters
            assert (counters.rotations if rotate else counters.reconnects) == count
            assert (counters.reconnects if rotate else counters.rotations) == 0
            assert not (rotate and counters.gaps)
        await asyncio.sleep(1.0)  # For the venue's side of the last link to end.
        await note(count)
    return rows


async def _reconnect(course: Course, venue: VenueProcess, number: int) -> None:
    await (course.ready() if number % 2 else course.subscribed())
    venue.order(b"abort" if number % 4 < 2 else b"cut")
    course.cut()


async def _rotate(course: Course) -> None:
    await course.session.rotate(timeout=PATIENCE)
    await course.rotated()


def shorten_overlap() -> None:
    for module in (rotation, sieve, succession):
        vars(module)["OVERLAP"] = OVERLAP


# The verdict.


def show(row: Row) -> None:
    sides = (
        f"{side.tasks:>5}  {side.descriptors:>11}  {side.memory / 2**20:>8.2f}"
        for side in (row.client, row.venue)
    )
    print("  |  ".join([f"{row.reconnects:>10,}  {row.seconds:>7.1f}", *sides]), flush=True)


def growth(rows: list[Row]) -> list[str]:
    """What has grown between the first tenth and the end, or was left when the session closed."""
    before, begun, *_, last, closed = rows[0], *rows[2:]
    found: list[str] = []
    for side in ("client", "venue"):
        first, now = getattr(begun, side), getattr(last, side)
        found += _more(f"{side}, open", first, now)
        found += _more(f"{side}, closed", getattr(before, side), getattr(closed, side))
        if now.memory - first.memory > MEMORY_GROWTH:
            found.append(f"{side}: {(now.memory - first.memory) / 2**20:.1f} MB more memory")
    return found


def _more(when: str, before: Usage, after: Usage) -> list[str]:
    return [
        f"{when}: {getattr(before, what)} {what}, then {getattr(after, what)}"
        for what in ("tasks", "descriptors")
        if getattr(after, what) > getattr(before, what)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--venue", choices=sorted(venues()), default="kucoin")
    parser.add_argument("--rotate", action="store_true", help="replace links, and cut none")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.venue))
        return 0
    if options.count < STEPS:
        parser.error(f"COUNT must be at least {STEPS}")
    print(f"{options.venue}; the client's process, then the venue's; memory in MB")
    print("reconnects  seconds  |  tasks  descriptors    memory  |  tasks  descriptors    memory")
    if options.rotate:
        shorten_overlap()
    rows = asyncio.run(reconnect(options.venue, options.count, rotate=options.rotate))
    found = growth(rows)
    print("\n".join(found) or "flat")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
