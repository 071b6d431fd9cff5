"""One session under watch: what it has said so far, and how it is now.

Law: a post only listens and asks for pongs; what keeps the session alive is the session's own.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Self

import msgspec
from msgspec import Struct

from venuewire.cli.lines import describe
from venuewire.client import Session
from venuewire.core.errors import VenuewireError
from venuewire.core.health import Health
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict
from venuewire.core.messages import Message
from venuewire.core.updates import Update

PING_EVERY: Final = 5.0
"""Seconds. Beside the venue's own rule, so that there is a round trip to show."""
PING_TIMEOUT: Final = 5.0
_IDS_REMEMBERED: Final = 1000


class Report(Struct, frozen=True, kw_only=True):
    """A session at the end, as `--json` tells it."""

    venue: str
    phase: str
    verdict: str
    frames: int
    messages: int
    notifications: int
    pings: int
    pongs: int
    heartbeats: int
    reconnects: int
    rotations: int
    gaps: int
    refused: int
    rtt_ms: float | None

    @property
    def live(self) -> bool:
        return self.phase == Phase.READY.name.lower() and self.verdict == Verdict.ALIVE.value

    @classmethod
    def of(cls, post: "Post") -> Self:
        health = post.health
        counters = health.counters
        trip = health.round_trip
        return cls(
            venue=post.venue,
            phase=health.phase.name.lower(),
            verdict=health.verdict.value,
            frames=counters.frames,
            messages=counters.messages,
            notifications=post.notes.count,
            pings=counters.pings,
            pongs=counters.pongs,
            heartbeats=counters.heartbeats,
            reconnects=counters.reconnects,
            rotations=counters.rotations,
            gaps=counters.gaps,
            refused=counters.refused,
            rtt_ms=None if trip is None else round(trip * 1000, 3),
        )


class _Note(Struct):
    id: int


class _Noted(Struct):
    notifications: list[_Note]


class Notes:
    """Counts notifications, each once: a snapshot repeats those of before."""

    def __init__(self) -> None:
        self.count = 0
        self._ids: dict[int, None] = {}

    def hear(self, message: Message) -> None:
        """Of any channel: what carries no notifications is none."""
        if not message.channel.startswith("notifications"):
            return
        try:
            heard = message.decode(_Noted).notifications
        except msgspec.DecodeError:
            return
        for note in heard:
            self._hear(note.id)

    def _hear(self, id: int) -> None:
        if id not in self._ids:
            self.count += 1
            self._ids[id] = None
        if len(self._ids) > _IDS_REMEMBERED:
            del self._ids[next(iter(self._ids))]


class Post:
    def __init__(self, session: Session) -> None:
        self.venue = session.venue
        self.last = "dialing"
        """The last update that is no message, in one line."""
        self.notes = Notes()
        self._session = session

    @property
    def health(self) -> Health:
        return self._session.health

    async def listen(self, tell: Callable[["Post", Update], Any]) -> None:
        """Until the session ends for good."""
        try:
            async for update in self._session:
                if isinstance(update, Message):
                    self.notes.hear(update)
                else:
                    self.last = describe(update)
                tell(self, update)
        except VenuewireError as error:
            self.last = str(error)

    async def ask(self) -> None:
        """A ping as soon as the session is ready, and then now and again."""
        while self.health.phase is not Phase.CLOSED:
            try:
                await self._session.ready()
                await self._session.ping(PING_TIMEOUT)
            except VenuewireError:
                pass  # The session says so itself, as an update.
            await asyncio.sleep(PING_EVERY)
