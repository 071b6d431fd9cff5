"""Seeded campaigns that are short enough for every day; `make simulate` has the long ones."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.campaign import EDITIONS, Scope, run
from simulation.mishaps import fitting, plan
from simulation.shrink import account, planned, shrink, smallest
from simulation.stage import PEOPLE
from venuewire.core.commands import Dial
from venuewire.core.liveness import Liveness
from venuewire.core.sieve import Sieve
from venuewire.core.subscriptions import Standing, Subscriptions
from venuewire.core.terms import Edition
from venuewire.venues import venues

ROOT = Path(__file__).resolve().parents[2]
every_venue = pytest.mark.parametrize("venue", list(venues()))
every_edition = pytest.mark.parametrize("edition", EDITIONS)


def expect_nothing_broken(scope: Scope) -> None:
    outcome = run(scope)
    if outcome.failure is not None:
        pytest.fail(account(outcome.failure, shrink(outcome.failure)), pytrace=False)


@every_venue
@every_edition
@pytest.mark.parametrize("seed", [1, 2])
def test_no_fault_breaks_an_invariant(venue: str, edition: Edition, seed: int) -> None:
    scope = Scope(seed, 0.2, venues=(venue,), editions=(edition,))
    expect_nothing_broken(scope)


@every_venue
@every_edition
def test_bad_weather_kills_nobody(venue: str, edition: Edition) -> None:
    expect_nothing_broken(Scope(3, 1.5, "healthy", (venue,), (edition,)))


@every_venue
@every_edition
def test_links_are_replaced_without_a_gap_or_a_duplicate(venue: str, edition: Edition) -> None:
    scope = Scope(4, 0.1, "rotations", (venue,), (edition,))
    expect_nothing_broken(scope)


def test_a_day_at_kucoin_ends_before_the_venue_ends_it() -> None:
    outcome = run(Scope(5, 26.0, "healthy", ("kucoin",), ("documented",)))
    assert outcome.failure is None
    assert outcome.tally.sums["rotations"] == PEOPLE
    assert outcome.tally.sums["gaps"] == outcome.tally.sums["reconnects"] == 0


# One seed, one history.

TELL = """
from hashlib import sha256
from simulation.campaign import Scope, run
outcome = run(Scope(6, 0.05), telling=True)
assert len(outcome.transcript) > 1000 and outcome.failure is None, outcome.failure
print(sha256("\\n".join(outcome.transcript).encode()).hexdigest())
"""


def test_a_seed_is_a_history_byte_for_byte_in_any_process() -> None:
    told = set()
    for hashing in ("0", "1"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": hashing,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
        }
        done = subprocess.run(
            [sys.executable, "-c", TELL],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        told.add(done.stdout)
    assert len(told) == 1


def test_a_transcript_shows_no_secret_and_would_be_found_out_if_it_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope = Scope(6, 0.02)
    assert run(scope, telling=True).failure is None
    monkeypatch.setattr(Dial, "__repr__", lambda dial: f"Dial({dial.link}, {dial.url})")
    failure = run(scope, telling=True).failure
    assert failure is not None
    assert failure.invariant == "secrets"


def test_another_seed_is_another_history() -> None:
    first, second = (run(Scope(seed, 0.01), telling=True).transcript for seed in (7, 8))
    assert first != second


def test_every_fault_that_fits_is_drawn_sooner_or_later() -> None:
    for name, venue in venues().items():
        drawn = {
            mishap.fault.name
            for episode in range(600)
            for mishap in plan(0, name, venue, episode, PEOPLE)
            if mishap.fault is not None
        }
        assert drawn >= {fault.name for fault in fitting(name)}


# A kernel with a bug.


def test_a_kernel_that_never_misses_a_pong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its dead links are believed for ever; what is left of a long history is one black hole."""
    scope = Scope(4, 0.2, venues=("kucoin",), editions=("documented",))
    assert run(scope).failure is None
    monkeypatch.setattr(Liveness, "_pong_due", property(lambda _: None))
    failure = run(scope).failure
    assert failure is not None
    assert failure.invariant == "zombie"
    shrunk = shrink(failure)
    assert shrunk.failure is not None
    assert shrunk.failure.invariant == "zombie"
    keep = shrunk.failure.scope.keep
    assert keep is not None
    assert len(keep) == 1 < len(planned(scope, failure.episode))
    printed = account(failure, shrunk)
    assert "make simulate SEED=4 HOURS=0.2 VENUE=kucoin EDITION=documented KEEP=" in printed
    assert re.search(r"with: +\d+\.\d (half-open|black-hole)", printed)
    assert "kucoin/documented !" in printed.partition("timeline")[2]


def test_a_kernel_that_forgets_its_gaps_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Subscriptions, "lost", _lose_without_a_trace)
    failure = run(Scope(1, 0.2, venues=("kraken-prime",), editions=("documented",))).failure
    assert failure is not None
    assert failure.invariant == "unreported gap"


def _lose_without_a_trace(subscriptions: Subscriptions, _: float, __: float) -> None:
    for wish in subscriptions:
        wish.standing = Standing.WANTED
        wish.last_data = wish.sequence = wish.expected_since = None


def test_a_kernel_that_says_everything_twice_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sieve, "_matches", lambda *_: False)
    failure = run(Scope(1, 0.1, "rotations", ("kucoin",), ("observed",))).failure
    assert failure is not None
    assert failure.invariant == "duplicate"


def test_a_kernel_that_raises_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Subscriptions, "lost", lambda *_: 1 // 0)
    failure = run(Scope(1, 0.1, venues=("kucoin",), editions=("observed",))).failure
    assert failure is not None
    assert failure.invariant == "no exception"
    assert "ZeroDivisionError" in str(failure)


# Shrinking.


@pytest.mark.parametrize(
    ("culprits", "count"), [({3}, 10), ({0, 9}, 10), ({4, 5, 6}, 7), (set(), 5), ({0}, 1)]
)
def test_what_is_left_is_what_it_takes(culprits: set[int], count: int) -> None:
    tried: list[int] = []

    def fails(ones: object) -> bool:
        tried.append(1)
        return culprits <= set(ones)  # type: ignore[call-overload,no-any-return]

    assert set(smallest(range(count), fails)) == culprits
    assert len(tried) < 60
