"""What is printed and written says what was found, and nothing else."""

from pathlib import Path

import pytest
from rich.console import Console

from bench import page
from bench.measure import Sample, Spread
from bench.report import Finding, Target, Verdict, below, costs, show, within


def spread(median: float) -> Spread:
    return Spread(median, median, median, 1.0)


def test_a_ratio_beyond_its_bound_is_not_kept() -> None:
    target = Target("a to b, at most 2", "a", "b", at_most=2)
    for dear, holds in ((1.9, True), (2.0, True), (2.1, False)):
        verdict = target.verdict({"a": spread(dear), "b": spread(1)})
        assert verdict is not None
        assert verdict.holds is holds
    at_least = Target("a to b, at least 3", "a", "b", at_least=3)
    verdict = at_least.verdict({"a": spread(2.9), "b": spread(1)})
    assert verdict == Verdict("a to b, at least 3", "2.90", holds=False)


def test_a_yardstick_that_was_not_to_be_had_is_no_promise() -> None:
    found = costs(
        "t", {"ours": spread(1), "theirs": spread(2)}, ("gone",), below("ours", ("gone",))
    )
    assert found.verdicts == []
    assert found.headings == ("min", "median", "max", "busy")


def test_medians_are_compared() -> None:
    samples = [Sample.of(messages=1000, cpu=cpu, wall=10_000_000) for cpu in (9, 5, 7)]
    assert Spread.of(samples).median == Sample.of(messages=1000, cpu=7, wall=1).cost


def test_one_promise_not_kept_is_enough() -> None:
    kept, broken = within("late", 1, 2, "ms"), within("late", 3, 2, "ms")
    console = Console(quiet=True)
    assert show(console, Finding("t", (), [], [kept]))
    assert not show(console, Finding("t", (), [], [kept, broken]))


def test_the_page_has_every_figure_its_command_and_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    found = Finding(
        "Title", ("CPU",), [("ours", "1.25")], [within("late", 3, 2, "ms")], ["Noted."], "<svg/>"
    )
    assert list(page.write({"idle": [found]})) == [
        tmp_path / "idle.svg",
        tmp_path / "performance.md",
    ]
    written = (tmp_path / "performance.md").read_text()
    for said in (
        "    make bench TABLE=idle\n",
        "Many sessions that say little",
        "![Title](idle.svg)",
        "|  | CPU |\n| --- | ---: |\n| ours | 1.25 |",
        "Noted.",
        "- **not kept**: late, at most 2 ms: 3.00 ms",
    ):
        assert said in written
