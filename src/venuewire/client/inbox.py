"""What a session has to say, between the read loop that hears it and the consumer that asks.

Law 1: the read loop never waits, and the consumer is woken once per readable event.
Law 2: a consumer that has updates waiting is served without suspending.
Law 3: what waits is bounded. Beyond the bound the oldest messages go, and each channel that lost
       some gets one `Gap` in their place; no other update is lost. Should those alone exceed the
       bound, because nobody asks at all, then of each kind and channel the last one stays, and
       gaps of one channel become one: that cannot exceed a few for each channel.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

from venuewire.core.errors import LocalProtocolError
from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Update

FELL_BEHIND: Final = "the consumer fell behind"
QUEUED_BYTES: Final = 64 * 1024 * 1024
"""Of the messages that wait."""
BACKLOG: Final = 256
"""Updates. A consumer with fewer waiting is keeping up, and its messages are not weighed."""


class Inbox:
    __slots__ = (
        "_bytes_limit",
        "_ended",
        "_failure",
        "_limit",
        "_queue",
        "_room",
        "_waiter",
        "_weight",
        "dropped",
    )

    def __init__(self, limit: int, bytes_limit: int = QUEUED_BYTES) -> None:
        self.dropped = 0
        """Messages that were not delivered, in all."""
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

    def __len__(self) -> int:
        return len(self._queue)

    # For the read loop.

    def put(self, news: Sequence[Update]) -> None:
        queue = self._queue
        if len(queue) > BACKLOG:
            self._weight += sum(map(_weight, news))
        else:
            self._weight = 0
        queue.extend(news)
        if len(queue) > self._room or self._weight > self._bytes_limit:
            self._trim()
        self._wake()

    def end(self, failure: Exception | None = None) -> None:
        """Nothing more will come. A consumer that has had everything is told `failure`."""
        self._ended, self._failure = True, failure
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
        await self._arrival()
        return self._queue.popleft()

    async def _arrival(self) -> None:
        if self._waiter is not None:
            raise LocalProtocolError("one task at a time may iterate over a session")
        while not self._queue:
            if self._ended:
                raise self._failure or StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    # Beyond the bound.

    def _trim(self) -> None:
        """Make room for an eighth of the bound, so that the walk is paid by what comes next."""
        self._weight = sum(map(_weight, self._queue))
        count = len(self._queue) - self._limit * 7 // 8
        weight = self._weight - self._bytes_limit * 7 // 8
        if len(self._queue) <= self._room and self._weight <= self._bytes_limit:
            return  # The upper bound was too high.
        kept: list[Update] = []
        lost: dict[str, Gap] = {}
        for update in self._queue:
            if type(update) is Message:
                if count > 0 or weight > 0:
                    count, weight = count - 1, weight - _weight(update)
                    self._drop(update, lost)
                    continue
                if update.channel in lost:
                    kept.append(lost.pop(update.channel))
            elif type(update) is Gap and update.why == FELL_BEHIND:
                lost[update.channel] = _joined(lost.get(update.channel), update)
                continue
            kept.append(update)
        self._keep([*kept, *lost.values()])

    def _drop(self, message: Message, lost: dict[str, Gap]) -> None:
        self.dropped += 1
        at = message.received
        gap = Gap(message.channel, at, at, FELL_BEHIND)
        lost[message.channel] = _joined(lost.get(message.channel), gap)

    def _keep(self, updates: list[Update]) -> None:
        self._queue.clear()
        self._queue.extend(updates if len(updates) <= self._limit else _condensed(updates))
        self._room = max(self._limit, 2 * len(self._queue))
        self._weight = sum(map(_weight, self._queue))


def _weight(update: Update) -> int:
    return memoryview(update.raw).nbytes if type(update) is Message else 0


def _joined(earlier: Gap | None, later: Gap) -> Gap:
    if earlier is None:
        return later
    since, until = min(earlier.since, later.since), max(earlier.until, later.until)
    return Gap(later.channel, since, until, later.why)


def _condensed(updates: Iterable[Update]) -> list[Update]:
    """Of each kind and channel the last, in its place; messages untouched."""
    latest: dict[Hashable, Update] = {}
    for number, update in enumerate(updates):
        if type(update) is Message:
            latest[number] = update
            continue
        key = type(update), getattr(update, "channel", None)
        earlier = latest.pop(key, None)
        joins = isinstance(update, Gap) and isinstance(earlier, Gap)
        latest[key] = _joined(earlier, update) if joins else update  # type: ignore[arg-type]
    return list(latest.values())
