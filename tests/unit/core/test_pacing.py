"""How many in how long."""

from math import nextafter

import pytest

from clock import at
from venuewire.core import pacing
from venuewire.core.pacing import Budget, Turnstile


def test_no_more_than_the_limit_in_any_window() -> None:
    budget = Budget(2, 10)
    assert budget.free_at(at(0)) == 0
    assert [budget.take(at(second)) for second in (0, 1, 2, 9.9, 10, 10.5, 11)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert budget.free_at(at(11)) == 20


def test_when_it_is_said_to_be_free_it_is() -> None:
    """Sums and differences are rounded differently."""
    for first in (0.1, 0.7, 1 / 3, 123_456.789):
        budget = Budget(1, 0.3)
        budget.take(at(first))
        free = budget.free_at(at(first))
        assert not budget.take(at(nextafter(free, 0.0)))
        assert budget.take(at(free))


def test_each_key_has_a_budget_of_its_own() -> None:
    turnstile = Turnstile(1, 10)
    assert [turnstile.wait(key, at(second)) for key, second in (("a", 0), ("b", 1))] == [None, None]
    assert turnstile.wait("a", at(4)) == 6
    assert turnstile.wait("b", at(10)) == 1
    assert turnstile.wait("a", at(10)) is None


def test_without_a_limit_all_pass_and_nobody_is_remembered() -> None:
    turnstile = Turnstile(None, 10)
    assert {turnstile.wait("a", at(0)) for _ in range(100)} == {None}
    assert len(turnstile) == 0


def test_few_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest unseen is forgotten, and has a whole budget again."""
    monkeypatch.setattr(pacing, "REMEMBERED", 2)
    turnstile = Turnstile(1, 10)
    for key in ("a", "b", "a", "c"):
        turnstile.wait(key, at(0))
    assert len(turnstile) == 2
    assert turnstile.wait("a", at(1)) == 9
    assert turnstile.wait("b", at(1)) is None
