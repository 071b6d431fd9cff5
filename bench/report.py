"""Tables of candidates, and whether what we promise of them holds.

Law: ratios are the statement, the microseconds beside them only say on what they rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.measure import Spread


@dataclass(frozen=True)
class Verdict:
    """A promise, and what was found."""

    says: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Finding:
    """One table, to be printed or written."""

    title: str
    headings: tuple[str, ...]
    """Of the columns behind the first, which has none."""
    rows: Sequence[tuple[str, ...]]
    verdicts: Sequence[Verdict]
    notes: Sequence[str] = ()
    """What has to be said beside it, each a sentence."""
    plot: str | None = None
    """SVG."""


@dataclass(frozen=True)
class Target:
    """A promise about the ratio of two medians."""

    says: str
    dear: str
    cheap: str
    """The ratio is the cost of `dear` over that of `cheap`."""
    at_most: float | None = None
    at_least: float | None = None

    def verdict(self, table: Mapping[str, Spread]) -> Verdict | None:
        """None when one of the two was not to be had."""
        if self.dear not in table or self.cheap not in table:
            return None
        ratio = table[self.dear].median / table[self.cheap].median
        enough = self.at_least is None or ratio >= self.at_least
        holds = enough and (self.at_most is None or ratio <= self.at_most)
        return Verdict(self.says, f"{ratio:.2f}", holds)


def below(ours: str, others: Sequence[str]) -> list[Target]:
    """We cost less than each of these."""
    return [Target(f"{ours} to {other}, below 1", ours, other, at_most=1) for other in others]


def within(says: str, found: float, most: float, unit: str) -> Verdict:
    return Verdict(f"{says}, at most {most:g} {unit}", f"{found:.2f} {unit}", found <= most)


def costs(
    title: str,
    table: Mapping[str, Spread],
    yardsticks: Sequence[str],
    targets: Sequence[Target],
    unit: str = "message",
) -> Finding:
    """CPU of all candidates, and its ratio to that of the yardsticks."""
    present = [name for name in yardsticks if name in table]
    headings = ("min", "median", "max", "busy", *(f"{name} = 1" for name in present))
    rows = [
        (
            name,
            *(f"{cost:.2f}" for cost in (spread.least, spread.median, spread.most)),
            f"{spread.busy:.0%}",
            *(f"{spread.median / table[yardstick].median:.2f}" for yardstick in present),
        )
        for name, spread in table.items()
    ]
    verdicts = [verdict for target in targets if (verdict := target.verdict(table)) is not None]
    return Finding(f"{title}: CPU us per {unit}", headings, rows, verdicts)


def show(console: Console, finding: Finding) -> bool:
    """Print it all; True when every promise holds."""
    drawn = Table(title=finding.title, title_justify="left")
    drawn.add_column("")
    for heading in finding.headings:
        drawn.add_column(heading, justify="right")
    for row in finding.rows:
        drawn.add_row(*row)
    console.print(drawn)
    for note in finding.notes:
        console.print(note, highlight=False)
    for verdict in finding.verdicts:
        mark = "PASS" if verdict.holds else "MISS"
        console.print(f"{mark}  {verdict.says}: {verdict.found}", highlight=False)
    console.print()
    return all(verdict.holds for verdict in finding.verdicts)
