"""Runs one client session over real sockets, HTTP and time: obeys its commands, tells it events.

Law 1: commands are obeyed in their order, and before a message that came with them is delivered.
Law 2: what a command says about a link that is gone is dropped.
Law 3: links and attempts are kept by number; what the session has ended is on its way out.
Law 4: code of the application runs in its own tasks, or in the callback it gave us; an exception
       of that callback is told, and harms nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from ssl import SSLContext
from typing import Final, Protocol, TypeVar, assert_never

from venuewire.core.client_session import ClientSession
from venuewire.core.commands import (
    CloseLink,
    Command,
    Deliver,
    Dial,
    Fetch,
    ReportRoundTrip,
    SendFrame,
    SendPing,
)
from venuewire.core.events import DeadlineReached, Event, Oddity, ReadingPaused
from venuewire.core.instant import Clock, Instant
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.updates import Update
from venuewire.transport.client_link import ClientLink
from venuewire.transport.clock import now as real_clock
from venuewire.transport.fetcher import Fetcher
from venuewire.transport.mishaps import report
from venuewire.transport.sentinel import Sentinel, sentinel

CLOSE_TIMEOUT: Final = 1.0
"""Seconds for links to end politely when the driver is closed."""
LATE: Final = 0.1
"""Seconds after which a wake-up came late because the loop was busy."""
_SHORTEST_SLEEP: Final = 0.001
"""Seconds. Loops round timers to milliseconds; asking for less would spin."""

_TIMELESS: Final = frozenset({Phase.IDLE, Phase.CLOSED})

T = TypeVar("T")

_logger = logging.getLogger("venuewire.client")


class Audience(Protocol):
    """Who hears of it; nothing here may block, or call the application."""

    def put(self, news: list[Update]) -> None:
        """All that one readable event brought, in order. The list is reused: take what is in it."""
        ...

    def told(self, update: Update) -> None:
        """As soon as the session says it, and before `put`; never a message."""
        ...

    def round_trip(self, id: int, seconds: float) -> None: ...


class ClientDriver:
    def __init__(
        self,
        session: ClientSession,
        audience: Audience,
        *,
        on_message: Callable[[Message], object] | None = None,
        ssl_context: SSLContext | None = None,
        clock: Clock = real_clock,
    ) -> None:
        self.session = session
        self.clock = clock
        self._audience = audience
        self._ssl_context = ssl_context
        self._fetcher = Fetcher(ssl_context)

        self._news: list[Update] = []
        """What this readable event has brought so far."""
        self.take: Callable[[Message], object] = on_message or self._news.append
        self._complaints: set[type[Exception]] = set()

        # Of all that have not quite ended.
        self._fetches: dict[int, asyncio.Task[None]] = {}
        """By the number of the link that they are for."""
        self._links: dict[int, ClientLink] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """They fetch; or dial, and then carry a link to its end."""

        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        """Monotonic seconds, of the timer."""
        self._sentinel: Sentinel | None = None
        """Tells us of lag and sleep, while there is something to lose."""
        self.restless = False
        """Deadlines may have come nearer."""

    # Asked by the application.

    def do(self, wish: Callable[[Instant], T]) -> T:
        """Ask something of the session, and obey what follows from it."""
        result = wish(self.clock())
        self.restless = True
        self.obey()
        self.settle()
        return result

    def pause_reading(self, seconds: float) -> None:
        """Leave in the sockets what the venue says, for so long at most; the session is told that
        this silence is ours. Links opened later are read until this is asked again."""
        if [link for link in self._links.values() if link.pause_reading()]:
            self.noticed(ReadingPaused(seconds), self.clock())

    def resume_reading(self) -> None:
        for link in self._links.values():
            link.resume_reading()
        self.noticed(ReadingPaused(0.0), self.clock())

    async def close(self) -> None:
        """End everything: politely where possible, within `CLOSE_TIMEOUT`."""
        try:
            self.do(self.session.close)
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT)
        finally:
            for link in self._links.values():
                link.abort()
            for task in self._fetches.values():
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._fetcher.close()

    # Told by links, fetches and the timer.

    def happened(self, event: Event, now: Instant) -> None:
        self.session.handle(event, now)
        self.restless = True
        self.obey()

    def noticed(self, oddity: Oddity, now: Instant) -> None:
        self.happened(oddity, now)
        self.settle()

    def settle(self) -> None:
        """A readable event is over, or a wish is granted: wake who waits, once."""
        if self._news:
            self._audience.put(self._news)
            self._news.clear()
        if self.restless:
            self.restless = False
            self._aim()

    def pass_on(self, message: Message) -> None:
        """To the callback, or to those who iterate."""
        try:
            self.take(message)
        except Exception as error:  # noqa: BLE001 - the application's, whatever it is
            self.complain(error)

    def complain(self, error: Exception) -> None:
        """Each kind once: a callback that fails for every message must not fill the log."""
        if type(error) not in self._complaints:
            self._complaints.add(type(error))
            report(_logger, "on_message", error)

    # Obeying.

    def obey(self) -> None:
        while self.session.commands:
            self.restless = True
            for command in self.session.drain():
                self._obey(command)

    def _obey(self, command: Command) -> None:  # noqa: C901 - a case for each command
        match command:
            case Deliver(Message() as message):
                self.pass_on(message)
            case Deliver(update):
                _logger.debug("= %s", type(update).__name__)
                self._news.append(update)
                self._audience.told(update)
            case SendFrame(number, payload):
                if (link := self._links.get(number)) is not None:
                    link.send(payload)
            case SendPing(number, payload):
                if (link := self._links.get(number)) is not None:
                    link.ping(payload)
            case ReportRoundTrip(id, seconds):
                self._audience.round_trip(id, seconds)
            case Fetch(number):
                self._fetches[number] = self._begin(self._fetch(command))
            case Dial(number):
                link = self._links[number] = ClientLink(number, self)
                link.task = self._begin(link.run(command, self._ssl_context))
                link.task.add_done_callback(lambda _: self._links.pop(number))
            case CloseLink():
                self._close_link(command)
            case _:
                assert_never(command)

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            report(_logger, "an attempt to connect", error)  # The session loses patience with it.

    def _close_link(self, command: CloseLink) -> None:
        if (fetch := self._fetches.pop(command.link, None)) is not None:
            fetch.cancel()
        elif (link := self._links.get(command.link)) is not None:
            if command.abort:
                link.abort()
            else:
                link.close(command.code, command.reason)

    async def _fetch(self, command: Fetch) -> None:
        try:
            event = await self._fetcher.fetch(command)
        finally:
            # Done: what follows from it must not end it.
            self._fetches.pop(command.link, None)
        self.happened(event, self.clock())
        self.settle()

    # Waking the session.

    def _aim(self) -> None:
        """Set the timer, unless it fires early enough: firing too early is harmless."""
        self._watch(self.session.phase not in _TIMELESS)
        if self.session.phase in _TIMELESS:
            self._disarm()
            return
        if (due := self.session.deadline) is None:
            return
        if self._timer is None or due < self._wake_at:
            self._arm(due - self.clock().monotonic, self._wake)
            self._wake_at = due

    def _watch(self, wanted: bool) -> None:
        if wanted and self._sentinel is None:
            self._sentinel = sentinel(self.clock)
            self._sentinel.watch(self)
        elif not wanted and self._sentinel is not None:
            self._sentinel.forget(self)
            self._sentinel = None

    def _arm(self, seconds: float, act: Callable[[], None]) -> None:
        self._disarm()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(seconds, _SHORTEST_SLEEP), act)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        """Where the loop was kept from its work, what has waited in sockets is heard first: the
        time is ours, and a venue that has spoken must not be called silent. Not `call_soon`: some
        loops serve that before they look at their sockets."""
        if self.clock().monotonic - self._wake_at > LATE:
            self._arm(_SHORTEST_SLEEP, self._reach_deadline)
        else:
            self._reach_deadline()

    def _reach_deadline(self) -> None:
        self._timer = None
        self.happened(DeadlineReached(), self.clock())
        self.settle()

    def __repr__(self) -> str:
        return f"ClientDriver({self.session!r})"
