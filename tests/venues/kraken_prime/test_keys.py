"""Keys that come and go, and what outlives a process."""

import pytest

from restart import Records, carry_over
from venues.kraken_prime.prime import ALICE, BOB, join, local_venue, subscribe
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Floor, Publication, RecordKey
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms


def publish(floor: Floor, channel: str, payload: bytes, account: str | None = None) -> None:
    _, clock = local_venue()
    floor.publish(Publication(channel=channel, payload=payload, account=account), clock())


def test_deletion_is_immediate_and_ends_the_keys_sessions() -> None:
    floor, clock = local_venue()
    alice, bob, nobody = join(floor, clock), join(floor, clock, BOB), join(floor, clock, None)
    assert floor.revoke("alice-key", clock()) == (alice.session,)
    assert (alice.closed, bob.closed, nobody.closed) == (1008, None, None)


def test_a_key_that_comes_later_is_let_in() -> None:
    floor, clock = local_venue()
    floor.revoke("alice-key", clock())
    floor.enroll(ALICE)
    assert join(floor, clock).closed is None


def test_states_survive_the_latest_of_them_first_shown() -> None:
    floor, clock = local_venue()
    publish(floor, "Balance", b'[{"Amount":"1.50"}]', "alice")
    publish(floor, "Balance", b'[{"Amount":"2"}]')
    publish(floor, "MarketDataSnapshot:BTC-USD", b'{"Symbol":"BTC-USD"}')
    publish(floor, "Balance", b'[{"Amount":"3.50"}]', "alice")
    fresh, _ = local_venue()
    carry_over(floor, fresh, clock())
    for each in (floor, fresh):
        caller = join(each, clock)
        heard = caller.send(subscribe(1, "Balance", "MarketDataSnapshot:BTC-USD"))
        assert [frame["data"] for frame in heard] == [
            [{"Amount": "3.50"}],
            [{"Symbol": "BTC-USD"}],
        ]
        [other] = join(each, clock, BOB).send(subscribe(1, "Balance"))
        assert other["data"] == [{"Amount": "2"}]


def test_states_beyond_the_limit_are_not_kept() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(max_states=1))
    records = Records()
    publish(floor, "Balance", b"[]")
    records.collect(floor)
    publish(floor, "Order", b"[]")
    records.collect(floor)
    assert list(records.all) == [("state", "Order", None)]
    assert clock().monotonic == 0


def test_the_states_of_an_account_go_with_its_last_key() -> None:
    floor, clock = local_venue()
    records = Records()
    publish(floor, "Balance", b"[]", "alice")
    publish(floor, "Balance", b"[]", "bob")
    records.collect(floor)
    floor.revoke("alice-key", clock())
    records.collect(floor)
    assert list(records.all) == [("state", "Balance", "bob")]


def test_the_states_of_an_account_that_is_gone_are_dropped() -> None:
    floor, clock = local_venue()
    records = Records()
    publish(floor, "Balance", b"[]", "alice")
    records.collect(floor)
    fresh, _ = local_venue()
    fresh.revoke("alice-key", clock())
    records.restore(fresh, clock())
    records.collect(fresh)
    assert records.all == {}


@pytest.mark.parametrize("key", [("state", "Nonsense", None), ("state", 1, None), ("state",)])
def test_what_makes_no_sense_is_refused(key: RecordKey) -> None:
    floor, clock = local_venue()
    with pytest.raises(LocalProtocolError):
        floor.restore(key, b"[]", clock())
