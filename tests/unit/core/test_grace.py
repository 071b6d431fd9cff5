"""Time to read what has been waiting, when we came late ourselves."""

from clock import at
from venuewire.core.grace import LAG_GRACE, LAG_TOLERANCE, Grace


def test_who_comes_in_time_excuses_nothing() -> None:
    grace = Grace()
    assert not grace.excuses(10.0, at(10.0))
    assert not grace.excuses(10.0, at(10.0 + LAG_TOLERANCE))
    assert (grace.lag, grace.lagged_at) == (0.0, None)
    assert grace.after(11.0) == 11.0


def test_coming_late_gives_time_to_read_and_is_remembered() -> None:
    grace = Grace()
    assert grace.excuses(10.0, at(17.0))
    assert (grace.lag, grace.lagged_at) == (7.0, 17.0)
    assert grace.after(10.0) == 17.0 + LAG_GRACE


def test_what_was_overdue_is_excused_once() -> None:
    grace = Grace()
    assert grace.excuses(10.0, at(17.0))
    assert grace.excuses(9.0, at(17.4))
    assert not grace.excuses(10.0, at(17.0 + LAG_GRACE))
    assert not grace.excuses(9.0, at(27.0))


def test_while_it_lasts_nothing_is_judged() -> None:
    """Also what fell due meanwhile, in time as it may be."""
    grace = Grace()
    grace.begin(5.0, at(17.0))
    assert grace.excuses(18.0, at(18.0))
    assert grace.after(18.0) == 22.0
    assert not grace.excuses(18.0, at(22.0))


def test_coming_late_again_is_excused_again() -> None:
    grace = Grace()
    assert grace.excuses(10.0, at(17.0))
    assert grace.excuses(20.0, at(21.0))
    assert (grace.lag, grace.lagged_at) == (1.0, 21.0)


def test_a_short_grace_does_not_end_a_long_one() -> None:
    grace = Grace()
    grace.begin(5.0, at(10.0))
    grace.lagged(1.0, at(11.0))
    assert grace.until == 15.0


def test_what_falls_due_while_nothing_is_read_is_judged_when_what_has_waited_is_read() -> None:
    grace = Grace()
    grace.paused(5.0, at(10.0))
    assert grace.excuses(9.9, at(10.1))
    assert grace.after(12.0) == 15.0 + LAG_GRACE
    grace.paused(0.0, at(13.0))
    assert grace.excuses(12.0, at(13.1))
    assert grace.after(12.0) == 13.0 + LAG_GRACE
    assert not grace.excuses(12.0, at(13.0 + LAG_GRACE))
    assert (grace.lag, grace.lagged_at) == (0.0, None)


def test_reading_that_pauses_again_and_again_goes_on_excusing() -> None:
    grace = Grace()
    for second in range(10, 20):
        grace.paused(1.0, at(float(second)))
        grace.paused(0.0, at(second + 0.6))
        assert grace.excuses(9.0, at(second + 0.9))
    assert grace.began == 10.0
