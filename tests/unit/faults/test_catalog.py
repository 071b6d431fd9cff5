"""The catalog is whole, explained, and printed as it stands."""

import runpy
import sys
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields

from venuewire.faults.catalog import CATALOG, FAMILIES, purpose
from venuewire.faults.doors import TokenFault
from venuewire.faults.fault import Fault
from venuewire.faults.pains import PAINS
from venuewire.faults.reference import one_line, reference

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/faults.md"


def test_there_are_enough_and_no_two_of_a_name() -> None:
    assert len(CATALOG) >= 40
    assert len(CATALOG) == sum(map(len, FAMILIES.values()))


@pytest.mark.parametrize("fault", CATALOG.values(), ids=list(CATALOG))
def test_every_fault_says_what_it_does_and_what_it_reproduces(fault: type[Fault]) -> None:
    assert fault.name == fault.name.lower()
    assert fault.__doc__ != Fault.__doc__
    assert purpose(fault).endswith(".")
    assert fault.pains or fault.rule
    assert set(fault.pains) <= PAINS.keys()
    assert issubclass(fault, Struct)
    assert fault.__struct_config__.frozen
    assert fault() == fault()
    assert all(not field.required for field in fields(fault))


def test_most_pains_can_be_reproduced() -> None:
    """What is left is not a venue's doing: no sandbox, and secrets in a client's own logs."""
    assert set(PAINS) - {pain for fault in CATALOG.values() for pain in fault.pains} == {14, 24}


def test_one_line() -> None:
    assert one_line(CATALOG["half-open"]) == "half-open"
    assert one_line(CATALOG["http-429"]) == "http-429:times=unlimited,retry_after=7"
    assert one_line(CATALOG["frozen-channel"]) == "frozen-channel:channel=any"


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m venuewire.faults > docs/reference/faults.md` makes it so."""
    runpy.run_module("venuewire.faults", run_name="__main__")
    printed = capsys.readouterr().out
    assert printed == reference()
    assert PAGE.read_text() == printed
    assert "venuewire.faults.__main__" not in sys.modules


def test_a_family_s_base_is_no_fault() -> None:
    with pytest.raises(NotImplementedError):
        TokenFault().outcome()
