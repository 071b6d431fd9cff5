"""Which reply belongs to which request."""

from clock import at
from venuewire.core.inflight import PATIENCE, Inflight, Purpose, Settled


def flight() -> Inflight:
    inflight = Inflight()
    inflight.add(1, Purpose.SUBSCRIBE, ["a", "b"], at(0))
    inflight.add(2, Purpose.UNSUBSCRIBE, ["a"], at(1))
    return inflight


def test_by_id_symbol_by_symbol() -> None:
    inflight = flight()
    assert inflight.settle(1, ("a",)) == Settled(Purpose.SUBSCRIBE, ("a",))
    assert inflight.settle(1, ()) == Settled(Purpose.SUBSCRIBE, ("b",))
    assert inflight.settle(1, ()) is None


def test_by_channel_oldest_first() -> None:
    inflight = flight()
    assert inflight.settle(None, ("a",), Purpose.UNSUBSCRIBE) == Settled(
        Purpose.UNSUBSCRIBE, ("a",)
    )
    assert inflight.settle(None, ("z",)) is None


def test_by_age_when_the_reply_names_nothing() -> None:
    assert flight().settle(None, ()) == Settled(Purpose.SUBSCRIBE, ("a", "b"))


def test_an_id_that_is_not_ours_answers_nothing() -> None:
    assert flight().settle("1", ()) is None
    assert flight().settle(3, ()) is None


def test_overdue_requests_are_taken_out() -> None:
    inflight = flight()
    assert inflight.deadline == PATIENCE
    assert [late.id for late in inflight.overdue(at(PATIENCE))] == [1]
    assert len(inflight) == 1
    inflight.clear()
    assert inflight.deadline is None
