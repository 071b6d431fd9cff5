"""`make simulate`: many worlds, one per seed, on all cores.

    python -m simulation faults --seeds 100 --hours 0.3
    python -m simulation faults --seed 17 --hours 0.3 --venue kucoin --edition observed
    python -m simulation healthy | quiet | rotations
    python -m simulation evidence        # all of them in full, and docs/explanation/evidence.md

Exit status 1 when an invariant does not hold; then the seed's command, the mishaps it takes, and
their timeline are printed. Ctrl-C ends it early, with the totals so far.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import Pool, cpu_count
from pathlib import Path
from time import monotonic

import msgspec

from simulation.campaign import EDITIONS, KINDS, VENUES, Failure, Scope, run
from simulation.evidence import PAGE, Result, page, summary
from simulation.shrink import account, shrink
from simulation.stage import Tally

RECONNECTS = Path(__file__).parents[1] / "real" / "reconnects.py"
SHRUNK = 3
"""Failing seeds that are shrunk; of more, only the command is printed."""
FULL: dict[str, tuple[list[int], float]] = {
    "faults": ([*range(1, 441)], 0.3),
    "healthy": ([*range(1, 33)], 96.0),
    "quiet": ([*range(33, 41)], 96.0),
    "rotations": ([*range(1, 6)], 0.4),
}
"""Seeds, and virtual hours of each, of the runs in docs/explanation/evidence.md."""


def main() -> int:
    asked = arguments()
    if asked.kind == "evidence":
        return make_evidence(asked)
    result, failures = campaign(asked.kind, scopes(asked), asked.jobs)
    if asked.save:
        Path(asked.save).write_bytes(msgspec.json.encode(result))
    return report(result, failures)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="simulation", description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=[*KINDS, "evidence"])
    parser.add_argument("--seeds", type=int, help="how many")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--first", type=int, help="the first of many")
    parser.add_argument("--hours", type=float, help="virtual, of each")
    parser.add_argument("--venue", default="", help="only these, with commas between")
    parser.add_argument("--edition", choices=["", *EDITIONS], default="")
    parser.add_argument("--keep", help="only these mishaps: EPISODE.NUMBER, or - for none")
    parser.add_argument("--jobs", type=int, default=cpu_count())
    parser.add_argument("--save", help="write the totals there, for `evidence`")
    parser.add_argument("--from", dest="folder", help="of `evidence`: where totals were saved")
    return parser.parse_args()


def scopes(asked: Namespace) -> list[Scope]:
    seeds, hours = FULL[asked.kind]
    if asked.seed is not None:
        seeds = [asked.seed]
    elif asked.seeds is not None or asked.first is not None:
        first = asked.first or 1
        seeds = [*range(first, first + (asked.seeds or len(seeds)))]
    keep = None if asked.keep is None else frozenset(asked.keep.strip("-").split(",")) - {""}
    return [
        Scope(
            seed=seed,
            hours=hours if asked.hours is None else asked.hours,
            kind=asked.kind,
            venues=tuple(filter(None, asked.venue.split(","))) or VENUES.get(asked.kind, ()),
            editions=(asked.edition,) if asked.edition else EDITIONS,
            keep=keep,
        )
        for seed in seeds
    ]


def campaign(kind: str, chosen: list[Scope], jobs: int) -> tuple[Result, list[Failure]]:
    """Run them all, or as many as there is patience for."""
    total, failures, done, began = Tally(Counter(), Counter()), list[Failure](), 0, monotonic()
    try:
        for tally, failure in outcomes(chosen, jobs):
            total.add(tally)
            done += 1
            if failure is not None:
                failures.append(failure)
                print(f"\n{failure}", file=sys.stderr)
            progress(done, len(chosen), total, monotonic() - began)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    print(file=sys.stderr)
    hours = chosen[0].hours
    seeds = [scope.seed for scope in chosen[:done]]
    return Result(kind, done, seeds, hours, dict(total.cases), dict(total.sums)), failures


def outcomes(chosen: list[Scope], jobs: int) -> Iterator[tuple[Tally, Failure | None]]:
    if jobs == 1 or len(chosen) == 1:
        yield from map(one, chosen)
        return
    with Pool(jobs) as pool:
        yield from pool.imap_unordered(one, chosen)


def one(scope: Scope) -> tuple[Tally, Failure | None]:
    outcome = run(scope)
    return outcome.tally, outcome.failure


def progress(done: int, count: int, total: Tally, seconds: float) -> None:
    cases = sum(total.cases.values())
    said = f"{done}/{count} worlds, {total.sums['frames']} frames"
    said += f", {cases} cases" if cases else ""
    said += f", {total.sums['rotations']} rotations, {seconds:.0f} s"
    end = "\r" if sys.stderr.isatty() else "\n"
    if end == "\r" or done % max(1, count // 50) == 0:
        print(said, end=end, file=sys.stderr, flush=True)


def report(result: Result, failures: Iterable[Failure]) -> int:
    failed = list(failures)
    for failure in failed[:SHRUNK]:
        print(account(failure, shrink(failure)))
    print(summary(result))
    if failed:
        print(f"FAILED: {len(failed)} of {result.worlds} worlds: seeds", end=" ")
        print(", ".join(str(failure.scope.seed) for failure in failed))
    return 1 if failed else 0


def make_evidence(asked: Namespace) -> int:
    results, failures = list[Result](), list[Failure]()
    for kind in KINDS:
        saved = Path(asked.folder or "", f"{kind}.json")
        if asked.folder and saved.exists():
            results.append(msgspec.json.decode(saved.read_bytes(), type=Result))
            continue
        asked.kind = kind
        result, failed = campaign(kind, scopes(asked), asked.jobs)
        results.append(result)
        failures += failed
    for result in results:
        report(result, [failure for failure in failures if failure.scope.kind == result.kind])
    reconnected = reconnects(Path(asked.folder or "", "reconnects.txt"), saved=bool(asked.folder))
    print(reconnected)
    if failures or not reconnected.endswith("flat\n"):
        return 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(results, reconnected))
    print(f"wrote {PAGE.name}")
    return 0


def reconnects(saved_in: Path, *, saved: bool) -> str:
    """What the real ones print, now or, where it was saved, then."""
    if saved and saved_in.exists():
        return saved_in.read_text()
    command = [sys.executable, str(RECONNECTS)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


if __name__ == "__main__":
    sys.exit(main())
