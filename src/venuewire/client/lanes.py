"""What waits for iteration, channel by channel, where channels are delivered differently.

Law 1: updates come out in the order they went in, apart from what takes the place of an older
       message, and what is held until a gap before it is filled.
Law 2: a lane holds no more messages than its delivery allows, and all of them no more than the
       session does; what `Block` allows is exceeded by what had been read when it was reached.
Law 3: each message that is not delivered is counted, and covered by a gap in its place.
Law 4: only messages are lost. Should other updates alone exceed the limit, because nobody asks at
       all, then of each kind and channel the last stays.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from typing import Final

from venuewire.client.lane import Lane, Load
from venuewire.client.losses import FELL_BEHIND, kind, lost, weight
from venuewire.core.delivery import Block, Conflate, Delivery, DropOldest, Fail
from venuewire.core.messages import Message
from venuewire.core.updates import Down, Gap, Overrun, Unsubscribed, Update

_CONTROL: Final = ""
"""In the order of turns, where a lane has its channel's name: what is neither message nor gap."""


class Lanes:
    def __init__(
        self,
        limit: int,
        bytes_limit: int,
        delivery: Delivery | None = None,
        complain: Callable[[Exception], object] = lambda _: None,
    ) -> None:
        """`complain` hears what keys of `Conflate` raise."""
        self.dropped = 0
        """Messages that were not delivered, in all."""
        self.overrun: list[str] = []
        """Channels that have been given up; whoever gives them up at the venue empties this."""
        self.full: set[str] = set()
        """Channels for which reading is to pause."""
        self._limit = limit
        self._bytes_limit = bytes_limit
        self._delivery = DropOldest(limit) if delivery is None else delivery
        self._complain = complain
        self._chosen: dict[str, Delivery] = {}

        self._lanes: dict[str, Lane] = {}
        self._load = Load()
        self._found = Load()
        """What was found for gaps, and waits."""
        self._words: deque[tuple[int, Update]] = deque()
        self._words_room = limit
        self._turn = 0
        self._word_turn = 0
        """Of the last update that was no message."""
        self._order: list[tuple[int, str]] = []
        """A heap of who is next. It has each lane once that has something to deliver."""
        self._queued: set[str] = set()
        """Who is in that heap."""
        self._held: set[str] = set()
        self._taken = 0
        """The turn of what was taken last."""

    def __len__(self) -> int:
        return len(self._words) + sum(map(len, self._lanes.values()))

    @property
    def patience(self) -> float:
        """Seconds for which the full channels may block."""
        deliveries = (self._lanes[channel].delivery for channel in self.full)
        return min((each.patience for each in deliveries if isinstance(each, Block)), default=0.0)

    # Choices of the application.

    def choose(self, channel: str, delivery: Delivery | None) -> None:
        """The channel is wanted; None leaves how it is delivered as it is."""
        if delivery is not None:
            self._chosen[channel] = delivery
        if (lane := self._lanes.get(channel)) is not None:
            lane.delivery = self._chosen.get(channel, self._delivery)
            lane.ended = lane.relenting = False
            self.full.discard(channel)

    def forget(self, channel: str) -> None:
        """The channel is no longer wanted."""
        self._chosen.pop(channel, None)

    # In.

    def put(self, news: Iterable[Update]) -> None:
        for update in news:
            self._turn += 1
            if type(update) is Message:
                self._put_message(update)
            else:
                self._put_word(update)
        if not self._load.within(self._limit, self._bytes_limit):
            self._make_room()

    def _put_message(self, message: Message) -> None:
        lane, key = self._lane(message.channel), self._turn
        delivery = lane.delivery
        if lane.ended:
            self._lose_newest(lane, message)
        elif type(delivery) is Conflate:
            self._conflate(lane, message, delivery)
        elif type(delivery) is Fail and lane.load.count >= delivery.limit:
            self._lose_newest(lane, message)
            self._end(lane)
        else:
            self._wait(lane, message, key)

    def _wait(self, lane: Lane, message: Message, key: Hashable) -> None:
        self._queue(lane.channel, self._turn)
        lane.add(self._turn, message, key)
        if lane.load.count >= lane.delivery.limit:
            self._at_limit(lane)

    def _at_limit(self, lane: Lane) -> None:
        if isinstance(lane.delivery, Block) and not lane.relenting:
            self.full.add(lane.channel)
        elif lane.load.count > lane.delivery.limit:
            self._drop_oldest(lane)

    def _conflate(self, lane: Lane, message: Message, delivery: Conflate) -> None:
        key = (self._key(message, delivery),)  # A tuple: turns are keys too.
        if lane.overwrite(self._turn, message, key, since=self._word_turn):
            self.dropped += 1
        else:
            self._wait(lane, message, key)

    def _key(self, message: Message, delivery: Conflate) -> Hashable:
        if delivery.by is None:
            return None
        try:
            key = delivery.by(message)
            hash(key)
        except Exception as error:  # noqa: BLE001 - the application's, whatever it is
            self._complain(error)
            return None
        return key

    def _put_word(self, update: Update) -> None:
        self._word_turn = self._turn
        if isinstance(update, Gap):
            self._miss(self._lane(update.channel), update)
            return
        self._queue(_CONTROL, self._turn)
        self._words.append((self._turn, update))
        if len(self._words) > self._words_room:
            self._condense()

    def _miss(self, lane: Lane, gap: Gap) -> None:
        self._queue(lane.channel, self._turn)
        lane.miss(self._turn, gap)

    def _queue(self, channel: str, turn: int) -> None:
        """It has something to deliver, from this turn on if it had nothing."""
        if channel not in self._queued:
            self._queued.add(channel)
            heappush(self._order, (turn, channel))

    def _condense(self) -> None:
        latest: dict[Hashable, tuple[int, Update]] = {}
        for entry in self._words:
            latest.pop(kind(entry[1]), None)
            latest[kind(entry[1])] = entry
        self._words = deque(latest.values())
        self._words_room = max(self._limit, 2 * len(self._words))

    def _lane(self, channel: str) -> Lane:
        lane = self._lanes.get(channel)
        if lane is None:
            delivery = self._chosen.get(channel, self._delivery)
            lane = self._lanes[channel] = Lane(channel, delivery, self._load)
        return lane

    # Beyond the limits.

    def relent(self) -> None:
        """Reading has paused for long enough: lose messages rather than the link."""
        for channel in self.full:
            lane = self._lanes[channel]
            lane.relenting = True
            while lane.load.count > lane.delivery.limit:
                self._drop_oldest(lane)
        self.full.clear()
        self._make_room()

    def _make_room(self) -> None:
        """The fullest lanes give way, each in its own manner."""
        heavy = self._load.bytes > self._bytes_limit
        for lane in sorted(self._lanes.values(), key=lambda lane: -_share(lane, heavy=heavy)):
            if self.full or self._load.within(self._limit, self._bytes_limit):
                return
            self._give_way(lane)

    def _give_way(self, lane: Lane) -> None:
        if isinstance(lane.delivery, Fail):
            self._end(lane)
        elif isinstance(lane.delivery, Block) and not lane.relenting:
            self.full.add(lane.channel)
        else:
            while lane.load.count and not self._has_room:
                self._drop_oldest(lane)

    @property
    def _has_room(self) -> bool:
        """Some, so that the next does not at once overflow."""
        return self._load.within(self._limit * 7 // 8, self._bytes_limit * 7 // 8)

    def _drop_oldest(self, lane: Lane) -> None:
        lane.drop_oldest()
        self.dropped += 1

    def _lose_newest(self, lane: Lane, message: Message) -> None:
        self.dropped += 1
        self._miss(lane, lost(message, FELL_BEHIND))

    def _end(self, lane: Lane) -> None:
        if not lane.ended and lane.load.count:
            lane.ended = True
            self.overrun.append(lane.channel)
            self._turn += 1
            self._put_word(Overrun(lane.channel, lane.load.count))

    # Out.

    def take(self) -> Update | None:
        """The next; None when nothing is there, or what is there is held."""
        while self._order:
            turn, channel = self._order[0]
            due = self._turn_of(channel)
            if due is not None and due <= turn:
                update = self._take_word() if channel == _CONTROL else self._take_from(channel)
                self._taken, due = turn, self._turn_of(channel)
                self._requeue(channel, due)
                return update
            self._requeue(channel, due)
        return None

    def _requeue(self, channel: str, due: int | None) -> None:
        """Who is first in the heap has something at turn `due`, or nothing."""
        if due is None:
            heappop(self._order)
            self._queued.discard(channel)
        else:
            heapreplace(self._order, (due, channel))

    def _turn_of(self, channel: str) -> int | None:
        if channel != _CONTROL:
            return self._lanes[channel].turn if channel in self._lanes else None
        return self._words[0][0] if self._words else None

    def _take_word(self) -> Update | None:
        update = self._words[0][1]
        if self._held and isinstance(update, Down) and update.retry_in is None:
            return None  # The last update of all.
        self._words.popleft()
        if isinstance(update, Unsubscribed):
            self._prune(update.channel)
        return update

    def _take_from(self, channel: str) -> Update:
        lane = self._lanes[channel]
        found = bool(lane.filled)
        update = lane.pop()
        if found and type(update) is Message:
            self._found.add(-1, -weight(update))
        if lane.relenting and lane.load.count <= lane.delivery.limit // 2:
            lane.relenting = False
        if self.full and self._has_room:
            self.full = {name for name in self.full if not self._has_caught_up(name)}
        return update

    def _has_caught_up(self, channel: str) -> bool:
        lane = self._lanes[channel]
        return lane.load.count <= lane.delivery.limit // 2

    def _prune(self, channel: str) -> None:
        lane = self._lanes.get(channel)
        if lane is not None and not len(lane) and not lane.held and channel not in self._chosen:
            del self._lanes[channel]
            self.full.discard(channel)

    # While a gap is being filled.

    def hold(self, channel: str) -> None:
        """Deliver nothing of this channel, whose gap has just been taken."""
        self._lanes[channel].hold(self._taken)
        self._held.add(channel)

    @property
    def spare(self) -> tuple[int, int]:
        """How many messages may be found for gaps, and of how many bytes."""
        return self._limit - self._found.count, self._bytes_limit - self._found.bytes

    def release(self, channel: str, found: Sequence[Update] = ()) -> None:
        """Deliver what was found for the gap, no more than is spare, and go on."""
        if channel not in self._held:
            return
        lane = self._lanes[channel]
        self._held.discard(channel)
        lane.held = False
        lane.filled.extend(found)
        messages = [update for update in found if type(update) is Message]
        self._found.add(len(messages), sum(map(weight, messages)))
        if (turn := lane.turn) is not None:
            self._queue(channel, turn)


def _share(lane: Lane, *, heavy: bool) -> int:
    return lane.load.bytes if heavy else lane.load.count
