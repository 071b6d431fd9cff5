"""The numbers a local venue lives by."""

import pytest

from venuewire.core.errors import ConfigurationError
from venuewire.core.terms import Terms


def test_terms_say_whether_there_is_one() -> None:
    assert Terms().request_budget() is None
    budget = Terms(max_requests=3, requests_window=2).request_budget()
    assert budget is not None
    assert (budget.limit, budget.window) == (3, 2)


@pytest.mark.parametrize("number", [-1, -0.5, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["idle_timeout", "max_sessions", "max_requests"])
def test_a_number_that_limits_nothing_is_a_mistake(name: str, number: float) -> None:
    with pytest.raises(ConfigurationError, match=f"terms: {name} must be"):
        Terms(**{name: number})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["max_requests", "max_connects", "max_calls", "connects_window"])
def test_nothing_at_all_in_a_window_is_a_mistake(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"terms: {name} must be above 0"):
        Terms(**{name: 0})  # type: ignore[arg-type]
