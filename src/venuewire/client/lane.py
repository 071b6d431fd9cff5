"""What waits of one channel, in the order it is to be delivered.

    what was found for the last gap | a gap for what went | messages, and gaps between them

Law 1: a message that goes leaves a gap that is delivered before the channel's next message.
Law 2: gaps with no message between them become one, so that there are few for each message.
Law 3: what was found for a gap comes right after it, and is nobody's to drop.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable

from venuewire.client.losses import CONFLATED, FELL_BEHIND, joined, lost, weight
from venuewire.core.delivery import Delivery
from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Update


class Load:
    """Messages that wait, in all lanes of a session, apart from what was found for gaps."""

    __slots__ = ("bytes", "count")

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0

    def add(self, count: int, size: int) -> None:
        self.count += count
        self.bytes += size

    def within(self, count: int, size: int) -> bool:
        return self.count <= count and self.bytes <= size


class Lane:
    __slots__ = (
        "_filled_turn",
        "_gap",
        "_gap_turn",
        "_total",
        "_waiting",
        "channel",
        "delivery",
        "ended",
        "filled",
        "held",
        "load",
        "relenting",
    )

    def __init__(self, channel: str, delivery: Delivery, total: Load) -> None:
        self.channel = channel
        self.delivery = delivery
        self.load = Load()
        """Its part of the total."""

        self.held = False
        """Nothing is to be delivered until the last gap is filled."""
        self.ended = False
        """It was given up: nothing more of it is kept."""
        self.relenting = False
        """It has blocked for long enough, and drops its oldest until the consumer has caught up."""

        self.filled: deque[Update] = deque()
        self._filled_turn = 0
        self._total = total
        self._gap: Gap | None = None
        self._gap_turn = 0
        self._waiting: OrderedDict[Hashable, tuple[int, Message | Gap]] = OrderedDict()
        """Each with its turn among all updates of the session."""

    def __len__(self) -> int:
        return len(self.filled) + (self._gap is not None) + len(self._waiting)

    @property
    def turn(self) -> int | None:
        """Of what is to be delivered next; None when that is nothing."""
        if self.held:
            return None
        if self.filled:
            return self._filled_turn
        return self._gap_turn if self._gap is not None else self._first_turn

    @property
    def _first_turn(self) -> int | None:
        return next(iter(self._waiting.values()))[0] if self._waiting else None

    # In.

    def add(self, turn: int, message: Message, key: Hashable) -> None:
        """At the end. No other that waits has this key."""
        self._waiting[key] = turn, message
        self._bear(1, weight(message))

    def overwrite(self, turn: int, message: Message, key: Hashable, *, since: int) -> bool:
        """Put a message in the place of the one with this key, or at the end, so that it does not
        overtake what was told after turn `since`. False when there is none with this key."""
        found = self._waiting.get(key)
        if found is None:
            return False
        at, earlier = found
        self._lose(earlier, CONFLATED)
        self._bear(0, weight(message) - weight(earlier))
        if at < since:
            del self._waiting[key]
            at = turn
        self._waiting[key] = at, message
        return True

    def miss(self, turn: int, gap: Gap) -> None:
        """Something was missed, after what waits."""
        self._append(turn, gap)
        if len(self._waiting) > 3 * self.load.count + 2:
            self._join_gaps()

    def _append(self, turn: int, gap: Gap) -> None:
        if self._waiting:
            last = next(reversed(self._waiting))
            at, before = self._waiting[last]
            if isinstance(before, Gap):
                self._waiting[last] = at, joined(before, gap)
                return
        self._waiting[turn] = turn, gap

    def _join_gaps(self) -> None:
        """Messages that stood between them have moved to the end."""
        waiting = list(self._waiting.items())
        self._waiting.clear()
        for key, (turn, update) in waiting:
            if isinstance(update, Gap):
                self._append(turn, update)
            else:
                self._waiting[key] = turn, update

    def hold(self, turn: int) -> None:
        self.held, self._filled_turn = True, turn

    # Out.

    def pop(self) -> Update:
        if self.filled:
            return self.filled.popleft()
        if (gap := self._gap) is not None:
            self._gap = None
            return gap
        return self._pop_waiting()

    def drop_oldest(self) -> None:
        """The first message goes; gaps before it become one with its own."""
        before = self.load.count
        while self.load.count == before:
            first = next(iter(self._waiting.values()))[1]
            self._lose(first, FELL_BEHIND)
            self._pop_waiting()

    def _lose(self, update: Message | Gap, why: str) -> None:
        """Tell of it before what waits."""
        if self._gap is None and self._first_turn is not None:
            self._gap_turn = self._first_turn
        self._gap = joined(self._gap, lost(update, why))

    def _pop_waiting(self) -> Message | Gap:
        _, (_, update) = self._waiting.popitem(last=False)
        if type(update) is Message:
            self._bear(-1, -weight(update))
        return update

    def _bear(self, count: int, size: int) -> None:
        self.load.add(count, size)
        self._total.add(count, size)
