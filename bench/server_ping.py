"""What a ping costs the local venue: Kraken Spot, all five venues served, every limit on.

Beside it, each answering the same pings: a hand-written server in C that checks nothing (the limit
of one read and one write per readable event), a picows echo that decides nothing (the floor under
us), Go's gorilla, `socketify` (C++ under Python), `aiohttp` and `uvicorn` with orjson (what the
careful would write) and `websockets` with json (what most would write).
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from bench.load import BARE, ECHO, SPOT, Loops, Ping, pings
from bench.local_venue import COMMAND, target
from bench.measure import Cores, Pace, Server, serving, take_turns
from bench.programs import gorilla, program
from bench.report import Finding, Target, below, costs

C, BARE_ECHO, GORILLA, OURS = "C", "bare echo", "Go gorilla", "venuewire"
SOCKETIFY, AIOHTTP, UVICORN, WEBSOCKETS = "socketify", "aiohttp", "uvicorn", "websockets"
_OTHERS = (GORILLA, SOCKETIFY, AIOHTTP, UVICORN, WEBSOCKETS)
_NO_GO = (
    "Go gorilla was not to be had: it needs `go` and gorilla/websocket"
    " (Debian: golang-go, golang-github-gorilla-websocket-dev)."
)

_SERVERS = {
    BARE_ECHO: "bare_echo",
    SOCKETIFY: "socketify_orjson",
    AIOHTTP: "aiohttp_orjson",
    UVICORN: "uvicorn_sansio",
    WEBSOCKETS: "websockets_json",
}
TITLES = {
    (100, 1): "Ping to pong, 100 connections, closed loop",
    (100, 16): "Ping to pong, 100 connections, 16 deep",
    (1000, 1): "Ping to pong, 1,000 connections, closed loop",
}
TARGETS = {
    (100, 1): [
        Target("venuewire to C, at most 1.6", OURS, C, at_most=1.6),
        Target("venuewire to the bare echo, at most 1.6", OURS, BARE_ECHO, at_most=1.6),
        Target("websockets to venuewire, at least 2.4", WEBSOCKETS, OURS, at_least=2.4),
        *below(OURS, _OTHERS),
    ],
    (100, 16): [
        Target("venuewire to C, at most 5", OURS, C, at_most=5),
        Target("websockets to venuewire, at least 5", WEBSOCKETS, OURS, at_least=5),
        *below(OURS, _OTHERS),
    ],
    (1000, 1): below(OURS, [name for name in _OTHERS if name != GORILLA]),
}
"""By the number of connections, and of pings in one write."""


def commands() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {C: (program("yardsticks/pong"),)}
    if (server := gorilla()) is not None:
        found[GORILLA] = (server,)
    for name, module in _SERVERS.items():
        found[name] = (sys.executable, "-m", f"bench.servers.{module}")
    return {**found, OURS: COMMAND}


def run(cores: Cores, pace: Pace) -> list[Finding]:
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(command, cores.measured))
            for name, command in commands().items()
        }
        return [_finding(servers, *case, pace) for case in TITLES]


def _finding(servers: dict[str, Server], connections: int, depth: int, pace: Pace) -> Finding:
    title = TITLES[connections, depth]
    loops = Loops(connections, depth, pace.seconds)
    candidates = {
        name: partial(pings, server, _ping(name), loops, _target(name, server))
        for name, server in servers.items()
    }
    table = take_turns(title, candidates, pace.rounds)
    found = costs(title, table, (C, WEBSOCKETS), TARGETS[connections, depth])
    return found if GORILLA in servers else replace(found, notes=[_NO_GO])


def _target(name: str, server: Server) -> str:
    return target(server, "kraken-spot") if name == OURS else "/"


def _ping(name: str) -> Ping:
    return {OURS: SPOT, BARE_ECHO: ECHO}.get(name, BARE)
