"""Prints what a message costs, on either side, and whether what the README claims holds.

Exit status 1: a target was missed.
"""

import argparse
import os
import sys

from rich.console import Console

from bench import client_flood, server_ping
from bench.measure import Cores


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("table", nargs="*", help="server, client; both when none is named")
    parser.add_argument("--quick", action="store_true", help="a glance: short, few rounds, noisy")
    chosen = parser.parse_args()
    if unknown := set(chosen.table) - {"server", "client"}:
        parser.error(f"no such table: {', '.join(unknown)}")
    return _run(set(chosen.table) or {"server", "client"}, quick=chosen.quick)


def _run(tables: set[str], *, quick: bool) -> int:
    console = Console()
    cores = Cores.choose()
    os.sched_setaffinity(0, {cores.load})
    rounds = 3 if quick else 7
    held = True
    if "server" in tables:
        held &= server_ping.run(console, cores, rounds=rounds, seconds=0.5 if quick else 2.0)
    if "client" in tables:
        held &= client_flood.run(console, cores, rounds=rounds, frames=50_000 if quick else 300_000)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
