"""Prints what things cost, on either side, and whether what is promised of it holds.

Exit status 1: a promise is not kept.
"""

import argparse
import os
import sys

from rich.console import Console

from bench import page
from bench.measure import FULL, QUICK, Cores, Pace
from bench.report import Finding, show
from bench.tables import TABLES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("table", nargs="*", help=f"{', '.join(TABLES)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="a glance: short, few rounds, noisy")
    chosen = parser.parse_args()
    if unknown := set(chosen.table) - set(TABLES):
        parser.error(f"no such table: {', '.join(sorted(unknown))}")
    return _run(chosen.table or list(TABLES), QUICK if chosen.quick else FULL)


def _run(tables: list[str], pace: Pace) -> int:
    console = Console()
    cores = Cores.choose()
    os.sched_setaffinity(0, {cores.load})
    held = True
    findings = dict[str, list[Finding]]()
    for name in tables:
        findings[name] = TABLES[name].run(cores, pace)
        for finding in findings[name]:
            held &= show(console, finding)
    if findings.keys() == TABLES.keys() and not pace.quick:
        for written in page.write(findings):
            console.print(f"written: {written}", highlight=False)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
