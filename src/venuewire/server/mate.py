"""One worker, as the primary sees it: from its start to its end.

Law 1: it is given connections only when it has done all it was told before.
Law 2: whoever waits for its answer gets one when it is gone: None.
Law 3: connections on their way to it count as its own.
"""

import asyncio
import logging
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from venuewire.server.dispatches import (
    Answer,
    Charter,
    Done,
    Downward,
    Look,
    Order,
    Present,
    Ready,
    Share,
    Stop,
    Task,
    Upward,
)
from venuewire.server.front_desk import FrontDesk
from venuewire.transport.channel import Channel
from venuewire.transport.handover import Giver, Word

TURNED_AWAY: Final = "turned away"
"""Stands for the address of those that are only told that there is no room."""

_logger = logging.getLogger(__name__)


class Phase(Enum):
    STARTING = "starting"
    CATCHING_UP = "catching up"
    """It has begun, and does what has happened since its charter was written."""
    OPEN = "open"
    LEAVING = "leaving"
    GONE = "gone"


class Mate:
    def __init__(self, place: int, opened: Callable[["Mate"], None]) -> None:
        """`place` among the workers, from 1. `opened` is told when it can be given connections."""
        self.place = place
        self.phase = Phase.STARTING
        self.opened = False
        """It could be given connections, at some time."""
        self.share: Share | None = None
        """What it told of itself last."""
        self.began_at = self.ready_at = asyncio.get_running_loop().time()
        self.desk: FrontDesk | None = None
        self._tell_opened = opened
        self._loop = asyncio.get_running_loop()
        self._channel = Channel(Upward, self._hear, self._lost)
        self._process: Process | None = None
        self._giver: Giver | None = None

        # What it has been asked.
        self._numbers = 0
        self._asked: dict[int, tuple[asyncio.Future[Answer], float]] = {}
        """With the loop's time, the oldest first."""

        # Its connections.
        self._serials = 0
        self._under_way: deque[tuple[int, str]] = deque()
        self._coming: dict[str, int] = {}
        """Those under way, by address."""
        self._present: dict[str, int] = {}
        """By address, as it told last."""
        self._turned_away = 0
        self.connections = 0
        """Also those under way, and not those that are turned away."""

    # From start to end.

    async def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        charter: Callable[[], Charter],
        desk: Callable[[Callable[[Downward], None]], FrontDesk],
    ) -> int:
        """Its exit status, once it has ended; below 0 it is the number of a signal."""
        ours, theirs = socket.socketpair()
        giving, taking = socket.socketpair()
        self._giver = Giver(giving)
        try:
            with theirs, taking:
                ends = (theirs.fileno(), taking.fileno())
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    *map(str, ends),
                    pass_fds=ends,
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    env=dict(environment),
                )
            await self._channel.open(ours)
            self.desk = desk(self._channel.send)
            self._channel.send(charter())
            return await self._process.wait()
        finally:
            self.kill()
            self._end()
            if self.desk is None:
                ours.close()  # It never became the channel's.

    def stop(self) -> None:
        """Have it see its clients out, and end."""
        if self.phase is not Phase.GONE:
            self.phase = Phase.LEAVING
            self._channel.send(Stop())

    def kill(self) -> None:
        """Harmless when it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    @property
    def pid(self) -> int:
        """0 before it has one."""
        return 0 if self._process is None else self._process.pid

    # Asked.

    def ask(self, task: Task) -> "asyncio.Future[Answer]":
        """Its answer, or None when it is gone."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        if self.desk is None or self.phase is Phase.GONE:
            future.set_result(None)  # Its charter will say, or nobody needs to be told.
            return future
        self._numbers += 1
        self._asked[self._numbers] = (future, self._loop.time())
        self._channel.send(Order(self._numbers, task))
        return future

    @property
    def answers(self) -> bool:
        """Others wait for what it answers."""
        return self.phase in {Phase.CATCHING_UP, Phase.OPEN, Phase.LEAVING}

    @property
    def waiting_since(self) -> float | None:
        """The loop's time when it was asked what it has not answered yet."""
        return next((asked_at for _, asked_at in self._asked.values()), None)

    # Given connections.

    def give(self, arrived: socket.socket, address: str, verdict: int) -> bool:
        """False when it cannot take more now."""
        if self.phase is not Phase.OPEN or self._giver is None:
            return False
        if not self._giver.give(arrived, Word(self._serials + 1, verdict)):
            return False
        self._serials += 1
        self._under_way.append((self._serials, address))
        self._coming[address] = self._coming.get(address, 0) + 1
        self.connections += address != TURNED_AWAY
        return True

    def of(self, address: str) -> int:
        """Connections of one address."""
        return self._present.get(address, 0) + self._coming.get(address, 0)

    @property
    def turned_away(self) -> int:
        return self._turned_away + self._coming.get(TURNED_AWAY, 0)

    # What it tells.

    def _hear(self, told: Upward) -> None:
        match told:
            case Done(number, answer):
                future, _ = self._asked.pop(number)
                if isinstance(answer, Share):
                    self.share = answer
                if not future.done():
                    future.set_result(answer)
            case Present():
                self._count(told)
            case Ready():
                self._catch_up()
            case _:
                assert self.desk is not None  # noqa: S101 - made before it is told anything
                self.desk.hear(told)

    def _catch_up(self) -> None:
        self.phase = Phase.CATCHING_UP
        self.ready_at = self._loop.time()

        def caught_up(answer: "asyncio.Future[Answer]") -> None:
            if answer.result() is not None and self.phase is Phase.CATCHING_UP:
                self.phase = Phase.OPEN
                self.opened = True
                self._tell_opened(self)

        self.ask(Look()).add_done_callback(caught_up)

    def _count(self, told: Present) -> None:
        while self._under_way and self._under_way[0][0] <= told.upto:
            _, address = self._under_way.popleft()
            self._coming[address] -= 1
            if not self._coming[address]:
                del self._coming[address]
            self.connections -= address != TURNED_AWAY
        for address, number in told.by_address.items():
            self.connections += number - self._present.pop(address, 0)
            if number:
                self._present[address] = number
        self._turned_away = told.turned_away

    def _lost(self) -> None:
        """It will be gone in a moment, or must be."""
        if self.phase is not Phase.LEAVING:
            self.kill()

    def _end(self) -> None:
        self.phase = Phase.GONE
        self._channel.abort()
        self._turned_away = self.connections = 0
        if self._giver is not None:
            self._giver.close()
        asked, self._asked = self._asked, {}
        for future, _ in asked.values():
            if not future.done():
                future.set_result(None)
        self._under_way.clear()
        self._coming.clear()
        self._present.clear()

    def __repr__(self) -> str:
        return f"Mate({self.place}, {self.phase.value}, pid {self.pid})"


def how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
