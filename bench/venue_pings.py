"""What the pings of the other venues cost beside Kraken Spot's, in one and the same process.

What is a ping differs: Kraken Futures has the WebSocket's own PING frame, which is what its
clients send, and a JSON one beside it; Kraken Prime echoes an array of objects; KuCoin's has an id.
"""

from functools import partial

from bench.load import SPOT, Loops, Ping, pings
from bench.local_venue import local_venue, target
from bench.measure import Cores, Pace, Server, take_turns
from bench.report import Finding, Target, costs

_INFO = '"event":"info"'
PINGS = {
    "kraken-spot": ("kraken-spot", SPOT),
    "kraken-futures, PING": ("kraken-futures", Ping("%d", "", _INFO, opcode=9)),
    "kraken-futures, JSON": (
        "kraken-futures",
        Ping('{"event":"ping"}', '"event":"pong"', _INFO),
    ),
    "kraken-prime": (
        "kraken-prime",
        Ping(
            '{"reqid":%d,"type":"Ping","ts":"2026-01-01T00:00:00.000000Z","data":[{"n":1}]}',
            '"type":"Pong"',
            '"type":"hello"',
        ),
    ),
    "kucoin": (
        "kucoin",
        Ping('{"id":"%d","type":"ping"}', '"type":"pong"', '"type":"welcome"'),
    ),
}
"""By name in the table: the venue, and its ping."""
SPOT_NAME = "kraken-spot"
TARGETS = [
    Target(f"{name} to kraken-spot, at most 1.3", name, SPOT_NAME, at_most=1.3)
    for name in PINGS
    if name != SPOT_NAME
]
_CONNECTIONS = 100


def run(cores: Cores, pace: Pace) -> list[Finding]:
    with local_venue(cores.measured) as server:
        return [_finding(server, depth, pace) for depth in (1, 16)]


def _finding(server: Server, depth: int, pace: Pace) -> Finding:
    way = "closed loop" if depth == 1 else f"{depth} deep"
    title = f"Pings of each venue, {_CONNECTIONS} connections, {way}"
    loops = Loops(_CONNECTIONS, depth, pace.seconds)
    candidates = {
        name: partial(pings, server, ping, loops, target(server, venue))
        for name, (venue, ping) in PINGS.items()
    }
    table = take_turns(title, candidates, pace.rounds)
    return costs(title, table, (SPOT_NAME,), TARGETS)
