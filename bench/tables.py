"""All tables there are, in the order in which they are measured and written."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from bench import (
    client_flood,
    connects,
    fan_out,
    growth,
    idle_sessions,
    server_ping,
    tls_ping,
    venue_pings,
)
from bench.measure import Cores, Pace
from bench.report import Finding


@dataclass(frozen=True)
class Table:
    heading: str
    module: ModuleType
    """Says in its docstring what is measured, and has `run`."""

    @property
    def about(self) -> str:
        return (self.module.__doc__ or "").strip()

    @property
    def run(self) -> Callable[[Cores, Pace], list[Finding]]:
        run: Callable[[Cores, Pace], list[Finding]] = self.module.run
        return run


TABLES = {
    "server": Table("A ping, beside other servers", server_ping),
    "venues": Table("A ping, at each venue", venue_pings),
    "fan": Table("One message to many", fan_out),
    "growth": Table("Many connections", growth),
    "idle": Table("Idle sessions", idle_sessions),
    "connects": Table("Connecting", connects),
    "tls": Table("A ping over TLS", tls_ping),
    "client": Table("A message, on the client's side", client_flood),
}
