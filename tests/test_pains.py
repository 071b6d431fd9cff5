"""docs/explanation/pains.md answers every pain, and what it points to exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from msgspec import Struct

from venuewire.faults.catalog import CATALOG
from venuewire.faults.pains import PAINS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/explanation/pains.md").read_text()
REFERENCE = (ROOT / "docs/reference/faults.md").read_text()
WITHOUT_FAULT = {14, 24}
"""No venue's doing: no sandbox, and secrets in a client's own logs."""
ELSEWHERE = re.compile(r"Not here: .*\[Limits\]\(\.\./\.\./README\.md#limits\)")


class Row(Struct, frozen=True):
    number: int
    pain: str
    answer: str
    faults: str
    shown: str


def rows() -> list[Row]:
    found = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    return [Row(int(number), *others) for number, *others in found]


@cache
def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def existing(reference: str) -> bool:
    path, _, name = reference.partition("::")
    return (ROOT / path).is_file() and name.startswith("test_") and name in functions_of(path)


def test_every_pain_has_its_row_in_its_place() -> None:
    assert {row.number: row.pain for row in rows()} == PAINS
    assert [row.number for row in rows()] == list(PAINS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_a_row_says_what_is_done_and_by_what_it_is_shown(row: Row) -> None:
    references = re.findall(r"`(tests/[^`]+)`", row.shown)
    assert references
    assert row.shown == "<br>".join(f"`{reference}`" for reference in references)
    assert [reference for reference in references if not existing(reference)] == []
    assert "Not here" not in row.answer or ELSEWHERE.search(row.answer)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_its_faults_are_described_and_claim_to_reproduce_it(row: Row) -> None:
    named = re.findall(r"\[([a-z0-9-]+)\]\(\.\./reference/faults\.md#([a-z0-9-]+)\)", row.faults)
    assert bool(named) is (row.number not in WITHOUT_FAULT)
    for name, anchor in named:
        assert name == anchor
        assert row.number in CATALOG[name].pains
        assert f"\n### `{anchor}`\n" in REFERENCE


def test_whatever_else_the_page_names_exists() -> None:
    named = set(re.findall(r"`(tests/[^`:]+\.py)(?:::[a-z0-9_]+)?`", PAGE))
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert "## Limits" in (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)#]+)", PAGE))
    assert [path for path in linked if not (ROOT / "docs/explanation" / path).is_file()] == []
