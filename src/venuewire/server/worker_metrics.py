"""The workers in numbers, for `/metrics`.

Law: a label is a worker's place, of which there are as many as were asked for.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from venuewire.server.crew import Crew
from venuewire.server.mate import Phase
from venuewire.server.metrics import counter

_BY_WORKER: Final = ("worker",)


class WorkerMetrics(Collector):
    def __init__(self, crew: Crew) -> None:
        self._crew = crew

    def collect(self) -> Iterator[Metric]:
        mates = self._crew.mates
        serving = sum(mate.phase is Phase.OPEN for mate in mates)
        yield GaugeMetricFamily("venuewire_workers", "Workers that serve", serving)
        connections = GaugeMetricFamily(
            "venuewire_worker_connections", "Connections a worker has", labels=_BY_WORKER
        )
        for mate in mates:
            connections.add_metric((str(mate.place),), mate.connections)
        yield connections
        starts = [((str(place),), times) for place, times in self._crew.starts.items()]
        yield counter(
            "venuewire_worker_starts", "How often a worker was started", _BY_WORKER, starts
        )
        cpu = GaugeMetricFamily(
            "venuewire_worker_cpu_seconds", "User and system time of a worker", labels=_BY_WORKER
        )
        for mate in mates:
            if mate.share is not None:
                cpu.add_metric((str(mate.place),), mate.share.cpu)
        yield cpu
