"""Asks the application for what was missed, and puts it where it belongs: right after its gap.

Law 1: of one channel one gap at a time is being filled, and it is delivered nothing meanwhile; the
       lanes hold it. Other channels go on.
Law 2: each filling ends, by its answer, its failure, its time limit or the session's end; and each
       end but the last is told.
Law 3: what an application's code raises harms nothing here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from venuewire.client.inbox import Inbox
from venuewire.client.losses import weight
from venuewire.core.errors import ConfigurationError
from venuewire.core.instant import Clock
from venuewire.core.messages import Message
from venuewire.core.updates import Backfilled, Gap, Update
from venuewire.transport.mishaps import report

CLOSE_TIMEOUT: Final = 1.0
"""Seconds for hooks to end when the session does."""

Hook: TypeAlias = Callable[[Gap], Awaitable[Iterable[Any] | None]]

_logger = logging.getLogger("venuewire.client")


class Backfill(Struct, frozen=True):
    """How holes are filled: `connect(..., backfill=hook)`, or with other limits
    `backfill=Backfill(hook, timeout=30)`.

    The hook is called with each `Gap` that iteration yields, apart from those of `Conflate`. What
    it returns is yielded next, as messages of kind `backfill`; then `Backfilled`, then what the
    channel has brought meanwhile. Raises `ConfigurationError` for what cannot work.
    """

    hook: Hook
    """An `async def` from a `Gap` to what was missed in it, oldest first: messages, or their
    payloads, as bytes of JSON or as anything msgspec can encode. None: this gap is not filled."""
    timeout: float = 10.0
    """Seconds it may take, with the wait for its turn. So long messages of that channel wait."""
    concurrency: int = 8
    """Gaps of different channels that are filled at once."""

    def __post_init__(self) -> None:
        if not callable(self.hook):
            raise ConfigurationError(f"backfill is an async function of a Gap, not {self.hook!r}")
        if self.timeout <= 0.0 or self.concurrency < 1:
            raise ConfigurationError("Backfill needs a timeout above 0 s and a concurrency above 0")


class Filler:
    """Of one session."""

    def __init__(self, backfill: Backfill, inbox: Inbox, clock: Clock) -> None:
        self._backfill = backfill
        self._inbox = inbox
        self._clock = clock
        self._turns = asyncio.Semaphore(backfill.concurrency)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """By channel."""
        self._closed = False

    def begin(self, gap: Gap) -> bool:
        """True when something will come of it, for `Inbox.release`."""
        if self._closed:
            return False
        self._tasks[gap.channel] = asyncio.get_running_loop().create_task(self._fill(gap))
        return True

    async def close(self) -> None:
        self._closed = True
        if tasks := dict(self._tasks):
            for channel, task in tasks.items():
                task.cancel()
                self._inbox.release(channel, [])
            await asyncio.wait(tasks.values(), timeout=CLOSE_TIMEOUT)

    async def _fill(self, gap: Gap) -> None:
        found: list[Update] = []
        try:
            found = await self._find(gap)
        finally:
            self._tasks.pop(gap.channel, None)
            self._inbox.release(gap.channel, found)

    async def _find(self, gap: Gap) -> list[Update]:
        limit = asyncio.timeout(self._backfill.timeout)
        try:
            async with limit, self._turns:
                answer = await self._backfill.hook(gap)
            return [] if answer is None else self._accepted(gap, answer)
        except (Exception, asyncio.CancelledError) as error:  # The application's, whatever it is.
            if self._closed:
                raise
            if limit.expired():
                failure = f"no answer within {self._backfill.timeout:g} s"
            else:
                report(_logger, "backfill", error)
                failure = f"it raised {type(error).__name__}"
            return [Backfilled(gap, 0, failure)]

    def _accepted(self, gap: Gap, answer: Iterable[Any]) -> list[Update]:
        """As many as there is room for."""
        if isinstance(answer, str | bytes | Mapping):
            kind = type(answer).__name__
            return [Backfilled(gap, 0, f"it returned one {kind}, and not a list of payloads")]
        count, size = self._inbox.spare
        accepted: list[Update] = []
        for message in islice(_messages(gap, answer, self._clock().realtime), count + 1):
            size -= weight(message)
            if len(accepted) == count or size < 0:
                failure = "it found more than there is room for"
                return [*accepted, Backfilled(gap, len(accepted), failure)]
            accepted.append(message)
        return [*accepted, Backfilled(gap, len(accepted))]


def _messages(gap: Gap, answer: Iterable[Any], now: float) -> Iterator[Message]:
    for each in answer:
        if isinstance(each, Message):
            received = each.received or now
            yield msgspec.structs.replace(
                each, channel=gap.channel, kind="backfill", received=received
            )
        else:
            raw = each if isinstance(each, bytes | msgspec.Raw) else msgspec.json.encode(each)
            yield Message(channel=gap.channel, raw=raw, kind="backfill", received=now)
