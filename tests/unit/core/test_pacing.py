"""How many in how long."""

from clock import at
from venuewire.core.pacing import Budget


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
