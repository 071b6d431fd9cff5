"""A process full of clients that fuzz one served venue, run by `endurance.fuzz`.

    python -m endurance.crowd ORDER

ORDER is JSON; each half second a line of JSON tells what was sent and what a client objects to.

Law 1: what a case sends depends on the seed and its number alone.
Law 2: no wait is longer than `_LEAVING`: a venue that does not answer has been asked to go on.
"""

import asyncio
import mmap
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, Literal, TypeAlias, cast
from zlib import crc32

import msgspec
import uvloop
from msgspec import Struct

from endurance.asking import questions
from endurance.ear import Ear
from endurance.frames import Frame, conversation, frame
from endurance.lobby import DOORS, Passes
from endurance.speech import Speech
from endurance.witness import MARKS

Kind: TypeAlias = Literal["frames", "requests"]

BITMAP: Final = 2**25
"""Bytes of the table of what was sent: a bit for each of 2**28 sums. Two things with one sum count
as one, so the count of different things is never too high."""
_LEAVING: Final = 1.0
"""Seconds for the venue's last word, and for what has been asked to be answered."""
_REPORTS: Final = 0.5
_LISTENED: Final = 8
"""One in so many cases reads all it hears, frame by frame; every case looks for others' secrets."""
_CHALLENGE: Final = b'{"event":"challenge","message":"'
_SEGMENTS: Final = {"frames": (1, 2, 5, 20, 60, 150), "requests": (1, 2, 5, 20)}
"""Groups that leave in one write."""


class Order(Struct, frozen=True, kw_only=True):
    kind: Kind
    host: str
    port: int
    passes: Passes
    seed: int
    first: int
    step: int
    """Numbers of the cases."""
    count: int
    """Frames or requests to send; None of the cases is broken off."""
    connections: int
    table: str
    """The file of the bitmap; empty for none."""
    keep: list[int] | None = None
    """Of the only case, the groups to send; None for all."""


class Report(Struct, frozen=True):
    sent: int
    """Since the crowd began."""
    answered: int
    """Of requests, answers."""
    begun: list[int]
    ended: list[int]
    objections: list[str]
    accused: list[int]
    """Cases that objected."""


class Crowd:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.speeches = {door: Speech(order.seed, door, order.passes) for door in DOORS}
        self.sent = self.answered = 0
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.objections: list[str] = []
        self.accused: list[int] = []
        self._next = order.first
        self._table = _table(order.table)

    async def visit(self) -> None:
        telling = asyncio.create_task(self._tell_on())
        async with asyncio.TaskGroup() as group:
            for _ in range(self.order.connections):
                group.create_task(self._one_after_another())
        telling.cancel()
        self.tell()

    async def _one_after_another(self) -> None:
        while self.sent < self.order.count:
            number, self._next = self._next, self._next + self.order.step
            await self._case(number)

    async def _case(self, number: int) -> None:
        loop, order = asyncio.get_running_loop(), self.order
        self.begun.append(number)
        try:
            async with asyncio.timeout(20):
                _, visitor = await loop.create_connection(
                    lambda: Visitor(self, number), order.host, order.port
                )
        except OSError as error:
            self.objections.append(f"case {number}: cannot connect: {error}")
            await asyncio.sleep(_REPORTS)
        else:
            await visitor.over
        self.ended.append(number)

    def pieces(self, number: int) -> Iterator[list[Frame]]:
        rng = Random(f"{self.order.seed}:{number}")
        if self.order.kind == "frames":
            said = conversation(rng, self.speeches[door_of(number)])
        else:
            said = questions(rng)
        if self.order.keep is None:
            return said
        kept = frozenset(self.order.keep)
        return (group for place, group in enumerate(said) if place in kept)

    def note(self, bare: bytes) -> None:
        """That it was sent."""
        self.sent += 1
        if self._table is not None:
            sum_ = crc32(bare)
            self._table[sum_ >> 7] |= 1 << (sum_ >> 4 & 7)

    async def _tell_on(self) -> None:
        while True:
            await asyncio.sleep(_REPORTS)
            self.tell()

    def tell(self) -> None:
        report = Report(
            self.sent, self.answered, self.begun, self.ended, self.objections, self.accused
        )
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        sys.stdout.flush()
        self.begun, self.ended, self.objections, self.accused = [], [], [], []


class Visitor(asyncio.Protocol):
    """One connection: one case."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._number = number
        self._loop = asyncio.get_running_loop()
        self._pieces = crowd.pieces(number)
        self._rng = Random(f"{crowd.order.seed}:{number}:segments")
        self._segments: deque[bytes] = deque()
        self._paused = self._said_all = self._gone = self._pumping = False
        self._frames = crowd.order.kind == "frames"
        self._asked = self._answers = 0
        self._head = bytearray()
        self._entered = not self._frames
        self._ear = Ear() if self._frames and number % _LISTENED == 0 else None
        self.over: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=32_768)
        if self._frames:
            self._transport.write(self._crowd.order.passes.upgrade(door_of(self._number)))
            self._loop.call_later(20, self._leave)
        else:
            self._watch_answers(-1)
            self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        if not self.over.done():
            self.over.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._go_on()

    # Hearing.

    def data_received(self, data: bytes) -> None:
        for mark in MARKS:
            if mark in data:
                self._object(f"it hears what is for another: {data[:200]!r}")
        if not self._frames:
            answers = data.count(b"HTTP/1.1 ")
            self._answers += answers
            self._crowd.answered += answers
            if self._answers >= self._asked:
                self._go_on()
            if b'"code":"internal"' in data or b" 500 " in data[:40]:
                self._object(f"an error of the venue's own: {data[:200]!r}")
        elif not self._entered:
            self._enter(data)
        else:
            self._hear(data)

    def _enter(self, data: bytes) -> None:
        self._head += data
        head, end, rest = bytes(self._head).partition(b"\r\n\r\n")
        if not end:
            return
        if not head.startswith(b"HTTP/1.1 101 "):
            self._object(f"it is not let in: {head[:200]!r}")
            self._leave()
            return
        self._entered = True
        self._hear(rest)
        self._pump()

    def _hear(self, data: bytes) -> None:
        if self._ear is not None and (objection := self._ear.hear(data)) is not None:
            self._object(objection)
            self._ear = None
        if _CHALLENGE in data and not self._said_all:
            self._prove(data)

    def _prove(self, data: bytes) -> None:
        """Sometimes the challenge that was given is used, in time or too late."""
        challenge = data.partition(_CHALLENGE)[2].partition(b'"')[0].decode("ascii", "replace")
        if len(challenge) != 36 or self._rng.random() < 0.85:
            return
        members = self._crowd.order.passes.proof(challenge)
        feed = self._rng.choice(("fills", "notifications_auth", "balances"))
        said = msgspec.json.encode({"event": "subscribe", "feed": feed, **members})
        wire, bare = frame(self._rng, said)
        self._crowd.note(bare)
        self._segments.append(wire)

    def _object(self, objection: str) -> None:
        kind = self._crowd.order.kind
        door = door_of(self._number) if self._frames else "http"
        self._crowd.accused.append(self._number)
        self._crowd.objections.append(f"case {self._number} ({kind}, {door}): {objection}")

    # Saying.

    def _pump(self) -> None:
        self._pumping = False
        if self._paused or self._gone or self._said_all or not self._entered:
            return
        if not self._segments:
            if not self._frames and self._answers < self._asked:
                return  # Until they are there, or there is no more waiting for them.
            self._gather()
        if self._segments:
            self._transport.write(self._segments.popleft())
            self._go_on()
        else:
            self._said_all = True
            self._leave()

    def _watch_answers(self, before: int) -> None:
        """A venue that has answered nothing for a while is left: not everything has an answer."""
        if self._gone:
            return
        if before < self._answers or self._said_all:
            self._loop.call_later(_LEAVING / 2, self._watch_answers, self._answers)
        else:
            self._said_all = True
            self._leave()

    def _go_on(self) -> None:
        """When the others have had their turn."""
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _gather(self) -> None:
        """The next segment: many groups in one, or one in many."""
        wires: list[bytes] = []
        for _ in range(self._rng.choice(_SEGMENTS[self._crowd.order.kind])):
            group = next(self._pieces, None)
            if group is None:
                break
            self._asked += len(group)
            for wire, bare in group:
                self._crowd.note(bare)
                wires.append(wire)
        segment = b"".join(wires)
        if not segment:
            return
        if self._rng.random() < 0.05:
            cuts = sorted(self._rng.choices(range(len(segment)), k=self._rng.randrange(1, 12)))
            places = zip([0, *cuts], [*cuts, len(segment)], strict=True)
            self._segments.extend(segment[a:b] for a, b in places if a < b)
        else:
            self._segments.append(segment)

    def _leave(self) -> None:
        """Most say that they have said all, and listen until the venue hangs up; some hang up with
        answers unread, and then the system drops what the venue has not read yet."""
        if self._gone:
            return
        how = self._rng.random()
        if how < 0.9 or self._transport.get_write_buffer_size():
            self._transport.write_eof()
            self._loop.call_later(_LEAVING, self._transport.abort)
        elif how < 0.95:
            self._transport.close()
        else:
            self._transport.abort()


def door_of(number: int) -> str:
    return tuple(DOORS)[number % len(DOORS)]


def _table(file: str) -> mmap.mmap | None:
    if not file:
        return None
    path = Path(file)
    if not path.exists():
        path.write_bytes(bytes(BITMAP))
    with path.open("r+b") as opened:
        return mmap.mmap(opened.fileno(), BITMAP)


def different(files: list[Path]) -> int:
    """How many different things crowds have sent, at least."""
    seen = 0
    for file in files:
        seen |= int.from_bytes(file.read_bytes(), "big")
    return seen.bit_count()


def main() -> None:
    order = msgspec.json.decode(sys.argv[1], type=Order)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Crowd(order).visit())


if __name__ == "__main__":
    main()
