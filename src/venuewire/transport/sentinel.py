"""Looks at the clocks once a second, for all sessions of an event loop: did it sleep, or lag?

A timer that comes late says that the loop was kept from its work. A wall clock that has parted from
the monotonic one says that the machine slept (where the monotonic clock stands still meanwhile, as
on Linux and macOS) or that somebody set it. Neither can be seen from a single reading.

Law: what one watcher makes of it harms no other; without watchers nothing ticks.
"""

import asyncio
import logging
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from venuewire.core.events import LoopLagged, Oddity, TimeJumped
from venuewire.core.grace import LAG_TOLERANCE
from venuewire.core.instant import Clock, Instant, parted
from venuewire.transport.mishaps import report

INTERVAL: Final = 1.0
"""Seconds between two looks."""
JUMP_TOLERANCE: Final = 0.5
"""Seconds. Clocks that part by less are being corrected gently."""

_logger = logging.getLogger(__name__)


class Watcher(Protocol):
    def noticed(self, oddity: Oddity, now: Instant) -> None: ...


def oddities(last: Instant, due: float, now: Instant) -> list[Oddity]:
    """What is odd about a look that was `due` (monotonic seconds) after the `last` one."""
    found: list[Oddity] = []
    if (late := now.monotonic - due) > LAG_TOLERANCE:
        found.append(LoopLagged(late))
    if abs(jump := parted(last, now)) > JUMP_TOLERANCE:
        found.append(TimeJumped(jump, last.realtime))
    return found


class Sentinel:
    def __init__(self, clock: Clock, interval: float = INTERVAL) -> None:
        self._clock = clock
        self._interval = interval
        self._watchers: set[Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._last = Instant(0.0, 0.0)

    def watch(self, watcher: Watcher) -> None:
        """Tell this one too. Twice is once."""
        self._watchers.add(watcher)
        if self._timer is None:
            self._last = self._clock()
            self._arm()

    def forget(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        if not self._watchers and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __len__(self) -> int:
        return len(self._watchers)

    def look(self) -> None:
        """Compare, tell, and look again later."""
        due, now = self._last.monotonic + self._interval, self._clock()
        found = oddities(self._last, due, now)
        if any(isinstance(oddity, TimeJumped) for oddity in found):
            # The process may have been stopped between the readings of two clocks.
            now = self._clock()
            found = oddities(self._last, due, now)
        self._last = now
        self._arm()
        for oddity in found:
            for watcher in tuple(self._watchers):
                _tell(watcher, oddity, now)

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._interval, self.look)


def _tell(watcher: Watcher, oddity: Oddity, now: Instant) -> None:
    try:
        watcher.noticed(oddity, now)
    except Exception as error:  # noqa: BLE001 - one watcher's failure is not the others'
        report(_logger, "a look at the clocks", error)


_sentinels: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Clock, Sentinel]] = (
    WeakKeyDictionary()
)


def sentinel(clock: Clock) -> Sentinel:
    """The one of the running loop, for this clock."""
    of_loop = _sentinels.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(clock, Sentinel(clock))
