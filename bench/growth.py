"""Does a message cost the same, however many are connected? 10 to 10,000 connections, closed loop.

Beside the local venue stands the server in C: what grows there too is the system's doing.
"""

from functools import partial

from bench.load import BARE, SPOT, Loops, pings
from bench.local_venue import local_venue, target
from bench.measure import Cores, Pace, Spread, serving, take_turns
from bench.plot import plotted
from bench.programs import program
from bench.report import Finding, Verdict, costs

CONNECTIONS = (10, 100, 1_000, 10_000)
OURS, C = "venuewire", "C"
_MOST = 2.0
_TITLE = "Ping to pong, closed loop, by the number of connections"


def run(cores: Cores, pace: Pace) -> list[Finding]:
    with (
        local_venue(cores.measured) as ours,
        serving((program("yardsticks/pong"),), cores.measured) as limit,
    ):
        where = target(ours, "kraken-spot")
        candidates = {}
        for count in CONNECTIONS:
            loops = Loops(count, 1, pace.seconds)
            candidates[_name(C, count)] = partial(pings, limit, BARE, loops)
            candidates[_name(OURS, count)] = partial(pings, ours, SPOT, loops, where)
        table = take_turns(_TITLE, candidates, pace.rounds)
    return [_finding(table)]


def _finding(table: dict[str, Spread]) -> Finding:
    curves = {who: [table[_name(who, count)].median for count in CONNECTIONS] for who in (OURS, C)}
    ratio = max(curves[OURS]) / min(curves[OURS])
    verdict = Verdict(
        f"venuewire: dearest to cheapest, at most {_MOST:g}", f"{ratio:.2f}", ratio <= _MOST
    )
    found = costs(_TITLE, dict(sorted(table.items(), key=_order)), (), ())
    plot = plotted("connections", "CPU us per message", CONNECTIONS, curves)
    notes = [] if plot else ["No plot: matplotlib is not installed."]
    return Finding(found.title, found.headings, found.rows, [verdict], notes, plot)


def _name(who: str, count: int) -> str:
    return f"{who}, {count:,}"


def _order(row: tuple[str, Spread]) -> tuple[bool, int]:
    who, _, count = row[0].partition(", ")
    return who != OURS, int(count.replace(",", ""))
