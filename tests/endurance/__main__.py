"""`make fuzz`, `make attack`, `make soak`: campaigns against the running local venue.

    python -m endurance fuzz [--frames N] [--requests N] [--seed S]
    python -m endurance fuzz --kind frames --edition documented --seed S --case K

Without numbers a campaign runs in full and writes its part of docs/explanation/endurance.md; a
smaller one only tells. Exit status 1 when something does not hold.
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Final

from endurance.fuzz import Outcome, Scope, alone, run, shrink
from endurance.fuzz_page import is_well, part, table
from endurance.page import PAGE, write

FRAMES: Final = 10_000_000
REQUESTS: Final = 1_000_000


def main() -> int:
    asked = arguments()
    match asked.campaign:
        case _ if asked.case is not None:
            return one_case(asked)
        case _:
            return fuzz(asked)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="endurance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("campaign", choices=["fuzz"])
    parser.add_argument("--frames", type=int, default=FRAMES, help="over both editions")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--legs", type=int, default=20, help="measurements of each pass")
    parser.add_argument("--jobs", type=int, default=2, help="processes that send")
    parser.add_argument("--kind", choices=["frames", "requests"], default="frames")
    parser.add_argument("--edition", choices=["documented", "observed"], default="documented")
    parser.add_argument("--case", type=int, help="only this one of `--kind` and `--edition`")
    return parser.parse_args()


def scopes(asked: Namespace) -> list[Scope]:
    of_frames = [
        Scope(kind="frames", count=asked.frames // 2, edition=edition)
        for edition in ("documented", "observed")
    ]
    requests = Scope(kind="requests", count=asked.requests)
    return [
        Scope(
            kind=each.kind,
            count=each.count,
            edition=each.edition,
            seed=asked.seed,
            legs=asked.legs,
            jobs=asked.jobs,
        )
        for each in [*of_frames, requests]
        if each.count
    ]


def fuzz(asked: Namespace) -> int:
    outcomes: list[Outcome] = []
    for scope in scopes(asked):
        outcomes.append(asyncio.run(run(scope)))
        if wrong := is_well(outcomes[-1]):
            return report(outcomes, wrong)
    if asked.frames >= FRAMES and asked.requests >= REQUESTS:
        write("fuzz", part(command(asked), outcomes))
        print(f"wrote {PAGE.name}")
    return report(outcomes, [])


def command(asked: Namespace) -> str:
    return f"make fuzz FRAMES={asked.frames:_} REQUESTS={asked.requests:_} SEED={asked.seed}"


def report(outcomes: Sequence[Outcome], wrong: list[str]) -> int:
    print(table(outcomes))
    print("\n".join(["FAILED:", *wrong]) if wrong else "all was well")
    return 1 if wrong else 0


def one_case(asked: Namespace) -> int:
    scope = Scope(kind=asked.kind, count=1, edition=asked.edition, seed=asked.seed)
    found = asyncio.run(alone(scope, asked.case))
    print("\n".join(found) or "all was well")
    if found:
        asyncio.run(shrink(scope, asked.case))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
