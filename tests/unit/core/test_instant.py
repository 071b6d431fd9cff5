"""Moments and deadlines."""

from clock import at
from venuewire.core.instant import Instant, earliest, parted, passed


def test_nothing_due_is_never_passed() -> None:
    assert earliest(None, None) is None
    assert not passed(None, at(1e9))


def test_a_deadline_is_passed_at_its_moment() -> None:
    assert earliest(3, None, 2) == 2
    assert passed(2, at(2))
    assert not passed(2, at(1.9))


def test_clocks_part_by_what_one_has_seen_and_the_other_has_not() -> None:
    before = Instant(10.0, 1000.0)
    assert parted(before, Instant(11.0, 1001.0)) == 0.0
    assert parted(before, Instant(11.0, 4601.0)) == 3600.0
    assert parted(before, Instant(11.0, 991.0)) == -10.0
