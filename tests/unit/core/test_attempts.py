"""When to dial, and how long to wait after a failure."""

from random import Random

from clock import at
from venuewire.core.attempts import Attempts
from venuewire.core.backoff import Backoff
from venuewire.core.pacing import Budget
from venuewire.core.updates import Cause

STEEP = Backoff(initial=1.0, factor=1000.0, limit=1000.0, attempts=1)


def test_without_a_budget_an_attempt_may_always_begin() -> None:
    assert Attempts(Backoff(), Random(0), None).begin(at(0)) == 0.0


def test_a_budget_is_waited_for_and_nothing_is_used_meanwhile() -> None:
    attempts = Attempts(Backoff(), Random(0), Budget(1, 60.0))
    assert attempts.begin(at(0)) == 0.0
    assert attempts.begin(at(20)) == 40.0
    assert attempts.begin(at(60)) == 0.0


def test_a_link_that_was_stable_makes_failures_forgotten() -> None:
    attempts = Attempts(STEEP, Random(0), None)
    assert attempts.failed(at(0), Cause.LOST, None) is not None
    attempts.ready(at(1))
    assert attempts.failed(at(31), Cause.LOST, None) is not None


def test_a_link_that_was_not_does_not() -> None:
    attempts = Attempts(STEEP, Random(0), None)
    attempts.failed(at(0), Cause.LOST, None)
    attempts.ready(at(1))
    assert attempts.failed(at(30), Cause.LOST, None) is None


def test_what_the_venue_asks_for_is_the_least() -> None:
    attempts = Attempts(Backoff(limit=1.0), Random(0), None)
    assert attempts.failed(at(0), Cause.LOST, 7.0) == 7.0


def test_a_refusal_waits_for_half_the_limit_at_least() -> None:
    attempts = Attempts(Backoff(initial=0.1, limit=60.0), Random(0), None)
    delay = attempts.failed(at(0), Cause.REFUSED, None)
    assert delay is not None
    assert 30.0 <= delay <= 60.0
