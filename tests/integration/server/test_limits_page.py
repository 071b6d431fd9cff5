"""docs/reference/limits.md against the code: nothing that limits is missing, no value is stale, and
every test that is named exists."""

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec import Struct

from venuewire.transport.limits import Limits
from venuewire.venues import venues

TESTS: Final = Path(__file__).resolve().parents[2]
PAGE: Final = TESTS.parent / "docs/reference/limits.md"
LIMITING: Final = re.compile(r"max_|.*_per_|(.*_)?(lifetime|window)$|idle_timeout$")
"""Names of the fields of terms that limit something."""

Row = Mapping[str, str]


@cache
def tables() -> dict[str, list[Row]]:
    """Rows by column, of the table below each heading."""
    found: dict[str, list[Row]] = {}
    for section in PAGE.read_text().split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        lines = [line for line in text.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        if cells:
            found[title] = [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]
    return found


def rows(title: str) -> list[Row]:
    [found] = [rows for heading, rows in tables().items() if heading.startswith(title)]
    return found


def bare(cell: str) -> str:
    return cell.strip("`")


def shown(value: object) -> str:
    return "-" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def values(struct: Struct) -> dict[str, str]:
    return {name: shown(value) for name, value in msgspec.structs.asdict(struct).items()}


def test_every_limit_of_a_process_is_there_with_its_default() -> None:
    told = {bare(row["setting"]): row["default"] for row in rows("Of one local venue, whatever")}
    assert told == values(Limits())


@pytest.mark.parametrize("edition", ["documented", "observed"])
@pytest.mark.parametrize("name", venues())
def test_every_limit_of_a_venue_is_there_with_its_default(name: str, edition: str) -> None:
    terms = values(venues()[name].terms(edition))  # type: ignore[arg-type]
    own = name.removesuffix("-futures") if name == "kucoin-futures" else name
    told = {bare(row["setting"]): row[name] for row in rows("Of a venue")}
    told |= {
        bare(row["setting"]): row["default"]
        for row in rows("Of one venue only")
        if row["venue"] == own
    }
    assert told == {setting: terms[setting] for setting in terms if LIMITING.match(setting)} | {
        setting: terms[setting] for setting in told
    }


def test_constants_are_what_they_are() -> None:
    for row in rows("Constants"):
        module, _, name = bare(row["where"]).rpartition(".")
        value = getattr(importlib.import_module(f"venuewire.{module}"), name)
        assert row["value"] == shown(value), name


def test_every_test_that_is_named_exists() -> None:
    named = [test for each in tables().values() for row in each for test in _tests(row)]
    assert len(named) > 40
    for test in named:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (TESTS / file).read_text(), test


def _tests(row: Row) -> Iterator[str]:
    shown_by = re.findall(r"`([^`]+)`", row["shown by"])
    continues = not row.get("what", "shown")  # The second of a pair of settings.
    assert shown_by or continues, row
    yield from shown_by
