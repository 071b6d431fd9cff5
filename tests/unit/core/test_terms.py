"""The numbers a local venue lives by."""

from venuewire.core.terms import Terms


def test_terms_say_whether_there_is_one() -> None:
    assert Terms().request_budget() is None
    budget = Terms(max_requests=3, requests_window=2).request_budget()
    assert budget is not None
    assert (budget.limit, budget.window) == (3, 2)
