"""Breaks the kernel and the dialects on purpose, one breakage at a time, and runs the tests.

Exit status 1: a mutant survived, which is a missing test, or could not be tried; 2: the tests fail
without any mutant.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from shutil import copytree
from tempfile import TemporaryDirectory
from time import monotonic

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mutation.mutant import DoesNotApply, Mutant
from mutation.mutants import MUTANTS
from mutation.trial import Outcome, Verdict, attempt, copy_of, run

ROOT = Path(__file__).resolve().parents[2]
BASELINE_LIMIT = 600.0
"""Seconds for the tests of all mutants together."""

_console = Console(soft_wrap=True)


class Trial(Struct, frozen=True):
    mutant: Mutant
    outcome: Outcome
    seconds: float

    @property
    def failed(self) -> bool:
        return self.outcome.verdict not in {Verdict.CAUGHT, Verdict.HUNG}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("word", nargs="*", help="only mutants whose file or name has it")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    chosen = parser.parse_args()
    words = chosen.word or [""]
    mutants = [mutant for mutant in MUTANTS if any(word in mutant.title for word in words)]
    began = monotonic()
    with TemporaryDirectory() as folder:
        first = copy_of(ROOT, Path(folder) / "1")
        if not _sound(first, mutants):
            return 2
        # What the sound run has compiled is copied too: a trial compiles one file.
        others = [Path(folder) / str(number) for number in range(2, chosen.jobs + 1)]
        for other in others:
            copytree(first, other)
        trials = list(_trials(mutants, [first, *others]))
    _summarize(trials, monotonic() - began)
    return 1 if any(trial.failed for trial in trials) else 0


def _sound(root: Path, mutants: Sequence[Mutant]) -> bool:
    """Do all mutants apply, and all tests pass without them?"""
    try:
        for mutant in mutants:
            with mutant.in_place(root):
                pass
    except (DoesNotApply, FileNotFoundError) as error:
        _console.print(f"[red]does not apply[/] {escape(str(error))}")
        return False
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    _console.print(f"{len(mutants)} mutants; first, {len(tests)} test files without any of them")
    outcome = run(root, tests, limit=BASELINE_LIMIT, keep_compiled=True)
    if outcome.verdict is not Verdict.SURVIVED:
        _console.print(f"[red]without any mutant[/] {escape(outcome.witness)} fails")
    return outcome.verdict is Verdict.SURVIVED


def _trials(mutants: Sequence[Mutant], copies: Sequence[Path]) -> Iterator[Trial]:
    """As they end, told as they end."""
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def trial(mutant: Mutant) -> Trial:
        root, began = free.get(), monotonic()
        try:
            return Trial(mutant, attempt(mutant, root), monotonic() - began)
        finally:
            free.put(root)

    with ThreadPoolExecutor(len(copies)) as pool:
        running = [pool.submit(trial, mutant) for mutant in mutants]
        for number, ended in enumerate(as_completed(running), 1):
            _tell(f"{number:3}/{len(mutants)}", ended.result())
            yield ended.result()


def _tell(place: str, trial: Trial) -> None:
    color = "red" if trial.failed else "green"
    verdict, witness = trial.outcome.verdict.value, trial.outcome.witness
    _console.print(
        f"{place} {trial.seconds:4.1f} s [{color}]{verdict}[/] {escape(trial.mutant.title)}"
        f" [dim]{escape(witness)}[/]"
    )


def _summarize(trials: Sequence[Trial], seconds: float) -> None:
    table = Table("verdict", "mutants")
    for verdict in Verdict:
        count = sum(trial.outcome.verdict is verdict for trial in trials)
        table.add_row(verdict.value, str(count))
    _console.print(table)
    for trial in trials:
        if trial.failed:
            _console.print(f"[red]{escape(trial.mutant.title)}[/]\n  {escape(trial.mutant.breaks)}")
    _console.print(f"{seconds:.0f} s in all")


if __name__ == "__main__":
    sys.exit(main())
