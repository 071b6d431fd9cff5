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

from bench.measure import Cores, Pace, Sample, pinned, serving, take_turns
from bench.report import Finding, Target, costs

WEBSOCKETS, ITERATION, CALLBACK = "websockets", "venuewire async for", "venuewire callback"
_FRAMES, _GLANCE = 300_000, 50_000
"""Counted in one round."""
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


def run(cores: Cores, pace: Pace) -> list[Finding]:
    title = "Received ticker of 200 bytes, flooded"
    frames = _GLANCE if pace.quick else _FRAMES
    with serving([sys.executable, "-m", "bench.servers.flood"], cores.load) as server:
        candidates = {
            name: partial(_receive, *client, url=server.url, frames=frames, core=cores.measured)
            for name, client in CLIENTS.items()
        }
        table = take_turns(title, candidates, pace.rounds)
    return [costs(title, table, (WEBSOCKETS,), TARGETS)]


def _receive(module: str, *told: str, url: str, frames: int, core: int) -> Sample:
    command = [sys.executable, "-m", module, url, str(frames), *told]
    with pinned(core):
        client = subprocess.Popen(command, stdout=subprocess.PIPE)
    result, _ = client.communicate(timeout=_PATIENCE)
    if client.returncode:
        sys.exit(f"bench: {module} failed")
    return Sample.of(**json.loads(result))
