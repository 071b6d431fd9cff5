"""What a ping costs the local venue: Kraken Spot, all five venues served, every rule on.

Beside it: a picows echo that decides nothing (the floor under us), `websockets` with json (what
most would write), and `aiohttp` with orjson (what the careful would write).
"""

import sys
from contextlib import ExitStack
from functools import partial

from rich.console import Console

from bench import load
from bench.measure import Cores, Server, serving, take_turns
from bench.report import Target, show

ECHO, WEBSOCKETS, AIOHTTP, OURS = "bare echo", "websockets", "aiohttp", "venuewire"
_CONNECTIONS = 100
_RUN = "import sys; from venuewire.cli import main; sys.exit(main())"
_SERVE = ["serve", "--listen", "127.0.0.1:0", "--json"]

COMMANDS = {
    ECHO: [sys.executable, "-m", "bench.servers.bare_echo"],
    WEBSOCKETS: [sys.executable, "-m", "bench.servers.websockets_json"],
    AIOHTTP: [sys.executable, "-m", "bench.servers.aiohttp_orjson"],
    OURS: [sys.executable, "-c", _RUN, *_SERVE],
}
TARGETS = {
    1: [
        Target("venuewire to the bare echo, at most 1.6", OURS, ECHO, at_most=1.6),
        Target("websockets to venuewire, at least 2.4", WEBSOCKETS, OURS, at_least=2.4),
    ],
    16: [Target("websockets to venuewire, at least 5", WEBSOCKETS, OURS, at_least=5)],
}
"""By the number of pings in one write."""


def run(console: Console, cores: Cores, *, rounds: int, seconds: float) -> bool:
    """Measure and print; True when every target holds."""
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(command, cores.measured))
            for name, command in COMMANDS.items()
        }
        held = True
        for depth in TARGETS:
            held &= _table(console, servers, depth, rounds, seconds)
        return held


def _table(
    console: Console, servers: dict[str, Server], depth: int, rounds: int, seconds: float
) -> bool:
    title = f"Ping to pong, {_CONNECTIONS} connections, " + (
        "closed loop" if depth == 1 else f"{depth} deep"
    )
    candidates = {
        name: partial(
            load.run,
            server,
            connections=_CONNECTIONS,
            depth=depth,
            seconds=seconds,
            method="ping" if name == ECHO else "pong",
        )
        for name, server in servers.items()
    }
    table = take_turns(title, candidates, rounds)
    return show(console, title, table, (ECHO, WEBSOCKETS), TARGETS[depth])
