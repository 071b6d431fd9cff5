"""What outlives a process: notifications, and the pictures a new subscriber is shown."""

from typing import Any

import pytest

from restart import Records, carry_over
from venues.kraken_futures.futures import Futures, login, subscribe
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Note, RecordKey

TRADE = {"side": "buy", "qty": 1.50, "price": 100.0}
PUBLIC: list[tuple[str, list[Any]]] = [
    ("ticker:PI_XBTUSD", [b'{"bid":1.10,"ask":2}', b'{"bid":1.20}']),
    ("ticker_lite:PI_XBTUSD", [{"bid": 1}]),
    ("trade:PI_XBTUSD", [TRADE, TRADE, {**TRADE, "seq": 9}]),
    ("trade:PI_XBTUSD", [{"feed": "trade_snapshot", "trades": []}]),
    ("trade:PF_NEWUSD", [{**TRADE, "seq": 7}, {"feed": "trade_snapshot", "trades": []}]),
    ("book:PI_XBTUSD", [{"side": "buy", "price": 100.25, "qty": 2}, {"text": "no level"}]),
    (
        "book:PI_XBTUSD",
        [
            {
                "feed": "book_snapshot",
                "seq": 40,
                "bids": [{"price": 1, "qty": 2}],
                "asks": [],
                "more": "x",
            },
            {"side": "sell", "price": 3.5, "qty": 4, "timestamp": 5},
        ],
    ),
]


def again(venue: Futures, **terms: Any) -> Futures:
    """The venue after a restart."""
    fresh = Futures(venue.edition, **terms)
    carry_over(venue.floor, fresh.floor, venue.clock())
    return fresh


def shown(venue: Futures, channel: str) -> Any:
    feed, _, product = channel.partition(":")
    return venue.join().send(subscribe(feed, product))[-1]


def told_to_alice(venue: Futures, feed: str) -> Any:
    caller = venue.join()
    return caller.send(subscribe(feed, **login(caller)))[-1]


@pytest.mark.parametrize(("channel", "payloads"), PUBLIC)
def test_a_new_subscriber_is_shown_the_same(
    venue: Futures, channel: str, payloads: list[Any]
) -> None:
    for payload in payloads:
        venue.publish(channel, payload)
    assert shown(again(again(venue)), channel) == shown(venue, channel)


@pytest.mark.parametrize(("channel", "payloads"), [one for one in PUBLIC if "ticker" not in one[0]])
def test_numbering_goes_on_where_it_was(venue: Futures, channel: str, payloads: list[Any]) -> None:
    for payload in payloads:
        venue.publish(channel, payload)
    numbers = []
    for each in (again(venue), venue):
        feed, _, product = channel.partition(":")
        caller = each.join()
        caller.send(subscribe(feed, product))
        each.publish(channel, {"more": 1})
        numbers.append(caller.heard()[-1]["seq"])
    assert numbers[0] == numbers[1]


def test_an_accounts_own_pictures_are_its_own(venue: Futures) -> None:
    venue.publish("open_positions", {"positions": [1.50]}, "alice")
    venue.publish("fills", {"feed": "fills_snapshot", "fills": [2]})
    fresh = again(venue)
    assert told_to_alice(fresh, "open_positions")["positions"] == [1.5]
    assert told_to_alice(fresh, "fills")["fills"] == [2]


def test_the_pictures_of_an_account_that_is_gone_are_dropped(venue: Futures) -> None:
    venue.publish("open_positions", {"positions": [1]}, "alice")
    records, fresh = Records(), Futures(venue.edition)
    records.collect(venue.floor)
    fresh.floor.revoke("alice-key", fresh.clock())
    records.restore(fresh.floor, fresh.clock())
    assert records.collect(fresh.floor) == [("account", "open_positions", "alice")]
    assert records.all == {}


# Notifications.


def note(venue: Futures, text: str, **fields: Any) -> int:
    return venue.floor.notify(Note(note=text, **fields), venue.clock())


def notes(venue: Futures) -> list[Any]:
    listed: list[Any] = told_to_alice(venue, "notifications_auth")["notifications"]
    return listed


def test_a_withdrawn_notification_is_shown_to_nobody_new(venue: Futures) -> None:
    listening = venue.join()
    listening.send(subscribe("notifications_auth", **login(listening)))
    note(venue, "one")
    note(venue, "two", type="maintenance", priority="high", effective_time=5)
    listening.heard()
    assert venue.floor.withdraw(1)
    assert not venue.floor.withdraw(1)
    assert listening.heard() == []
    assert [one["note"] for one in notes(venue)] == ["two"]
    [left] = venue.floor.notifications
    assert (left.id, left.note, left.type, left.effective_time) == (2, "two", "maintenance", 5)


def test_notifications_and_what_was_withdrawn_survive(venue: Futures) -> None:
    note(venue, "one", expected_downtime_minutes=3, effective_time=7)
    note(venue, "two")
    note(venue, "three")
    venue.floor.withdraw(2)
    assert notes(again(again(venue))) == notes(venue)
    assert [one["id"] for one in notes(venue)] == [1, 3]


def test_an_id_is_never_used_again(venue: Futures) -> None:
    note(venue, "one")
    note(venue, "two")
    venue.floor.withdraw(2)
    assert note(again(venue), "three") == 3


def test_the_oldest_gives_way_in_what_is_kept_too() -> None:
    venue, records = Futures(max_notifications=2), Records()
    for text in ("one", "two", "three"):
        note(venue, text)
        records.collect(venue.floor)
    assert list(records.all) == [("note", 2), ("note", 3), ("last note",)]
    narrow = Futures(max_notifications=1)
    records.restore(narrow.floor, narrow.clock())
    assert [one["note"] for one in notes(narrow)] == ["three"]
    assert records.collect(narrow.floor) == [("note", 2)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("note", 1), b"{}"),
        (("note", "x"), b"{}"),
        (("last note",), b'"x"'),
        (("picture", "ticker", "PI_XBTUSD"), b"[" * 5000),
        (("picture", "fills", "PI_XBTUSD"), b"{}"),
        (("picture", "ticker", "x" * 100), b'{"frame":{}}'),
        (("account", "ticker", "alice"), b"{}"),
    ],
)
def test_what_makes_no_sense_is_refused(venue: Futures, key: RecordKey, value: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        venue.floor.restore(key, value, venue.clock())
