"""What tasks of the application wait for: that a session is ready, that its venue agrees, a pong.

Law: each wait ends: by what it waits for, by a refusal, by the session's end or by its own limit;
and what nobody waits for any more is forgotten.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from venuewire.core import updates
from venuewire.core.errors import AccessRefused, ConfigurationError, NotLive, VenuewireError
from venuewire.core.updates import Cause, Down, Update

_OF_LINKS: Final = (updates.Notice, updates.Rotated, updates.Ready, updates.Unsubscribed)
"""Links come and go with these; of several, one that carries nothing any more goes silently."""

Word: TypeAlias = type[updates.Subscribed | updates.Unsubscribed]


class Wait:
    """Ends when its `future` is done."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(self, update: Update) -> None:
        """Whatever the application is told."""
        if isinstance(update, Down) and update.retry_in is None:
            self.fail(failure_of(update))

    def finish(self, seconds: float = 0.0) -> None:
        if not self.future.done():
            self.future.set_result(seconds)

    def fail(self, error: VenuewireError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class UntilReady(Wait):
    __slots__ = ()

    def hear(self, update: Update) -> None:
        super().hear(update)
        if isinstance(update, updates.Ready):
            self.finish()


class UntilAgreed(Wait):
    """The venue's word about all of several channels."""

    __slots__ = ("_remaining", "_word")

    def __init__(self, channels: Iterable[str], word: Word) -> None:
        super().__init__()
        self._remaining = set(channels)
        self._word = word
        self._discard(set())

    def hear(self, update: Update) -> None:
        super().hear(update)
        if isinstance(update, updates.Refused):
            if update.channel in self._remaining:
                self.fail(AccessRefused(update.reason, auth=False))
        elif isinstance(update, updates.Subscribed | updates.Unsubscribed):
            if isinstance(update, self._word):
                self._discard({update.channel})
        elif isinstance(update, Down) and self._word is updates.Unsubscribed:
            self._discard(self._remaining)  # The venue forgets them with the link.

    def _discard(self, channels: set[str]) -> None:
        self._remaining = self._remaining - channels
        if not self._remaining:
            self.finish()


class UntilReplaced(Wait):
    """None of these links is left; or some are, and nothing is done about it any more."""

    __slots__ = ("_goes_on", "_links", "_notice", "_old")

    def __init__(
        self, old: Iterable[int], links: Callable[[], Iterable[int]], goes_on: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._old = set(old)
        self._links = links
        self._goes_on = goes_on
        self._notice = "given up"

    def hear(self, update: Update) -> None:
        super().hear(update)
        if isinstance(update, updates.Notice):
            self._notice = update.text
        if isinstance(update, _OF_LINKS):
            if self._old.isdisjoint(self._links()):
                self.finish()
            elif not self._goes_on():
                self.fail(NotLive(f"not replaced: {self._notice}"))


class UntilAnswered(Wait):
    """The pongs to pings: the longest of their round trips."""

    __slots__ = ("_longest", "_pings")

    def __init__(self, pings: Iterable[int]) -> None:
        super().__init__()
        self._pings = set(pings)
        self._longest = 0.0

    def answered(self, ping: int, seconds: float) -> None:
        if ping in self._pings:
            self._pings.discard(ping)
            self._longest = max(self._longest, seconds)
            if not self._pings:
                self.finish(self._longest)

    def hear(self, update: Update) -> None:
        super().hear(update)
        if isinstance(update, Down):
            self.fail(NotLive(f"the link was lost before its pong: {update.reason}"))


class Waits:
    """All of one session."""

    __slots__ = ("_waits",)

    def __init__(self) -> None:
        self._waits: set[Wait] = set()

    def __len__(self) -> int:
        return len(self._waits)

    def add(self, wait: Wait) -> None:
        """Before what it waits for can happen."""
        self._waits.add(wait)

    async def end_of(self, wait: Wait, limit: float | None) -> float:
        """Raises what ended it, or `TimeoutError`."""
        try:
            async with asyncio.timeout(limit):
                return await wait.future
        finally:
            self._waits.discard(wait)

    def told(self, update: Update) -> None:
        for wait in self._waits:
            wait.hear(update)

    def round_trip(self, id: int, seconds: float) -> None:
        for wait in self._waits:
            if isinstance(wait, UntilAnswered):
                wait.answered(id, seconds)


def failure_of(last: Down) -> VenuewireError:
    """What the end of a session means for whoever still wants something of it."""
    if last.cause is Cause.CONFIGURATION:
        return ConfigurationError(last.reason)
    return NotLive(f"the session is closed: {last.reason}")
