"""A table of candidates, and whether the ratios we promise hold.

Law: ratios are the statement, the microseconds beside them only say on what they rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.measure import Spread


@dataclass(frozen=True)
class Target:
    """A promise about the ratio of two medians."""

    says: str
    dear: str
    cheap: str
    """The ratio is the cost of `dear` over that of `cheap`."""
    at_most: float | None = None
    at_least: float | None = None

    def ratio(self, table: Mapping[str, Spread]) -> float:
        return table[self.dear].median / table[self.cheap].median

    def holds(self, table: Mapping[str, Spread]) -> bool:
        ratio = self.ratio(table)
        enough = self.at_least is None or ratio >= self.at_least
        return enough and (self.at_most is None or ratio <= self.at_most)


def show(
    console: Console,
    title: str,
    table: Mapping[str, Spread],
    yardsticks: Sequence[str],
    targets: Sequence[Target],
) -> bool:
    """Print it all; True when every target holds."""
    console.print(_drawn(title, table, yardsticks))
    for target in targets:
        verdict = "PASS" if target.holds(table) else "MISS"
        console.print(f"{verdict}  {target.says}: {target.ratio(table):.2f}", highlight=False)
    console.print()
    return all(target.holds(table) for target in targets)


def _drawn(title: str, table: Mapping[str, Spread], yardsticks: Sequence[str]) -> Table:
    drawn = Table(title=f"{title}: CPU us per message", title_justify="left")
    drawn.add_column("")
    for heading in ("min", "median", "max", "busy", *(f"{name} = 1" for name in yardsticks)):
        drawn.add_column(heading, justify="right")
    for name, spread in table.items():
        costs = (f"{cost:.2f}" for cost in (spread.least, spread.median, spread.most))
        ratios = (f"{spread.median / table[yardstick].median:.2f}" for yardstick in yardsticks)
        drawn.add_row(name, *costs, f"{spread.busy:.0%}", *ratios)
    return drawn
