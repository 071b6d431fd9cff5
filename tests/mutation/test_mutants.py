"""The table of mutants keeps up with the sources; `make mutants` then tries each of them."""

from pathlib import Path

import pytest

from mutation.mutant import PACKAGE, DoesNotApply, Mutant
from mutation.mutants import MUTANTS
from mutation.trial import Outcome, Verdict, read

ROOT = Path(__file__).resolve().parents[2]
FEWEST = 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.title)
def test_every_mutant_applies(mutant: Mutant) -> None:
    mutated = mutant.applied((ROOT / PACKAGE / mutant.file).read_text())
    compile(mutated, mutant.file, "exec")
    assert mutant.old != mutant.new
    assert mutant.tests
    assert [test for test in mutant.tests if not (ROOT / "tests" / test).exists()] == []


def test_there_are_enough_and_no_area_is_left_out() -> None:
    assert len(MUTANTS) >= FEWEST
    assert len({mutant.title for mutant in MUTANTS}) == len(MUTANTS)
    layers = {"core", "client", "server", "transport", "cli"}
    areas = {*layers, *(f"venues/{name}" for name in venue_names())}
    assert {mutant.file.rpartition("/")[0] for mutant in MUTANTS} == areas


def venue_names() -> list[str]:
    return [path.parent.name for path in (ROOT / PACKAGE / "venues").glob("*/__init__.py")]


@pytest.mark.parametrize("source", ["", "now now", "later"])
def test_a_mutant_of_text_that_is_not_there_exactly_once_is_an_error(source: str) -> None:
    mutant = Mutant("late", "core/time.py", "now", "then", "be on time", ("unit",))
    with pytest.raises(DoesNotApply, match=r"core/time.py: late: its old text occurs [02] times"):
        mutant.applied(source)


def test_a_mutated_project_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / PACKAGE / "core/time.py"
    path.parent.mkdir(parents=True)
    path.write_text("now")
    was = path.stat().st_mtime_ns
    mutant = Mutant("late", "core/time.py", "now", "then", "be on time", ("unit",))
    with mutant.in_place(tmp_path):
        assert path.read_text() == "then"
    assert (path.read_text(), path.stat().st_mtime_ns) == ("now", was)


@pytest.mark.parametrize(
    ("status", "said", "outcome"),
    [
        (0, "1 passed", Outcome(Verdict.SURVIVED, "")),
        (1, "FAILED tests/unit/a.py::b[c] - no", Outcome(Verdict.CAUGHT, "unit/a.py::b")),
        (1, "Error", Outcome(Verdict.BROKEN, "Error")),
        (2, "ERROR tests/unit/a.py - no", Outcome(Verdict.BROKEN, "ERROR tests/unit/a.py - no")),
        (5, "no tests ran", Outcome(Verdict.BROKEN, "no tests ran")),
    ],
)
def test_only_a_failed_test_catches_a_mutant(status: int, said: str, outcome: Outcome) -> None:
    assert read(status, said) == outcome
