"""`/metrics`: the local venue in numbers, in Prometheus' text format.

Law 1: nothing is kept for it: the numbers are read off the venues when somebody asks.
Law 2: every label has a bounded number of values: venues, statuses, close codes; never a session,
       an address or a channel.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from venuewire.server.vitals import Vitals, VitalsMetrics
from venuewire.transport.counts import OTHER
from venuewire.transport.hall import Hall
from venuewire.transport.premises import Premises

_BY_VENUE: Final = ("venue",)
_COUNTERS: Final[Mapping[str, tuple[str, str]]] = {
    "frames_in": ("venuewire_received_frames", "WebSocket frames from clients"),
    "bytes_in": ("venuewire_received_bytes", "Payload bytes of frames from clients"),
    "frames_out": ("venuewire_sent_frames", "WebSocket frames to clients"),
    "bytes_out": ("venuewire_sent_bytes", "Bytes of frames to clients"),
    "admitted": ("venuewire_sessions_opened", "Sessions that were admitted"),
    "pings": ("venuewire_websocket_pings", "WebSocket PING frames of clients that were answered"),
    "idle": ("venuewire_idle_sessions_ended", "Sessions that ended after being silent too long"),
    "slow": ("venuewire_slow_consumers_cut", "Clients cut off because they did not read"),
    "breaches": ("venuewire_protocol_breaches", "Clients cut off for breaking RFC 6455"),
    "failures": ("venuewire_failures", "Errors of the local venue itself"),
    "pushes": ("venuewire_pushes", "Frames made once for however many subscribers"),
    "publications": ("venuewire_publications", "Messages an operator published"),
    "notifications": ("venuewire_notifications", "Notifications an operator sent"),
}
"""The fields of `Counts` that are one number, by what they are called here."""

_Labeled: TypeAlias = Iterable[tuple[tuple[str, ...], float]]


def metrics_page(
    halls: Iterable[Hall],
    premises: Premises,
    look: Callable[[], Awaitable[None]],
    examine: Callable[[], Awaitable[Vitals]],
    more: Iterable[Collector] = (),
) -> Route:
    """`look` brings up to date what is known of other processes, `examine` tells how sessions are;
    `more` is told beside."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(VenueMetrics(tuple(halls), premises))
    registry.register(vitals := VitalsMetrics(premises))
    ProcessCollector(registry=registry)
    for collector in more:
        registry.register(collector)

    async def metrics(_: Request) -> Response:
        await look()
        vitals.vitals = await examine()
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)


class VenueMetrics(Collector):
    def __init__(self, halls: tuple[Hall, ...], premises: Premises) -> None:
        self._halls = halls
        self._premises = premises

    def collect(self) -> Iterator[Metric]:
        yield from self._of_premises()
        yield from self._present()
        for field, (name, help) in _COUNTERS.items():  # noqa: A001 - Prometheus' word
            yield counter(name, help, _BY_VENUE, self._each(field))
        yield counter(
            "venuewire_sessions_refused",
            "Clients refused by a venue, by HTTP status or by its own code",
            ("venue", "code"),
            self._by_code("refused"),
        )
        yield counter(
            "venuewire_sessions_closed",
            "Sessions that ended, by close code; 1006 is without a CLOSE frame",
            ("venue", "code"),
            self._by_code("closed"),
        )

    def _of_premises(self) -> Iterator[Metric]:
        premises = self._premises
        yield GaugeMetricFamily(
            "venuewire_connections", "Connections of every kind", premises.connections
        )
        yield GaugeMetricFamily(
            "venuewire_draining", "1 when nobody new should be sent here", int(premises.draining)
        )
        yield counter(
            "venuewire_handshakes_refused",
            "Requests that reached no venue, by HTTP status; 0 is dropped unheard",
            ("status",),
            [((str(status),), times) for status, times in premises.refusals.items()],
        )

    def _present(self) -> Iterator[Metric]:
        for name, told, values in (
            ("sessions", "Sessions open now", [len(h.floor.sessions) for h in self._halls]),
            ("subscriptions", "Subscriptions held now", [h.held for h in self._halls]),
            ("faults_active", "Faults active now", [_active(h) for h in self._halls]),
        ):
            gauge = GaugeMetricFamily(f"venuewire_{name}", told, labels=_BY_VENUE)
            for hall, value in zip(self._halls, values, strict=True):
                gauge.add_metric([hall.venue.name], value)
            yield gauge

    def _each(self, field: str) -> _Labeled:
        return [((hall.venue.name,), getattr(hall.totals, field)) for hall in self._halls]

    def _by_code(self, field: str) -> _Labeled:
        return [
            ((hall.venue.name, "other" if code == OTHER else str(code)), times)
            for hall in self._halls
            for code, times in getattr(hall.totals, field).items()
        ]


def counter(name: str, told: str, labels: tuple[str, ...], values: _Labeled) -> Metric:
    counter = CounterMetricFamily(name, told, labels=labels)
    for labeled, value in values:
        counter.add_metric(labeled, value)
    return counter


def _active(hall: Hall) -> int:
    now = hall.now().monotonic
    return sum(trouble.is_active(now) for trouble in hall.troubles)
