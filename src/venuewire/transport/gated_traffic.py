"""The traffic of one link while its venue has faults: every frame is judged by the gate, and
arrives late, changed, or not at all.

Exists only while there are faults; a link without them knows nothing of this file.

Law 1: what arrives late arrives in the order of its moments; one timer, whatever is waiting.
Law 2: what waits here counts like what waits in a socket: beyond the same limit the link ends.
Law 3: a CLOSE that the faults swallow leaves the connection open, and the session dead behind it.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from venuewire.core.idiom import Role
from venuewire.core.instant import Clock, Instant
from venuewire.core.server_session import ServerSession
from venuewire.faults.gate import Gate
from venuewire.faults.rule import (
    Answer,
    Direction,
    Drop,
    Exceed,
    Fate,
    HangUp,
    Lane,
    Replace,
    Slice,
)
from venuewire.transport.framing import binary_frame, pong_frame, text_frame

_UP, _DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


class Link(Protocol):
    """What is gated."""

    session: ServerSession

    def send(self, data: bytes, frames: int = 1) -> None:
        """Write what is framed; of so many frames the beginnings."""
        ...

    def settle(self, now: Instant) -> None:
        """Do as the session says."""
        ...

    def hear_close(self, payload: bytes) -> None: ...

    def fail(self, error: Exception) -> None: ...

    def reset(self) -> None: ...

    def read(self, *, on: bool) -> None:
        """Take what comes out of the socket, or leave it there."""
        ...


class Traffic:
    __slots__ = (
        "_clock",
        "_closed",
        "_down",
        "_gate",
        "_link",
        "_numbers",
        "_reading",
        "_session",
        "_timer",
        "_up",
        "_waiting",
        "_waiting_bytes",
        "limit",
    )

    def __init__(self, link: Link, gate: Gate, clock: Clock, limit: int) -> None:
        self._link = link
        self._session = link.session
        self._gate = gate
        self._clock = clock
        self.limit = limit
        """Bytes that may wait."""
        self._up, self._down = Lane(), Lane()
        self._numbers = count()
        self._waiting: list[tuple[float, int, int, Callable[[Instant], None]]] = []
        """When, in which order, how many bytes, what."""
        self._waiting_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._reading = True
        self._closed: bool | None = None
        """None: no CLOSE has been judged. False: swallowed, or late. True: it may go."""

    @property
    def is_idle(self) -> bool:
        return not self._waiting and self._closed is not False and self._reading

    def stop(self) -> None:
        """The link is gone."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Upstream.

    def receive(self, payload: bytes, now: Instant) -> None:
        """In place of the session's own `receive`."""
        fate = self._gate.judge(_UP, payload, now.monotonic)
        self._carry(self._up, fate, len(payload), partial(self._hear, fate, payload), now)

    def pinged(self, payload: bytes, now: Instant) -> None:
        fate = self._gate.judge(_UP, payload, now.monotonic, Role.PING)
        if not isinstance(fate.verdict, Drop):
            self._carry(self._up, fate, len(payload), partial(self._answer_ping, payload), now)

    def lets_close(self, payload: bytes, now: Instant) -> bool:
        """A client's CLOSE: True when it is to be heard now."""
        fate = self._gate.judge(_UP, payload, now.monotonic, Role.CLOSE)
        if isinstance(fate.verdict, Drop):
            return False
        due = self._up.due(fate, now.monotonic)
        if due > now.monotonic:
            self._later(due, 0, lambda _: self._link.hear_close(payload))
            return False
        return True

    def _hear(self, fate: Fate, payload: bytes, now: Instant) -> None:
        session = self._session
        match fate.verdict:
            case Drop():
                return
            case Replace(payloads):
                for each in payloads:
                    session.receive(each, now)
            case Answer(answer):
                self._write_text(answer)
            case Exceed() if session.closing is None:
                session.heard_at = now.monotonic
                session.dialect.exceed(payload, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                session.receive(payload, now)
        self.sift(now)

    def _answer_ping(self, payload: bytes, now: Instant) -> None:
        self._session.pinged(now)
        fate = self._gate.judge(_DOWN, payload, now.monotonic, Role.PONG)
        self._carry(self._down, fate, len(payload), partial(self._say_pong, fate, payload), now)

    # Downstream.

    def sift(self, now: Instant) -> None:
        """Judge what the session has said."""
        frames = self._session.outbox.copy()
        self._session.outbox.clear()
        for frame in frames:
            self.say(frame, now)

    def say(self, payload: bytes, now: Instant) -> None:
        fate = self._gate.judge(_DOWN, payload, now.monotonic)
        self._carry(self._down, fate, len(payload), partial(self._say, fate, payload), now)

    def lets_end(self, now: Instant) -> bool:
        """The session's end: True when it is to be carried out now. Asked any number of times."""
        if self._closed is None:
            fate = self._gate.judge(_DOWN, b"", now.monotonic, Role.CLOSE)
            due = self._down.due(fate, now.monotonic)
            self._closed = not isinstance(fate.verdict, Drop) and due <= now.monotonic
            if due > now.monotonic:
                self._later(due, 0, self._let_end)
        return self._closed

    def hang_up(self, ending: HangUp) -> None:
        """A fault ends the link: nothing else may swallow that. `settle` carries it out."""
        self._closed = True
        self._session.close(ending.code, ending.reason, abort=ending.abort)
        if ending.reset:
            self._link.reset()

    def _let_end(self, now: Instant) -> None:
        self._closed = True

    def _say(self, fate: Fate, payload: bytes, now: Instant) -> None:
        match fate.verdict:
            case Drop():
                pass
            case Replace(payloads, binary):
                framed = binary_frame if binary else text_frame
                for each in payloads:
                    self._link.send(framed(each))
            case Slice(size, pause):
                self._slice(text_frame(payload), size, pause, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                self._write_text(payload)

    def _say_pong(self, fate: Fate, payload: bytes, now: Instant) -> None:
        match fate.verdict:
            case Drop():
                pass
            case Replace(payloads):
                for each in payloads:
                    self._link.send(pong_frame(each))
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                self._link.send(pong_frame(payload))

    def _slice(self, data: bytes, size: int, pause: float, now: Instant) -> None:
        moment = now.monotonic
        self._link.send(data[:size])
        for start in range(size, len(data), size):
            piece = data[start : start + size]
            moment += pause
            self._later(moment, len(piece), partial(self._push_late, piece))
        self._down.free_at = max(self._down.free_at, moment)

    def _push_late(self, piece: bytes, now: Instant) -> None:
        self._link.send(piece, 0)

    def _write_text(self, payload: bytes) -> None:
        self._link.send(text_frame(payload))

    # Faults come and go.

    def refresh(self, now: Instant, *, reads: bool) -> None:
        if reads is not self._reading:
            self._reading = reads
            self._link.read(on=reads)
        if self._closed is False and not self._waiting:
            self._closed = None  # A CLOSE that was swallowed is said after all, if it may be.
            self._link.settle(now)

    # Later.

    def _carry(
        self, lane: Lane, fate: Fate, size: int, act: Callable[[Instant], None], now: Instant
    ) -> None:
        due = lane.due(fate, now.monotonic)
        if due <= now.monotonic:
            act(now)
        else:
            self._later(due, size, act)

    def _later(self, due: float, size: int, act: Callable[[Instant], None]) -> None:
        self._waiting_bytes += size
        if self._waiting_bytes > self.limit:
            self.hang_up(HangUp(1008, "too much is waiting", abort=True))
            return
        heappush(self._waiting, (due, next(self._numbers), size, act))
        if self._waiting[0][0] == due:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            wait = self._waiting[0][0] - self._clock().monotonic
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, wait), self._tick)

    def _tick(self) -> None:
        try:
            now = self._clock()
            while self._waiting and self._waiting[0][0] <= now.monotonic:
                _, _, size, act = heappop(self._waiting)
                self._waiting_bytes -= size
                act(now)
            self._link.settle(now)
        except Exception as error:  # noqa: BLE001 - an error of ours costs this link and no other
            self._link.fail(error)
        self._arm()
