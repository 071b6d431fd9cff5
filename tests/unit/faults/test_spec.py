"""Faults as text, and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from venuewire.core.errors import ConfigurationError
from venuewire.faults.catalog import CATALOG
from venuewire.faults.fault import Fault
from venuewire.faults.network import HalfOpen, Latency
from venuewire.faults.scenario import parse_all
from venuewire.faults.spec import Spec, parse
from venuewire.faults.timetables import SCENARIOS

SAMPLES: dict[str, list[Any]] = {
    "way": ["up", "down", "both"],
    "channel": ["", "ticker:BTC/USD", "/market/ticker:BTC-USDT", "a,b@c%d+e=f:g"],
    "coin": ["ETH", "XBT"],
    "times": [1, 7, 1_000_000],
    "retry_after": [1, 90],
    "size": [1, 65_536],
}
RATES = {"rate": st.floats(0.0, 1.0), "seconds": st.floats(0.0, 1e6), "every": st.floats(0.5, 1e6)}


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    kind = CATALOG[draw(st.sampled_from(sorted(CATALOG)))]
    changes: dict[str, Any] = {}
    for field in fields(kind):
        if draw(st.booleans()):
            continue
        if field.name in SAMPLES:
            changes[field.name] = draw(st.sampled_from(SAMPLES[field.name]))
        elif isinstance(field.default, int):
            changes[field.name] = draw(st.integers(1, 100_000))
        else:
            changes[field.name] = draw(RATES.get(field.name, st.floats(0.0, 1e6)))
    return replace(kind(), **changes)


seconds = st.floats(0.0, 1e6)
names = st.sampled_from([None, "kucoin", "kraken-spot"])


@given(faults(), seconds, st.none() | seconds, names)
def test_what_is_printed_is_read_as_the_same(
    fault: Fault, after: float, lasting: float | None, venue: str | None
) -> None:
    spec = Spec(fault, after, lasting, venue)
    assert parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("half-open", Spec(HalfOpen())),
        ("half-open@30", Spec(HalfOpen(), 30)),
        ("half-open@30+60", Spec(HalfOpen(), 30, 60)),
        ("half-open@0+0.5", Spec(HalfOpen(), 0, 0.5)),
        ("latency:seconds=0.2,jitter=0.1", Spec(Latency(seconds=0.2, jitter=0.1))),
        ("kucoin/latency:way=up@1", Spec(Latency(way="up"), 1, None, "kucoin")),
    ],
)
def test_the_forms(text: str, spec: Spec) -> None:
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "NAME"),
        ("kucoin/", "NAME"),
        ("Half-Open", "NAME"),
        ("latency:", "NAME"),
        ("deaf-mute", "no fault is called 'deaf-mute'; there are ack-never"),
        ("half-open:seconds=1", "half-open has no 'seconds'; it has no parameters"),
        ("latency:second=1", "latency has no 'second'; it has seconds, jitter, way"),
        ("latency:seconds", "seconds is said once, as seconds=VALUE"),
        ("latency:seconds=1,seconds=2", "seconds is said once"),
        ("latency:seconds=-1", ">= 0"),
        ("latency:seconds=nan", ">= 0"),
        ("latency:seconds=soon", "seconds"),
        ("latency:way=sideways", "way"),
        ("lose:rate=2", "<= 1"),
        ("http-429:times=0", ">= 1"),
        ("half-open@", "@30+60"),
        ("half-open@soon", "@30+60"),
        ("half-open@-1", "@30+60"),
        ("half-open@1e3", "@30+60"),
        ("half-open@1+", "@30+60"),
        ("half-open@9999999", "@30+60"),
        ("half-open@1+9999999", "@30+60"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse(text)
    assert said in str(error.value)


def test_a_scenario_stands_for_its_faults() -> None:
    assert parse_all("flaky-morning") == tuple(map(parse, SCENARIOS["flaky-morning"].faults))
    assert parse_all("half-open@3") == (parse("half-open@3"),)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_read(name: str) -> None:
    assert len(parse_all(name)) > 1
    assert name not in CATALOG
