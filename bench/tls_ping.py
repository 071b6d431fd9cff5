"""What a ping costs over TLS, beside `aiohttp` and `websockets` over theirs.

The load is written in Python here, because in C nothing but a compiler is assumed; it is slower
than any of the servers in the deep case, so each waits for it as long as `busy` says.
"""

import sys
from contextlib import ExitStack
from functools import partial

from bench import load_tls
from bench.certificate import Certificate, certificate
from bench.load import Loops
from bench.local_venue import COMMAND, target
from bench.measure import Cores, Pace, Server, serving, take_turns
from bench.report import Finding, below, costs

AIOHTTP, WEBSOCKETS, OURS = "aiohttp", "websockets", "venuewire"
_CONNECTIONS = 100
TARGETS = below(OURS, (AIOHTTP, WEBSOCKETS))


def run(cores: Cores, pace: Pace) -> list[Finding]:
    keys = certificate()
    commands = {
        AIOHTTP: (sys.executable, "-m", "bench.servers.aiohttp_orjson", *keys.arguments),
        WEBSOCKETS: (sys.executable, "-m", "bench.servers.websockets_json", *keys.arguments),
        OURS: (*COMMAND, *keys.options),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(command, cores.measured))
            for name, command in commands.items()
        }
        return [_finding(servers, keys, depth, pace) for depth in (1, 16)]


def _finding(servers: dict[str, Server], keys: Certificate, depth: int, pace: Pace) -> Finding:
    way = "closed loop" if depth == 1 else f"{depth} deep"
    title = f"Ping to pong over TLS, {_CONNECTIONS} connections, {way}"
    loops = Loops(_CONNECTIONS, depth, pace.seconds)
    candidates = {
        name: partial(load_tls.pings, server, _url(name, server), keys.trust, loops)
        for name, server in servers.items()
    }
    table = take_turns(title, candidates, pace.rounds)
    return costs(title, table, (WEBSOCKETS,), TARGETS)


def _url(name: str, server: Server) -> str:
    path = target(server, "kraken-spot") if name == OURS else "/"
    return f"wss://127.0.0.1:{server.port}{path}"
