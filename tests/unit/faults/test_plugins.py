"""Faults and scenarios of other distributions."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distribution import install
from venuewire.core.errors import ConfigurationError
from venuewire.core.plugins import Plugged
from venuewire.faults import catalog, scenario
from venuewire.faults.catalog import CATALOG, fault_named, faults
from venuewire.faults.fault import Fault
from venuewire.faults.pains import PAINS
from venuewire.faults.scenario import parse_all, scenarios
from venuewire.faults.spec import parse
from venuewire.faults.timetables import SCENARIOS

MODULE = f'''
from venuewire.faults.fault import Fault, Seconds
from venuewire.faults.timetables import Scenario

class Frost(Fault, frozen=True, kw_only=True):
    """It is cold."""
    name = "frost"
    seconds: Seconds = 1.5

class Thaw(Fault, frozen=True, kw_only=True):
    """It drips."""
    name = "thaw"
    pains = (1,)

class Nameless(Fault, frozen=True, kw_only=True):
    """It has no name."""

class Loud(Fault, frozen=True, kw_only=True):
    """Its name cannot be typed as a spec."""
    name = "LOUD!"

class Silent(Fault, frozen=True, kw_only=True):
    name = "silent"

class Strange(Fault, frozen=True, kw_only=True):
    """It reproduces what nobody has."""
    name = "strange"
    pains = (1, {max(PAINS) + 1})

class Demanding(Fault, frozen=True, kw_only=True):
    """It cannot be had by its name alone."""
    name = "demanding"
    seconds: Seconds

class Latency(Fault, frozen=True, kw_only=True):
    """It would replace ours."""
    name = "latency"

class Flaky(Fault, frozen=True, kw_only=True):
    """It would hide behind a scenario."""
    name = "flaky-morning"

class NoFault:
    name = "no-fault"

BOTH, FOUR, FROZEN = (Frost, Thaw), 4, Frost()
WINTER = Scenario("winter", "it is cold, then it drips", ("frost:seconds=2@10+60", "thaw@70"))
UNREAD = Scenario("unread", "of no fault there is", ("sunshine",))
SHOUTED = Scenario("WINTER", "a name that cannot be typed", ("frost",))
TAKEN = Scenario("frost", "the name of a fault", ("thaw",))
'''


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What was found is looked for again, before and after."""
    faults.cache_clear()
    scenarios.cache_clear()
    yield
    faults.cache_clear()
    scenarios.cache_clear()
    sys.modules.pop("weather", None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def added(place: Path, fault: str, scene: str = "weather:WINTER") -> Plugged[type[Fault]]:
    groups = {catalog.GROUP: {"some": fault}, scenario.GROUP: {"some": scene}}
    install(place, groups, {"weather": MODULE})
    return faults()


def test_they_can_be_had_by_name_beside_our_own(place: Path) -> None:
    assert added(place, "weather:BOTH").by_name.keys() - CATALOG.keys() == {"frost", "thaw"}
    assert str(parse("kucoin/frost:seconds=2@30")) == "kucoin/frost:seconds=2@30"
    assert parse("half-open").fault == CATALOG["half-open"]()
    assert "frost" not in CATALOG


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ("NoFault", "NoFault is no Fault"),
        ("FOUR", "4 is no Fault"),
        ("FROZEN", "Frost(seconds=1.5) is no Fault"),
        ("Nameless", "Nameless has no `name` of at most 40 characters a-z, 0-9 and -"),
        ("Loud", "Loud has no `name` of at most 40 characters a-z, 0-9 and -"),
        ("Silent", "Silent has no docstring"),
        ("Strange", f"Strange reproduces pains that nobody has listed: [{max(PAINS) + 1}]"),
        ("Demanding", "Demanding has parameters without a default: seconds"),
        ("Latency", "the name 'latency' is taken"),
        ("Flaky", "the name 'flaky-morning' is taken"),
    ],
)
def test_what_is_no_whole_fault_is_left_out_and_named(
    place: Path, attribute: str, why: str
) -> None:
    [left_out] = added(place, f"weather:{attribute}").left_out
    assert left_out.why == why
    assert faults().by_name == CATALOG
    with pytest.raises(ConfigurationError, match=f"some = weather:{attribute} of my-plugins 1.0"):
        fault_named("frost")


def test_a_scenario_stands_for_its_faults(place: Path) -> None:
    added(place, "weather:BOTH")
    assert parse_all("winter") == (parse("frost:seconds=2@10+60"), parse("thaw@70"))
    assert scenarios().by_name.keys() - SCENARIOS.keys() == {"winter"}


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ("FOUR", "int is no Scenario"),
        ("UNREAD", "no fault is called 'sunshine'; there are "),
        ("SHOUTED", "the name 'WINTER' is not made of a-z, 0-9 and -"),
        ("TAKEN", "the name 'frost' is taken"),
    ],
)
def test_what_is_no_whole_scenario_is_left_out_and_named(
    place: Path, attribute: str, why: str
) -> None:
    added(place, "weather:BOTH", f"weather:{attribute}")
    [left_out] = scenarios().left_out
    assert left_out.why.startswith(why)
    assert scenarios().by_name == SCENARIOS


def test_the_page_can_be_printed_with_them(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(place, "weather:BOTH")
    runpy.run_module("venuewire.faults", run_name="__main__")
    printed = capsys.readouterr().out
    assert f"\n{len(CATALOG) + 2} faults, {len(SCENARIOS) + 1} scenarios.\n" in printed
    _, _, ours = printed.partition("## By entry point\n\n")
    frost, _, thaw = ours.partition("### `thaw`\n\n")
    assert frost == "### `frost`\n\nIt is cold.\n\n- `seconds`: number, 1.5\n\n"
    assert thaw.startswith(f"It drips.\n\nReproduces: {PAINS[1]} (1).\n")
    assert "### `winter`\n\nIt is cold, then it drips.\n" in printed
