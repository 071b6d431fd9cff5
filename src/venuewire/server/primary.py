"""A local venue of several processes: this one decides, and workers carry the sessions.

    primary = Primary("all", listen="127.0.0.1:9010", workers=2, command=[...])

Law 1: whatever one process can be told to do, it can, and the answer is of the whole.
Law 2: state, accounts, tokens and nonces are here; there is one writer, and one who decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from starlette.routing import BaseRoute

from venuewire.core.errors import ConfigurationError
from venuewire.server.answers import Sessions
from venuewire.server.crew import Crew
from venuewire.server.dispatches import Aged, Cut, ListSessions, TlsFiles
from venuewire.server.local_venue import Listening, LocalVenue
from venuewire.server.metrics import metrics_page
from venuewire.server.orders import check_span
from venuewire.server.session_deeds import check_after, chosen, merged
from venuewire.server.worker_metrics import WorkerMetrics
from venuewire.transport import acts
from venuewire.transport.ledger import Ledger
from venuewire.transport.limits import Limits


class Primary(LocalVenue):
    def __init__(
        self,
        *venues: Any,
        workers: int,
        command: Sequence[str],
        environment: Mapping[str, str],
        tls: TlsFiles | None = None,
        **options: Any,
    ) -> None:
        """As `LocalVenue`, by names of venues that other processes find too.

        command: starts a worker when two descriptors follow it, which are its; `environment` is
        what it is given.
        tls: what `ssl_context` was made of.

        Raises `ConfigurationError`.
        """
        if workers < 1:
            raise ConfigurationError("workers: a number from 1 is expected")
        self._size = workers
        self._command = command
        self._environment = environment
        self._tls = tls
        super().__init__(*venues, **options)
        self.configuration = replace(self.configuration, workers=workers)
        for hall in self._halls.values():
            hall.ledger = Ledger(hall.floor)

    def _listening(self, control: Iterable[BaseRoute]) -> Listening:
        self.crew = crew = Crew(
            self._premises,
            self._halls,
            size=self._size,
            command=self._command,
            environment=self._environment,
            tls=self._tls,
        )
        halls = self._halls.values()
        more = [WorkerMetrics(crew)]
        pages = [metrics_page(halls, self._premises, self._look, crew.examine, more)]
        crew.serve(control=control, pages=pages)
        return crew

    # What is done is done everywhere.

    async def _elsewhere(self) -> int:
        return await self.crew.told()

    async def _settle(self) -> None:
        await self.crew.told()
        await super()._settle()

    async def _look(self) -> None:
        await self.crew.look()

    async def cut(
        self,
        code: int | None = None,
        reason: str = "",
        *,
        abort: bool = False,
        venue: str | None = None,
        session: int | None = None,
    ) -> int:
        chosen(self._halls, venue, session)
        self.crew.tell(Cut(code, reason, abort, venue, session))
        return await self.crew.told()

    async def age(
        self, seconds: float, *, venue: str | None = None, session: int | None = None
    ) -> int:
        check_span(seconds)
        chosen(self._halls, venue, session)
        self.crew.tell(Aged(seconds, venue, session))
        return await self.crew.told()

    async def session_page(
        self, venue: str | None = None, *, after: int = 0, limit: int = 100
    ) -> Sessions:
        chosen(self._halls, venue)
        check_after(self._halls, venue, after)
        listed = await self.crew.list_sessions(ListSessions(venue, after, limit))
        return merged([each.sessions for each in listed], tuple(self._halls), limit)

    def set_limits(self, limits: Limits) -> tuple[str, ...]:
        changed = super().set_limits(limits)
        if changed:
            self.crew.tell(acts.LimitsSet(limits))
        return changed
