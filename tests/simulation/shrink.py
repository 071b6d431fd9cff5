"""Of the mishaps of a failing run, those without which it does not fail: delta debugging.

First all stages but the one that failed are left out, then all episodes but the last, then single
mishaps, until none can be spared. What counts as the same failure is the invariant.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from simulation.campaign import Failure, Outcome, Scope, run
from simulation.mishaps import Mishap, plan
from simulation.stage import PEOPLE
from venuewire.core.terms import Edition
from venuewire.venues import venues

ONE = TypeVar("ONE")
LONGEST_TIMELINE = 60


def smallest(ones: Sequence[ONE], fails: Callable[[Sequence[ONE]], bool]) -> list[ONE]:
    """A part of `ones` that still fails, and of which no single one can be left out."""
    kept, size = list(ones), max(1, len(ones) // 2)
    while True:
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            if len(rest) < len(kept) and fails(rest):
                kept = rest
                break
        else:
            if size == 1:
                return kept
            size = max(1, size // 2)
        size = min(size, max(1, len(kept)))


def shrink(failure: Failure) -> Outcome:
    """The smallest run that fails in the same way, told in full."""
    scope = _of_its_stage(failure)
    ids = [mishap.id for mishap in planned(scope, failure.episode)]

    def fails(kept: Sequence[str]) -> bool:
        outcome = run(replace(scope, keep=frozenset(kept)))
        return outcome.failure is not None and outcome.failure.invariant == failure.invariant

    last = [one for one in ids if one.startswith(f"{failure.episode}.")]
    start = last if fails(last) else ids
    kept = smallest(start, fails) if fails(start) else ids
    return run(replace(scope, keep=frozenset(kept)), telling=True)


def _of_its_stage(failure: Failure) -> Scope:
    """Only the venue and the edition at which it failed, if that is enough."""
    scope, stage = failure.scope, failure.stage.split(" ")[0]
    venue, _, edition = stage.partition("/")
    editions: tuple[Edition, ...] = ("observed",) if edition == "observed" else ("documented",)
    alone = replace(scope, venues=(venue,), editions=editions)
    return alone if venue in venues() and run(alone).failure is not None else scope


def planned(scope: Scope, episodes: int) -> list[Mishap]:
    """Of the first so many episodes, and one more."""
    return [
        mishap
        for name in scope.venues or venues()
        for edition in scope.editions
        for episode in range(episodes + 1)
        for mishap in plan(scope.seed, f"{name}/{edition}", venues()[name], episode, PEOPLE)
    ]


def account(failure: Failure, shrunk: Outcome) -> str:
    """What to print of a failing seed."""
    found = shrunk.failure or failure
    scope, stage = found.scope, found.stage.split(" ")[0]
    kept = [one for one in planned(scope, found.episode) if one.id in (scope.keep or ())]
    lines = [
        str(failure),
        f"  again:  {command(failure.scope)}",
        f"  shrunk: {command(scope)}",
        "  with:   " + ("\n          ".join(map(str, kept)) or "no mishaps at all"),
        f"  fails:  {found.what}",
        "  timeline:",
    ]
    told = [line for line in shrunk.transcript if stage in line]
    return "\n".join([*lines, *(f"    {line[:160]}" for line in told[-LONGEST_TIMELINE:])])


def command(scope: Scope) -> str:
    said = f"make simulate SEED={scope.seed} HOURS={scope.hours:g}"
    if scope.kind != "faults":
        said += f" KIND={scope.kind}"
    if scope.venues:
        said += f" VENUE={','.join(scope.venues)}"
    if len(scope.editions) == 1:
        said += f" EDITION={scope.editions[0]}"
    if scope.keep is not None:
        said += f" KEEP={','.join(sorted(scope.keep)) or '-'}"
    return said
