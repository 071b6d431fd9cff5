"""Two links carry the same channels for a while: what of it the application hears, and from which.

Law 1: until the switch all that the old link carries is heard, and what the new one carries is
       held back: it begins in the middle, and would come before what the old one still brings.
Law 2: at the switch what was held back and never came by the old link is heard, in its order.
Law 3: after it, what the old link has brought is not heard a second time.
Law 4: only what comes after the new link was asked for a channel can come twice.
Law 5: a snapshot repeats what is known, unless something was missed. So does whatever begins a
       channel on the new link, and never came by the old one although that has brought all of that
       time: some venues begin with an image of the present, and do not call it a snapshot.
"""

from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeAlias

from venuewire.core.health import Counters
from venuewire.core.instant import Instant
from venuewire.core.messages import Message
from venuewire.core.subscriptions import Standing, Subscriptions

OVERLAP: Final = 5.0
"""Seconds by which one link may be behind the other."""
MESSAGES_HELD: Final = 65_536
BYTES_HELD: Final = 64 * 1024 * 1024

_DIGEST: Final = 32
"""Bytes that are remembered of a message at most."""

_Key: TypeAlias = tuple[str, bytes]
_NOT_ASKED: Final = (Standing.WANTED, Standing.REFUSED)


class Sieve:
    __slots__ = (
        "_counters",
        "_fenced",
        "_firsts",
        "_held",
        "_held_bytes",
        "_likeness",
        "_number",
        "_recent",
        "_twins",
        "_unmatched",
        "_wishes",
    )

    def __init__(
        self, wishes: Subscriptions, likeness: Callable[[Message], bytes], counters: Counters
    ) -> None:
        """`wishes`: of the new link."""
        self._wishes = wishes
        self._likeness = likeness
        self._counters = counters

        # Brought by the new link, and not yet by the old.
        self._held: dict[int, Message] = {}
        self._held_bytes = 0
        self._twins: dict[_Key, deque[int]] = {}
        self._number = 0
        self._firsts: dict[str, int] = {}
        """Of each channel."""
        self._fenced = 0

        # Brought by the old link, and not yet by the new.
        self._unmatched: dict[_Key, deque[float]] = {}
        self._recent: deque[tuple[float, _Key]] = deque()

    def __len__(self) -> int:
        """How many are held back."""
        return len(self._held)

    @property
    def is_full(self) -> bool:
        return len(self._held) > MESSAGES_HELD or self._held_bytes > BYTES_HELD

    def clear(self) -> None:
        """The new link is lost, and another one will begin anew."""
        self._held.clear()
        self._twins.clear()
        self._unmatched.clear()
        self._recent.clear()
        self._firsts.clear()
        self._held_bytes = 0

    # Before the switch.

    def from_old(self, message: Message, now: Instant) -> Message | None:
        self._counters.messages += 1
        wish = self._wishes.get(message.channel)
        if wish is None or wish.standing in _NOT_ASKED:
            return message
        key = self._key(message)
        if key in self._twins:
            self._release(key)
            self._counters.duplicates += 1
        else:
            self._remember(key, now)
        return message

    def from_new(self, message: Message, now: Instant) -> Message | None:
        key = self._key(message)
        self._number += 1
        self._firsts.setdefault(message.channel, self._number)
        if self._matches(key, now):
            self._counters.duplicates += 1
            return None
        self._held[self._number] = message
        self._held_bytes += len(message.raw)
        self._twins.setdefault(key, deque()).append(self._number)
        return None

    def fence(self) -> None:
        """The old link is asked to prove that it has brought all of before now."""
        self._fenced = self._number

    # The switch, and after it.

    def holds(self, channel: str, received: float) -> bool:
        """What the new link brought at that moment, in seconds since the epoch, has not come by the
        old one."""
        return any(m.channel == channel and m.received == received for m in self._held.values())

    def switch(self, knows: Callable[[str], bool], *, proven: bool = False) -> list[Message]:
        """What is to be heard now. `knows`: nothing was missed on this channel, so that a snapshot
        of it has nothing to tell. `proven`: the old link has kept to the fence."""
        images = {n for n in self._firsts.values() if proven and n <= self._fenced}
        wanted = [each for each in self._held.items() if self._wishes.get(each[1].channel)]
        held = [
            message
            for number, message in wanted
            if not (message.kind == "snapshot" or number in images) or not knows(message.channel)
        ]
        self._held.clear()
        self._twins.clear()
        self._counters.messages += len(held)
        return held

    def after(self, message: Message, now: Instant) -> Message | None:
        """What the new link carries from now on."""
        if self._matches(self._key(message), now):
            self._counters.duplicates += 1
            return None
        self._counters.messages += 1
        return message

    # How it is done.

    def _key(self, message: Message) -> _Key:
        likeness = self._likeness(message)
        if len(likeness) > _DIGEST:
            likeness = blake2b(likeness, digest_size=_DIGEST).digest()
        return message.channel, likeness

    def _release(self, key: _Key) -> None:
        numbers = self._twins[key]
        self._held_bytes -= len(self._held.pop(numbers.popleft()).raw)
        if not numbers:
            del self._twins[key]

    def _remember(self, key: _Key, now: Instant) -> None:
        self._forget(now)
        self._unmatched.setdefault(key, deque()).append(now.monotonic)
        self._recent.append((now.monotonic, key))
        if len(self._recent) > MESSAGES_HELD:
            self._forget_oldest()

    def _matches(self, key: _Key, now: Instant) -> bool:
        self._forget(now)
        return self._take(key)

    def _forget(self, now: Instant) -> None:
        """What has no twin by now never had one."""
        limit = now.monotonic - OVERLAP
        while self._recent and self._recent[0][0] < limit:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        at, key = self._recent.popleft()
        if key in self._unmatched and self._unmatched[key][0] == at:
            self._take(key)

    def _take(self, key: _Key) -> bool:
        """One of that kind, the oldest."""
        times = self._unmatched.get(key)
        if times is None:
            return False
        times.popleft()
        if not times:
            del self._unmatched[key]
        return True
