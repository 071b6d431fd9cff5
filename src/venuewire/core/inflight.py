"""Requests whose replies have not come yet, and which reply belongs to which.

Three ways of correlation, because venues have three: by id (Kraken Spot, Kraken Prime, KuCoin);
by channel, oldest first (Kraken Futures' acks); the oldest of all (Kraken Futures' errors, which
name nothing and come in the order of the requests).
"""

from enum import Enum, auto
from typing import Final

from msgspec import Struct

from venuewire.core.instant import Instant
from venuewire.core.messages import RequestId

PATIENCE: Final = 10.0
"""Seconds a venue has to answer a request."""


class Purpose(Enum):
    SUBSCRIBE = auto()
    UNSUBSCRIBE = auto()


class Pending(Struct):
    id: int
    purpose: Purpose
    channels: list[str]
    """Not yet settled. Kraken Spot settles a request symbol by symbol."""
    due: float
    """Monotonic seconds."""


class Settled(Struct, frozen=True):
    purpose: Purpose
    channels: tuple[str, ...]


class Inflight:
    """Ordered by age. Bounded by the number of channels an application wants."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: dict[int, Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def deadline(self) -> float | None:
        return next(iter(self._pending.values())).due if self._pending else None

    def add(self, id: int, purpose: Purpose, channels: list[str], now: Instant) -> None:
        self._pending[id] = Pending(id, purpose, channels, now.monotonic + PATIENCE)

    def settle(
        self, id: RequestId | None, channels: tuple[str, ...], purpose: Purpose | None = None
    ) -> Settled | None:
        """Take out what a reply answers; None when it answers nothing that is pending.

        With `purpose`, only such a request is meant.
        """
        pending = self._find(id, channels, purpose)
        if pending is None:
            return None
        settled = tuple(c for c in pending.channels if not channels or c in channels)
        pending.channels = [c for c in pending.channels if c not in settled]
        if not pending.channels:
            del self._pending[pending.id]
        return Settled(pending.purpose, settled)

    def overdue(self, now: Instant) -> list[Pending]:
        """Take out the requests whose time has run out."""
        late = [p for p in self._pending.values() if now.monotonic >= p.due]
        for pending in late:
            del self._pending[pending.id]
        return late

    def clear(self, purpose: Purpose | None = None) -> list[Pending]:
        """Take out all of them; with `purpose`, all such."""
        taken = [p for p in self._pending.values() if purpose in {None, p.purpose}]
        for pending in taken:
            del self._pending[pending.id]
        return taken

    def _find(
        self, id: RequestId | None, channels: tuple[str, ...], purpose: Purpose | None
    ) -> Pending | None:
        if id is not None:
            return self._pending.get(id) if isinstance(id, int) else None
        for pending in self._pending.values():
            meant = purpose is None or pending.purpose is purpose
            if meant and (not channels or any(c in pending.channels for c in channels)):
                return pending
        return None
