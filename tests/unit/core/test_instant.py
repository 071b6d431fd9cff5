"""Moments and deadlines."""

from clock import at
from venuewire.core.instant import earliest, passed


def test_nothing_due_is_never_passed() -> None:
    assert earliest(None, None) is None
    assert not passed(None, at(1e9))


def test_a_deadline_is_passed_at_its_moment() -> None:
    assert earliest(3, None, 2) == 2
    assert passed(2, at(2))
    assert not passed(2, at(1.9))
