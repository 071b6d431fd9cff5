"""The table of phases."""

import pytest

from clock import at
from venuewire.core.errors import LocalProtocolError
from venuewire.core.grace import LAG_GRACE
from venuewire.core.lifecycle import PATIENCE, TRANSITIONS, Lifecycle, Phase, Step


def test_every_phase_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Phase)


def test_closed_is_the_end() -> None:
    assert TRANSITIONS[Phase.CLOSED] == {}


def test_every_phase_but_closed_can_be_given_up() -> None:
    for phase, steps in TRANSITIONS.items():
        assert phase is Phase.CLOSED or steps[Step.GIVE_UP] is Phase.CLOSED


def test_every_phase_can_be_reached_from_idle() -> None:
    reached, frontier = {Phase.IDLE}, [Phase.IDLE]
    while frontier:
        new = set(TRANSITIONS[frontier.pop()].values()) - reached
        reached |= new
        frontier += new
    assert reached == set(Phase)


def test_whatever_waits_for_someone_else_has_a_limit() -> None:
    ours = {Phase.IDLE, Phase.READY, Phase.WAITING, Phase.CLOSED}
    assert set(PATIENCE) == set(Phase) - ours


def test_a_step_that_is_not_in_the_table_is_refused_and_changes_nothing() -> None:
    lifecycle = Lifecycle()
    with pytest.raises(LocalProtocolError, match="no step BE_READY from IDLE"):
        lifecycle.take(Step.BE_READY, at(0))
    assert lifecycle.phase is Phase.IDLE


def test_a_phase_runs_out_after_its_patience() -> None:
    lifecycle = Lifecycle()
    lifecycle.take(Step.DIAL, at(5))
    assert lifecycle.deadline == 5 + PATIENCE[Phase.DIALING]
    lifecycle.take(Step.BE_READY, at(6))
    assert lifecycle.deadline is None


def test_waiting_lasts_as_long_as_it_is_told() -> None:
    lifecycle = Lifecycle()
    lifecycle.take(Step.DIAL, at(0))
    lifecycle.take(Step.BACK_OFF, at(1), patience=3.5)
    assert lifecycle.deadline == 4.5
    assert repr(lifecycle) == "Lifecycle(waiting)"


def test_coming_late_puts_the_end_of_a_phase_off_once() -> None:
    """Our loop was blocked: the handshake may be done, and nobody has looked."""
    lifecycle = Lifecycle()
    lifecycle.take(Step.DIAL, at(0))
    assert not lifecycle.expired(at(9.9))
    assert not lifecycle.expired(at(14))
    assert lifecycle.deadline == 14 + LAG_GRACE
    assert lifecycle.expired(at(14 + LAG_GRACE))


def test_a_phase_that_waits_for_us_ends_when_it_should() -> None:
    lifecycle = Lifecycle()
    assert not lifecycle.expired(at(0))
    lifecycle.take(Step.BACK_OFF, at(0), patience=1.0)
    assert lifecycle.expired(at(14))
