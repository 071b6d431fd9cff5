"""The workers of one local venue: started, given connections, told what happens, missed when they
die, and seen out. It listens in the place of a `Listener`.

Law 1: while no worker is open, connections wait where they are.
Law 2: what is done to a venue is done by all workers, in one order, before anybody is told that it
       is done. A worker that keeps others waiting for `PATIENCE` is killed.
Law 3: a worker that ends is missed: its sessions are, and nothing else; another takes its place, at
       once the first time, later the more often it happens. One that ends `MOST_FAILURES` times in
       a row before it could begin is the end of all.
Law 4: nobody survives: a worker whose primary is gone ends by itself (see `worker`).
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from starlette.routing import BaseRoute

from venuewire.core.errors import ConfigurationError
from venuewire.server.charter import charter_of
from venuewire.server.dispatches import (
    Answer,
    Charter,
    Downward,
    Examine,
    Examined,
    Listed,
    ListSessions,
    Look,
    TakeTls,
    Task,
    TlsFiles,
)
from venuewire.server.front_desk import FrontDesk
from venuewire.server.mate import Mate, Phase, how_it_ended
from venuewire.server.placement import Placement
from venuewire.server.shares import Shares
from venuewire.server.vitals import VenueVitals, Vitals, look
from venuewire.transport.acceptor import Acceptor
from venuewire.transport.access import Access
from venuewire.transport.acts import Act
from venuewire.transport.doors import DoorPlan
from venuewire.transport.hall import Hall
from venuewire.transport.http_app import http_app
from venuewire.transport.http_tunnel import TunnelExit
from venuewire.transport.listener import reachable
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises

PATIENCE: Final = 15.0
"""Seconds for a worker to do what it is told."""
START_PATIENCE: Final = 60.0
"""Seconds for a worker to begin."""
STEADY: Final = 10.0
"""Seconds after which a worker's end says nothing about how it began."""
MOST_FAILURES: Final = 5
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 10.0
_ROUND: Final = 1.0
"""Seconds between two looks at how the workers do."""
_GRACE: Final = 5.0
"""Seconds for a worker to end, beyond those for its clients to leave."""

_logger = logging.getLogger(__name__)


class Crew:
    def __init__(  # noqa: PLR0913 - what it is made of, all by name
        self,
        premises: Premises,
        halls: Mapping[str, Hall],
        *,
        size: int,
        command: Sequence[str],
        environment: Mapping[str, str],
        tls: TlsFiles | None,
    ) -> None:
        """`command` starts a worker; two descriptors follow it. Raises `ConfigurationError` when
        two venues want the same path."""
        self._premises = premises
        self._halls = halls
        self._size = size
        self._command = command
        self._environment = environment
        self._tls = tls
        self._control: list[BaseRoute] = []
        self._pages: list[BaseRoute] = []
        self._plan = DoorPlan((hall.venue, hall) for hall in halls.values())
        self._mates: dict[int, Mate] = {}
        """By their places; those that are gone, too, until another takes the place."""
        self._shares = Shares(premises, halls)
        self._placement = Placement(premises, self._mates)
        self._keeping: list[asyncio.Task[None]] = []
        self._acceptor: Acceptor | None = None
        self._access = Access("")
        self._base = ""
        self.starts: dict[int, int] = {}
        """How often a worker was started, by place."""
        self._told: list[asyncio.Future[Answer]] = []
        """What the last act has been answered, or will be."""
        self._began: asyncio.Event = asyncio.Event()
        self.failed: asyncio.Event = asyncio.Event()
        """No worker can begin; `failure` says why."""
        self.failure = ""
        premises.processes = size
        premises.served_elsewhere = lambda: self.connections
        for hall in halls.values():
            hall.record = self.record

    def serve(self, *, control: Iterable[BaseRoute], pages: Iterable[BaseRoute]) -> None:
        """These too, as `http_app`."""
        self._control, self._pages = list(control), list(pages)

    # Open and closed.

    async def start(
        self,
        host: str,
        port: int,
        *,
        ssl_context: ssl.SSLContext | None = None,
        control_token: str | None = None,
    ) -> str:
        """Listen when all workers have begun; the base URL. Raises `ConfigurationError`."""
        self._access = Access(host, control_token)
        acceptor = Acceptor(self._placement.place, lambda: self._premises.limits.unread_timeout)
        try:
            bound = await acceptor.listen(host, port, paused=True)
        except OSError as error:
            acceptor.close()
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        self._acceptor = acceptor
        scheme = "http" if ssl_context is None else "https"
        self._base = f"{scheme}://{reachable(host)}:{bound}"
        loop = asyncio.get_running_loop()
        places = range(1, self._size + 1)
        self._keeping = [loop.create_task(self._keep(place)) for place in places]
        self._keeping.append(loop.create_task(self._watch()))
        if not await self._has_begun():
            await self.stop()
            raise ConfigurationError(self.failure)
        _logger.info("listening on %s, with %d workers", self._base, self._size)
        acceptor.resume()
        return self._base

    async def _has_begun(self) -> bool:
        loop = asyncio.get_running_loop()
        began = loop.create_task(self._began.wait())
        failed = loop.create_task(self.failed.wait())
        await asyncio.wait((began, failed), return_when=asyncio.FIRST_COMPLETED)
        began.cancel()
        failed.cancel()
        return not self.failed.is_set()

    async def stop(self) -> None:
        """See everybody out. Harmless when repeated."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        self._placement.close()
        self._premises.drain(True)
        self._premises.closed = True
        for mate in self._mates.values():
            mate.stop()
        leaving = [task for task in self._keeping[:-1] if not task.done()]
        if leaving:
            patience = self._premises.limits.drain_timeout + _GRACE
            await asyncio.wait(leaving, timeout=patience)
        for mate in self._mates.values():
            mate.kill()
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        self._premises.deadlines.close()
        self._acceptor = None

    @property
    def base(self) -> str:
        return self._base

    # Workers that come and go.

    async def _keep(self, place: int) -> None:
        """Have a worker in this place."""
        failures = 0
        while not self._premises.closed:
            mate = self._mates[place] = Mate(place, self._opened)
            self.starts[place] = self.starts.get(place, 0) + 1
            began = await self._run(mate)
            if self._premises.closed:
                return
            lived = asyncio.get_running_loop().time() - mate.began_at
            failures = 0 if began and lived >= STEADY else failures + 1
            if not began and failures >= MOST_FAILURES:
                self._give_up(place, failures)
                return
            pause = 0.0 if failures < 2 else _FIRST_PAUSE * 2 ** (failures - 2)
            await asyncio.sleep(min(pause, _LONGEST_PAUSE))

    async def _run(self, mate: Mate) -> bool:
        """Until its end; whether it could be given connections."""
        try:
            status = await mate.run(self._command, self._environment, self._charter, self._desk)
            how = how_it_ended(status)
        except OSError as error:
            how = f"could not be started: {error.strerror}"
        except Exception as error:  # noqa: BLE001 - the place must not stay empty for it
            report(_logger, "keeping a worker", error)
            how = "was given up"
        began = mate.opened
        lost = 0 if mate.desk is None else mate.desk.close()
        self._shares.retire(mate.share)
        mate.share = None
        self._check_open()
        if not self._premises.closed:
            self._premises.journal.write("worker_lost", id=mate.place, heard=lost, reason=how)
            text = "worker %d (pid %d) %s; lost with it: %d sessions"
            _logger.error(text, mate.place, mate.pid, how, lost)
        return began

    def _give_up(self, place: int, failures: int) -> None:
        """There is nothing to be waited for."""
        if not self.failed.is_set():
            self.failure = (
                f"worker {place} cannot begin: it ended {failures} times in a row;"
                " its own last words are above"
            )
            self.failed.set()

    def _charter(self) -> Charter:
        return charter_of(self._halls.values(), self._premises.limits, self._tls)

    def _desk(self, send: Callable[[Downward], None]) -> FrontDesk:
        app = http_app(
            self._plan, self._premises, self._access, control=self._control, pages=self._pages
        )
        return FrontDesk(self._halls, self._premises.journal, TunnelExit(app, send), send)

    def _opened(self, mate: Mate) -> None:
        if len(self._open()) == self._size:
            self._began.set()
        self._premises.journal.write("worker_began", id=mate.place)
        self._check_open()

    def _open(self) -> list[Mate]:
        return [mate for mate in self._mates.values() if mate.phase is Phase.OPEN]

    def _check_open(self) -> None:
        """Connections wait where they are while there is nobody to serve them."""
        if self._acceptor is None or self._premises.closed or not self._began.is_set():
            return
        if self._open():
            self._acceptor.resume()
        else:
            self._acceptor.pause()

    async def _watch(self) -> None:
        """Miss those that do not answer."""
        loop = asyncio.get_running_loop()
        while True:
            asleep_at = loop.time()
            for mate in self._mates.values():
                if mate.answers:
                    mate.ask(Look())
            await asyncio.sleep(_ROUND)
            if loop.time() - asleep_at > 2 * _ROUND:
                continue  # It is we who were late: what they have answered is still to be read.
            for mate in self._mates.values():
                self._check(mate, loop.time())

    def _check(self, mate: Mate, now: float) -> None:
        since = mate.waiting_since
        if mate.phase is Phase.STARTING:
            late = now - mate.began_at > START_PATIENCE
        else:
            late = since is not None and now - max(since, mate.ready_at) > PATIENCE
        if late and mate.phase is not Phase.LEAVING:
            _logger.error("worker %d (pid %d) does not answer: killed", mate.place, mate.pid)
            mate.kill()

    @property
    def connections(self) -> int:
        return sum(mate.connections for mate in self._mates.values())

    # What happens.

    def record(self, act: Act) -> None:
        """It has happened here; have it happen everywhere."""
        self.tell(act)

    def tell(self, task: Task) -> None:
        asked = [(mate, mate.ask(task)) for mate in self._mates.values()]
        # One that still begins does it before it gets its first connection: nobody waits for that.
        self._told = [answer for mate, answer in asked if mate.answers]

    async def told(self) -> int:
        """What was told last is done, and so is all before it; how many sessions it concerned."""
        told = self._told
        waited = [await each for each in told]
        return sum(answer for answer in waited if isinstance(answer, int))

    async def look(self) -> None:
        """Bring up to date what is known of the workers' shares."""
        asked = [mate.ask(Look()) for mate in self._mates.values() if mate.answers]
        for each in asked:
            await each
        shares = [mate.share for mate in self._mates.values() if mate.share is not None]
        self._shares.show(shares)

    async def examine(self) -> Vitals:
        """How sessions are, and whose loop is the slowest."""
        asked = [mate.ask(Examine()) for mate in self._mates.values() if mate.answers]
        vitals = await look(self._halls.values(), self._premises)
        for venue in vitals.venues:
            vitals.venues[venue] = VenueVitals()  # The sessions here are the workers' shadows.
        for each in asked:
            answer = await each
            if isinstance(answer, Examined):
                vitals.join(answer.vitals)
        return vitals

    async def list_sessions(self, wanted: ListSessions) -> list[Listed]:
        asked = [mate.ask(wanted) for mate in self._mates.values() if mate.answers]
        answers = [await each for each in asked]
        return [answer for answer in answers if isinstance(answer, Listed)]

    def take_token(self, token: str | None) -> None:
        self._access.take(token)

    def take_tls(self, context: ssl.SSLContext) -> None:
        """The workers read the files it was made of."""
        if self._tls is not None:
            self.tell(TakeTls(self._tls))

    @property
    def mates(self) -> tuple[Mate, ...]:
        """By their places; also one that is gone, until another takes its place."""
        return tuple(self._mates.values())
