"""By which names a floor knows what another process must be given."""

from random import Random

from clock import VirtualClock
from venuewire.core.floor import ELAPSED, Note, Publication
from venuewire.core.secrets import Account, Credentials
from venuewire.transport import ledger as module
from venuewire.transport.hall import Hall
from venuewire.transport.ledger import Ledger
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises
from venuewire.venues import venue

FUTURES = venue("kraken-futures")


def hall() -> Hall:
    clock = VirtualClock()
    accounts = [Account("alice", Credentials("key", "c2VjcmV0"))]
    floor = FUTURES.floor(FUTURES.terms("documented"), accounts, clock, Random(0))
    made = Hall(FUTURES, floor, Premises(clock, Limits()))
    made.ledger = Ledger(floor)
    return made


def names(place: Hall) -> list[object]:
    assert place.ledger is not None
    return [key for key, _ in place.ledger.records()]


def test_everything_that_is_known_is_named_the_latest_last() -> None:
    place = hall()
    place.publish(Publication(channel="ticker:PI_XBTUSD", payload=b"{}"))
    place.notify(Note(note="a"))
    place.let_pass(5.0)
    place.publish(Publication(channel="ticker:PI_XBTUSD", payload=b"{}"))
    assert names(place) == [
        *(("note", 1), ("last note",), ELAPSED, ("picture", "ticker", "PI_XBTUSD")),
    ]


def test_another_hall_takes_it_all_back() -> None:
    place, other = hall(), hall()
    place.notify(Note(note="a"))
    place.let_pass(5.0)
    assert place.ledger is not None
    for key, value in place.ledger.records():
        other.take_back(key, value)
    assert names(other) == names(place)
    assert other.floor.notifications == place.floor.notifications
    assert other.floor.elapsed == 5.0


def test_what_is_nothing_any_more_is_swept_out() -> None:
    place = hall()
    assert place.ledger is not None
    for number in range(1, 3 * module._SWEEP_FROM):
        place.notify(Note(note="a"))
        place.withdraw(number)
        assert len(place.ledger) <= module._SWEEP_FROM + 2
    assert names(place) == [("last note",)]
