"""What a session has to say, between the read loop that hears it and the consumer that asks.

Law 1: the read loop never waits and runs no code of the application's, and the consumer is woken
       once per readable event.
Law 2: a consumer that has updates waiting is served without suspending.
Law 3: what waits is bounded. Beyond the bound the oldest messages go, and each channel that lost
       some gets one `Gap` in their place; no other update is lost. Should those alone exceed the
       bound, because nobody asks at all, then of each kind and channel the last one stays, and
       gaps of one channel become one: that cannot exceed a few for each channel.
Law 4: one queue is the fastest. Only when a channel is to be delivered otherwise, or gaps are to be
       filled, do updates wait in `Lanes`: what arrives is sorted into them before the consumer
       takes the next, and at the latest in the loop's next turn.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from venuewire.client.lanes import Lanes
from venuewire.client.losses import CONFLATED, FELL_BEHIND, condensed, joined, lost, weight
from venuewire.core.delivery import Delivery, checked
from venuewire.core.errors import LocalProtocolError
from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Update

QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Of the messages that wait."""
BACKLOG: Final = 256
"""Updates. A consumer with fewer waiting is keeping up, and its messages are not weighed."""


class Upstream(Protocol):
    """What an inbox asks of its session; never from within `put`."""

    def pause_reading(self, seconds: float) -> None:
        """Leave what the venue says in the socket, on every link, for so long at most."""
        ...

    def resume_reading(self) -> None: ...

    def give_up(self, channel: str) -> None:
        """It has been overrun."""
        ...

    def fill(self, gap: Gap) -> bool:
        """The consumer has just been given this gap. True when what was missed is being sought:
        `release` will be called for its channel."""
        ...

    def complain(self, error: Exception) -> None:
        """A function of the application's raised this."""
        ...


class Inbox:
    __slots__ = (
        "_arrived",
        "_bytes_limit",
        "_dropped",
        "_ended",
        "_failure",
        "_lanes",
        "_limit",
        "_pause",
        "_queue",
        "_room",
        "_sorting",
        "_waiter",
        "_weight",
        "upstream",
    )

    def __init__(
        self, limit: int, bytes_limit: int = QUEUED_BYTES, *, delivery: Delivery | None = None
    ) -> None:
        """`delivery`: of each channel that nothing else is chosen for; None means one queue."""
        self.upstream: Upstream
        """Assigned by the session, where updates are to wait in lanes."""
        self._dropped = 0
        self._queue: deque[Update] = deque()
        self._limit = limit
        self._room = limit
        """As `_limit`, or more while that many updates may not be lost."""
        self._bytes_limit = bytes_limit
        self._weight = 0
        """Bytes; an upper bound for what has arrived since there was a backlog."""
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._failure: Exception | None = None

        self._lanes: Lanes | None = None
        """None while one queue does. With lanes, the queue is empty."""
        self._arrived: list[Update] = []
        """To be sorted into lanes."""
        self._sorting: asyncio.Handle | None = None
        self._pause: asyncio.TimerHandle | None = None
        """Ends when reading has paused for long enough; None while it does not pause."""
        if delivery is not None:
            self.sort(checked(delivery))

    def __len__(self) -> int:
        waiting = 0 if self._lanes is None else len(self._lanes)
        return len(self._queue) + len(self._arrived) + waiting

    @property
    def dropped(self) -> int:
        """Messages that were not delivered, in all."""
        return self._dropped + (0 if self._lanes is None else self._lanes.dropped)

    @property
    def sorts(self) -> bool:
        """Updates wait channel by channel."""
        return self._lanes is not None

    def choose(self, channels: Sequence[str], delivery: Delivery | None) -> None:
        """These are wanted; None leaves how they are delivered as it is."""
        if delivery is not None or self._lanes is not None:
            lanes = self.sort()
            for channel in channels:
                lanes.choose(channel, delivery)

    def forget(self, channels: Sequence[str]) -> None:
        """These are no longer wanted."""
        if self._lanes is not None:
            for channel in channels:
                self._lanes.forget(channel)

    def sort(self, delivery: Delivery | None = None) -> Lanes:
        """Let updates wait channel by channel; without a choice of its own, as `delivery` says."""
        if self._lanes is None:
            size = self._bytes_limit
            self._lanes = Lanes(self._limit, size, delivery, self._complain)
            self._lanes.put(self._queue)
            self._queue.clear()
        return self._lanes

    # For the read loop.

    def put(self, news: Sequence[Update]) -> None:
        queue = self._queue
        if self._lanes is not None:
            self._arrived += news
            self._sort_soon()
            self._wake()
            return
        if len(queue) > BACKLOG:
            self._weight += sum(map(weight, news))
        else:
            self._weight = 0
        queue.extend(news)
        if len(queue) > self._room or self._weight > self._bytes_limit:
            self._trim()
        self._wake()

    def end(self, failure: Exception | None = None) -> None:
        """Nothing more will come. A consumer that has had everything is told `failure`."""
        self._ended, self._failure = True, failure
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # For the consumer.

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Update:
        if self._queue:
            return self._queue.popleft()
        while (update := self._take()) is None:
            await self._arrival()
        return update

    def _take(self) -> Update | None:
        if self._lanes is None:
            return self._queue.popleft() if self._queue else None
        self._sort()
        update = self._lanes.take()
        if type(update) is Gap and update.why != CONFLATED and self.upstream.fill(update):
            self._lanes.hold(update.channel)
        self._regulate(self._lanes)
        return update

    async def _arrival(self) -> None:
        if self._waiter is not None:
            raise LocalProtocolError("one task at a time may iterate over a session")
        if self._ended and not len(self):
            raise self._failure or StopAsyncIteration
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # With lanes.

    @property
    def spare(self) -> tuple[int, int]:
        """How many messages may be found for gaps, and of how many bytes."""
        return (0, 0) if self._lanes is None else self._lanes.spare

    def release(self, channel: str, found: Sequence[Update]) -> None:
        """Deliver what was found for a gap, and what has waited for it."""
        if self._lanes is not None:
            self._lanes.release(channel, found)
            self._wake()

    def _complain(self, error: Exception) -> None:
        self.upstream.complain(error)

    def _sort_soon(self) -> None:
        if self._sorting is None:
            self._sorting = asyncio.get_running_loop().call_soon(self._sort)

    def _sort(self) -> None:
        if self._sorting is not None:
            self._sorting.cancel()
            self._sorting = None
        if self._arrived and self._lanes is not None:
            arrived, self._arrived = self._arrived, []
            self._lanes.put(arrived)
            self._regulate(self._lanes)

    def _regulate(self, lanes: Lanes) -> None:
        """Have the session do what follows from how full the lanes are."""
        while lanes.overrun:
            self.upstream.give_up(lanes.overrun.pop())
        if lanes.full and not self._ended:
            if self._pause is None:
                loop = asyncio.get_running_loop()
                self._pause = loop.call_later(lanes.patience, self._lose_patience)
            self.upstream.pause_reading(self._pause.when() - asyncio.get_running_loop().time())
        elif self._pause is not None:
            self._resume()

    def _resume(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
            self.upstream.resume_reading()

    def _lose_patience(self) -> None:
        if self._lanes is not None:
            self._lanes.relent()
        self._resume()

    # Beyond the bound.

    def _trim(self) -> None:
        """Make room for an eighth of the bound, so that the walk is paid by what comes next."""
        self._weight = sum(map(weight, self._queue))
        count = len(self._queue) - self._limit * 7 // 8
        size = self._weight - self._bytes_limit * 7 // 8
        if len(self._queue) <= self._room and self._weight <= self._bytes_limit:
            return  # The upper bound was too high.
        kept: list[Update] = []
        gaps: dict[str, Gap] = {}
        for update in self._queue:
            if type(update) is Message:
                if count > 0 or size > 0:
                    count, size = count - 1, size - weight(update)
                    self._drop(update, gaps)
                    continue
                if update.channel in gaps:
                    kept.append(gaps.pop(update.channel))
            elif type(update) is Gap and update.why == FELL_BEHIND:
                gaps[update.channel] = joined(gaps.get(update.channel), update)
                continue
            kept.append(update)
        self._keep([*kept, *gaps.values()])

    def _drop(self, message: Message, gaps: dict[str, Gap]) -> None:
        self._dropped += 1
        gap = lost(message, FELL_BEHIND)
        gaps[message.channel] = joined(gaps.get(message.channel), gap)

    def _keep(self, updates: list[Update]) -> None:
        self._queue.clear()
        self._queue.extend(updates if len(updates) <= self._limit else condensed(updates))
        self._room = max(self._limit, 2 * len(self._queue))
        self._weight = sum(map(weight, self._queue))
