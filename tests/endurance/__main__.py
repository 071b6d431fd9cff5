"""`make fuzz`, `make attack`, `make soak`: campaigns against the running local venue.

    python -m endurance fuzz [--frames N] [--requests N] [--seed S]
    python -m endurance fuzz --kind frames --edition documented --seed S --case K
    python -m endurance attack [--only NAME] [--seconds S]
    python -m endurance soak [--hours H] [--seed S]

Without numbers a campaign runs in full and writes its part of docs/explanation/endurance.md; a
smaller one only tells. Exit status 1 when something does not hold.
"""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

import msgspec

from endurance import attack as attacks
from endurance import attack_page, fuzz_page, soak_page
from endurance import soak as soaking
from endurance.attack import SECONDS
from endurance.attackers import ATTACKS
from endurance.fuzz import Outcome, Scope, alone, run, shrink
from endurance.page import PAGE, write

FRAMES: Final = 10_000_000
REQUESTS: Final = 1_000_000
HOURS: Final = 12.0


def main() -> int:
    asked = arguments()
    match asked.campaign:
        case "attack":
            return attack(asked)
        case "soak":
            return soak(asked)
        case _:
            return fuzz(asked) if asked.case is None else one_case(asked)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="endurance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("campaign", choices=["fuzz", "attack", "soak"])
    parser.add_argument("--frames", type=int, default=FRAMES, help="over both editions")
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--legs", type=int, default=20, help="measurements of each pass")
    parser.add_argument("--jobs", type=int, default=2, help="processes that send")
    parser.add_argument("--kind", choices=["frames", "requests"], default="frames")
    parser.add_argument("--edition", choices=["documented", "observed"], default="documented")
    parser.add_argument("--case", type=int, help="only this one of `--kind` and `--edition`")
    parser.add_argument("--only", default="", help="attacks with this in their names")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each attack")
    parser.add_argument("--hours", type=float, default=HOURS, help="of the soak, by its clock")
    parser.add_argument("--save", help="of `fuzz`: each pass is kept there, and not run again")
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
    saved = Path(asked.save) if asked.save else None
    outcomes: list[Outcome] = []
    if saved is not None and saved.exists():
        outcomes = msgspec.json.decode(saved.read_bytes(), type=list[Outcome])
    for scope in scopes(asked)[len(outcomes) :]:
        outcomes.append(asyncio.run(run(scope)))
        if wrong := fuzz_page.is_well(outcomes[-1]):
            return told(fuzz_page.table(outcomes), wrong)
        if saved is not None:
            saved.write_bytes(msgspec.json.encode(outcomes))
    if asked.frames >= FRAMES and asked.requests >= REQUESTS:
        command = f"make fuzz FRAMES={asked.frames:_} REQUESTS={asked.requests:_} SEED={asked.seed}"
        write("fuzz", fuzz_page.part(command, outcomes))
        print(f"wrote {PAGE.name}")
    return told(fuzz_page.table(outcomes), [])


def attack(asked: Namespace) -> int:
    names = [name for name in ATTACKS if asked.only in name]
    outcomes: list[attacks.Outcome] = []
    for name in names:
        print(name, file=sys.stderr, flush=True)
        outcomes.append(attacks.run(name, asked.seconds))
    wrong = [each for one in outcomes for each in attack_page.is_well(one)]
    if not wrong and names == list(ATTACKS) and asked.seconds >= SECONDS:
        write("attack", attack_page.part("make attack", outcomes))
        print(f"wrote {PAGE.name}")
    return told(attack_page.table(outcomes), wrong)


def soak(asked: Namespace) -> int:
    outcome = soaking.run(asked.hours, asked.seed)
    wrong = soak_page.is_well(outcome)
    said = soak_page.part(f"make soak HOURS={asked.hours:g} SEED={asked.seed}", outcome)
    if not wrong and asked.hours >= HOURS:
        write("soak", said)
        print(f"wrote {PAGE.name}")
    return told(said, wrong)


def told(said: str, wrong: list[str]) -> int:
    print(said)
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
