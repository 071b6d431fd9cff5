"""How a local venue is at the moment somebody looks: its sessions one by one, and the event loop.

Law 1: no frame pays for it: all is read off when somebody asks, but the lateness of the timer.
Law 2: the loop gets its turn after every `BATCH` sessions, so that looking delays nobody.
"""

import asyncio
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from msgspec import Struct, field
from prometheus_client.metrics_core import (
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from venuewire.core.server_session import ServerSession
from venuewire.server.answers import Phase, phase_of
from venuewire.transport.hall import Hall
from venuewire.transport.premises import Premises
from venuewire.transport.venue_link import VenueLink

BATCH: Final = 500
PHASES: Final[tuple[Phase, ...]] = ("opening", "open", "closing")


class VenueVitals(Struct):
    """Of one venue's sessions."""

    phases: dict[Phase, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    queued: int = 0
    """Bytes that clients have not taken, of all together."""
    most_queued: int = 0
    """Of the one that has the most."""
    longest_silent: float = 0.0
    """Seconds since the one was heard that was not heard for longest."""

    def see(self, session: ServerSession, now: float) -> None:
        self.phases[phase_of(session)] += 1
        self.longest_silent = max(self.longest_silent, now - session.heard_at)
        link: VenueLink | None = session.link
        if link is not None:
            waiting = link.queued
            self.queued += waiting
            self.most_queued = max(self.most_queued, waiting)

    def join(self, other: "VenueVitals") -> None:
        """Of other sessions, too."""
        for phase, count in other.phases.items():
            self.phases[phase] += count
        self.queued += other.queued
        self.most_queued = max(self.most_queued, other.most_queued)
        self.longest_silent = max(self.longest_silent, other.longest_silent)


class Vitals(Struct):
    turn: float = 0.0
    """Seconds that one turn of the event loop took: whoever comes now waits that long."""
    late_times: int = 0
    """How often the timer was begun with, so far."""
    late_seconds: float = 0.0
    """By how much that was too late, in all."""
    venues: dict[str, VenueVitals] = field(default_factory=dict)

    def join(self, other: "Vitals") -> None:
        """Of another process, too."""
        self.turn = max(self.turn, other.turn)
        self.late_times += other.late_times
        self.late_seconds += other.late_seconds
        for name, each in other.venues.items():
            self.venues.setdefault(name, VenueVitals()).join(each)


async def look(halls: Iterable[Hall], premises: Premises) -> Vitals:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(0)
    lateness = premises.deadlines.lateness
    vitals = Vitals(loop.time() - before, lateness.times, lateness.seconds)
    seen = 0
    for hall in halls:
        of_venue = vitals.venues[hall.venue.name] = VenueVitals()
        now = hall.now().monotonic
        for session in tuple(hall.floor.sessions.values()):
            of_venue.see(session, now)
            seen += 1
            if seen % BATCH == 0:
                await asyncio.sleep(0)
    return vitals


class VitalsMetrics(Collector):
    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.vitals = Vitals()
        """What was seen last: to be taken before every page."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("venuewire", "Which it is", {"version": _version()})
        yield GaugeMetricFamily(
            "venuewire_most_connections",
            "Connections there may be, by the limit and by the system's descriptors",
            self._premises.most_connections,
        )
        yield GaugeMetricFamily(
            "venuewire_loop_turn_seconds",
            "How long one turn of the event loop took, when this was asked",
            self.vitals.turn,
        )
        yield SummaryMetricFamily(
            "venuewire_deadline_lateness_seconds",
            "How late heartbeats and timeouts were begun with",
            count_value=self.vitals.late_times,
            sum_value=self.vitals.late_seconds,
        )
        yield from self._of_venues()

    def _of_venues(self) -> Iterator[Metric]:
        venues = self.vitals.venues.items()
        phases = GaugeMetricFamily(
            "venuewire_session_phases", "Sessions by phase", labels=("venue", "phase")
        )
        for name, each in venues:
            for phase, count in each.phases.items():
                phases.add_metric((name, phase), count)
        yield phases
        for name, told, field_ in (
            ("queued_bytes", "Bytes that clients have not taken yet", "queued"),
            ("most_queued_bytes", "Of the session that has the most", "most_queued"),
            ("longest_silent_seconds", "Since the quietest was heard", "longest_silent"),
        ):
            gauge = GaugeMetricFamily(f"venuewire_{name}", told, labels=("venue",))
            for venue, each in venues:
                gauge.add_metric((venue,), getattr(each, field_))
            yield gauge


def _version() -> str:
    try:
        return version("venuewire")
    except PackageNotFoundError:
        return ""
