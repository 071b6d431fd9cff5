"""What a received frame costs the client: tickers of 200 bytes, as fast as it can take them.

All of its bookkeeping is on. The yardstick is `websockets` with json, which cannot tell a ticker
from a pong without decoding all of it. Ours hands over a message with its payload still in JSON,
for the application to decode into what it likes; so each way of ours is shown twice, the second
time with every payload decoded to plain values (`message.data`), as the yardstick has them. The
targets are for the first. Every round starts each client anew.
"""

import json
import subprocess
import sys
from functools import partial

from rich.console import Console

from bench.measure import Cores, Sample, pinned, serving, take_turns
from bench.report import Target, show

WEBSOCKETS, ITERATION, CALLBACK = "websockets", "venuewire async for", "venuewire callback"
_PATIENCE = 120
"""Seconds for one client in one round."""

CLIENTS = {
    WEBSOCKETS: ["bench.clients.websockets_json"],
    ITERATION: ["bench.clients.venuewire_iteration"],
    CALLBACK: ["bench.clients.venuewire_callback"],
    f"{ITERATION}, decoded": ["bench.clients.venuewire_iteration", "decoding"],
    f"{CALLBACK}, decoded": ["bench.clients.venuewire_callback", "decoding"],
}
"""A module, and what it is told beside where to connect and how much to count."""
TARGETS = [
    Target("websockets to venuewire async for, at least 3", WEBSOCKETS, ITERATION, at_least=3),
    Target("websockets to venuewire callback, at least 4", WEBSOCKETS, CALLBACK, at_least=4),
]


def run(console: Console, cores: Cores, *, rounds: int, frames: int) -> bool:
    """Measure and print; True when every target holds."""
    title = "Received ticker of 200 bytes, flooded"
    with serving([sys.executable, "-m", "bench.servers.flood"], cores.load) as server:
        candidates = {
            name: partial(_receive, *client, url=server.url, frames=frames, core=cores.measured)
            for name, client in CLIENTS.items()
        }
        table = take_turns(title, candidates, rounds)
    return show(console, title, table, (WEBSOCKETS,), TARGETS)


def _receive(module: str, *told: str, url: str, frames: int, core: int) -> Sample:
    command = [sys.executable, "-m", module, url, str(frames), *told]
    with pinned(core):
        client = subprocess.Popen(command, stdout=subprocess.PIPE)
    result, _ = client.communicate(timeout=_PATIENCE)
    if client.returncode:
        sys.exit(f"bench: {module} failed")
    return Sample.of(**json.loads(result))
