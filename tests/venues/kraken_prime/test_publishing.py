"""What an operator has the venue say, and who hears it."""

from typing import Any

import msgspec
import pytest

from caller import Caller
from venues.kraken_prime.prime import ALICE, BOB, NOW, join, local_venue, subscribe
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Note, Publication
from venuewire.core.terms import Edition
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms

BTC = "MarketDataSnapshot:BTC-USD"


def publish(caller: Caller, channel: str, payload: Any, account: str | None = None) -> int:
    """`payload` as text stands as it is, anything else is JSON."""
    encoded = payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload)
    publication = Publication(channel=channel, payload=encoded, account=account)
    return caller.floor.publish(publication, caller.clock())


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "MarketDataSnapshot", "data": [{"Symbol": "BTC-USD", "Price": "1.10"}]},
        {"reqid": 77, "type": "MarketDataSnapshot", "seqNum": 9, "tag": "theirs", "initial": True,
         "data": [{"Symbol": "BTC-USD", "Price": "1.10"}]},
        [{"Symbol": "BTC-USD", "Price": "1.10"}],
        {"Symbol": "BTC-USD", "Price": "1.10"},
    ],
)  # fmt: skip
def test_a_whole_message_or_its_data_is_published(caller: Caller, payload: Any) -> None:
    caller.send(subscribe(1, BTC, tag="mine"))
    assert publish(caller, BTC, payload) == 1
    [message] = caller.heard()
    assert list(message) == ["reqid", "type", "ts", "seqNum", "tag", "data"]
    assert message == {
        "reqid": 1,
        "type": "MarketDataSnapshot",
        "ts": NOW,
        "seqNum": 2,
        "tag": "mine",
        "data": [{"Symbol": "BTC-USD", "Price": "1.10"}],
    }


def test_a_whole_message_keeps_its_ts_and_optional_members(caller: Caller) -> None:
    caller.send(subscribe(1, "Order"))
    members = {"ts": 'then"', "action": "Remove", "total_count": 3, "next": "cursor"}
    publish(caller, "Order", {"type": "Order", **members, "data": [{}]})
    [message] = caller.heard()
    assert {key: message[key] for key in members} == members


def test_data_is_published_as_it_was_written(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    publish(caller, BTC, '[{"b":0.10,"a":123456789012345678901234567890}]')
    assert caller.raw()[0].endswith(b'"data":[{"b":0.10,"a":123456789012345678901234567890}]}')


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        ("", "payload"),
        ("{", "payload"),
        ("5", "payload"),
        ("null", "payload"),
        ('["text"]', "payload"),
        ('{"type":"MarketDataSnapshot"}', "missing"),
        ('{"type":"MarketDataSnapshot","data":null}', "missing"),
        ('{"type":"MarketDataSnapshot","data":{}}', "payload"),
        ('{"type":"MarketDataSnapshot","data":[1]}', "payload"),
        ('{"type":"Order","data":[{}]}', "type"),
        ('{"type":5,"data":[{}]}', "payload"),
        ("[" * 100_000, "payload"),
    ],
)
def test_a_bad_payload_is_named(caller: Caller, payload: str, cause: str) -> None:
    caller.send(subscribe(1, BTC))
    with pytest.raises(LocalProtocolError, match=cause):
        publish(caller, BTC, payload)
    assert caller.heard() == []


def test_a_payload_that_is_not_utf_8_is_refused(caller: Caller) -> None:
    publication = Publication(channel=BTC, payload=b'[{"a":"\xff"}]')
    with pytest.raises(LocalProtocolError, match="payload"):
        caller.floor.publish(publication, caller.clock())


@pytest.mark.parametrize("channel", ["Nonsense", "", "ticker:BTC/USD", "order"])
def test_a_channel_this_venue_does_not_have_is_named(caller: Caller, channel: str) -> None:
    with pytest.raises(LocalProtocolError, match="channel"):
        publish(caller, channel, [{}])


def test_each_hearer_has_its_own_reqid_seq_num_and_tag(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    first, second = join(floor, clock, ALICE), join(floor, clock, BOB)
    first.send(subscribe(11, BTC, tag="one"))
    publish(first, BTC, [{}])
    first.heard()
    second.send(subscribe(22, BTC))
    second.send(subscribe(33, BTC, tag="three"))
    assert publish(first, BTC, [{}]) == 3
    [mine] = first.heard()
    theirs = second.heard()
    heard = [(m["reqid"], m["seqNum"], m.get("tag")) for m in (mine, *theirs)]
    assert heard == [(11, 3, "one"), (22, 2, None), (33, 2, "three")]


def test_nobody_else_hears_it(caller: Caller) -> None:
    caller.send(subscribe(1, "MarketDataSnapshot:ETH-USD", "Order"))
    assert publish(caller, BTC, [{}]) == 0
    assert caller.heard() == []


def test_a_subscription_without_symbol_hears_every_symbol_once(caller: Caller) -> None:
    caller.send(subscribe(1, "MarketDataSnapshot", BTC))
    assert publish(caller, BTC, [{}]) == 1
    assert publish(caller, "MarketDataSnapshot:ETH-USD", [{}]) == 1


def test_account_limits_it_to_that_accounts_sessions(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    alice, bob = join(floor, clock, ALICE), join(floor, clock, BOB)
    for someone in (alice, bob):
        someone.send(subscribe(1, "Order"))
    assert publish(alice, "Order", [{"OrderID": "1"}], account="alice") == 1
    assert bob.heard() == []
    assert alice.heard()[0]["data"] == [{"OrderID": "1"}]
    assert publish(alice, "Order", [{}], account="nobody") == 0


def test_a_private_publication_is_not_for_anonymous_hearers() -> None:
    floor, clock = local_venue("documented")
    anonymous = join(floor, clock, account=None)
    anonymous.send(subscribe(1, BTC))
    assert publish(anonymous, BTC, [{}], account="alice") == 0
    assert publish(anonymous, BTC, [{}]) == 1


def test_a_later_subscriber_begins_with_the_last_published_state(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    alice, bob = join(floor, clock, ALICE), join(floor, clock, BOB)
    publish(alice, "Balance", [{"Amount": "1"}])
    publish(alice, "Balance", [{"Amount": "2"}], account="alice")

    def opening(caller: Caller, reqid: int) -> Any:
        return caller.send(subscribe(reqid, "Balance"))[0]["data"]

    assert (opening(alice, 1), opening(bob, 1)) == ([{"Amount": "2"}], [{"Amount": "1"}])
    publish(alice, "Balance", [{"Amount": "3"}])
    alice.heard(), bob.heard()
    assert (opening(alice, 2), opening(bob, 2)) == ([{"Amount": "3"}], [{"Amount": "3"}])


def test_remembered_states_are_limited_the_oldest_goes_first() -> None:
    caller = join(*local_venue(terms=KrakenPrimeTerms(max_states=2)))
    for symbol in ("A", "B", "A", "C"):
        publish(caller, f"Trade:{symbol}", [{"Symbol": symbol}])
    openings = [caller.send(subscribe(n, f"Trade:{s}"))[0]["data"] for n, s in enumerate("ABC", 1)]
    assert openings == [[{"Symbol": "A"}], [], [{"Symbol": "C"}]]


def test_a_session_that_is_closing_hears_nothing_more(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    caller.session.close(1000)
    assert publish(caller, BTC, [{}]) == 0


def test_this_venue_has_no_notifications(caller: Caller) -> None:
    with pytest.raises(LocalProtocolError, match="no notifications"):
        caller.floor.notify(Note(note="text"), caller.clock())
