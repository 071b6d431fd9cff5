"""The Notifications page, sentence by sentence."""

from typing import Any

import pytest

from caller import Caller
from venues.kraken_futures.futures import (
    BOB,
    Futures,
    challenge,
    feeds,
    login,
    proof,
    subscribe,
    unsubscribe,
)
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Note

FEED = "notifications_auth"
EMPTY = {"feed": FEED, "notifications": []}


def notify(venue: Futures, note: str = "Something.", **fields: Any) -> int:
    return venue.floor.notify(Note(note=note, **fields), venue.clock())


def test_the_acknowledgment_echoes_the_proof_only_as_documented(
    venue: Futures, caller: Caller
) -> None:
    proven = login(caller)
    echo = proven if venue.edition == "documented" else {}
    ack = {"event": "subscribed", "feed": FEED, **echo}
    assert caller.send(subscribe(FEED, **proven)) == [ack, EMPTY]
    done = {"event": "unsubscribed", "feed": FEED, **echo}
    assert caller.send(unsubscribe(FEED, **proven)) == [done]


def test_the_snapshot_lists_all_current_notifications(venue: Futures, caller: Caller) -> None:
    notify(venue, "First.", type="market", effective_time=1_520_288_300_000)
    notify(venue, "Second.", type="maintenance", priority="high", expected_downtime_minutes=15)
    _, snapshot = caller.send(subscribe(FEED, **login(caller)))
    assert snapshot == {
        "feed": FEED,
        "notifications": [
            {
                "id": 1,
                "type": "market",
                "priority": "low",
                "note": "First.",
                "effective_time": 1_520_288_300_000,
            },
            {
                "id": 2,
                "type": "maintenance",
                "priority": "high",
                "note": "Second.",
                "effective_time": 1_700_000_000_000,
                "expected_downtime_minutes": 15,
            },
        ],
    }


def test_expected_downtime_is_absent_if_no_downtime_is_expected(
    venue: Futures, caller: Caller
) -> None:
    caller.send(subscribe(FEED, **login(caller)))
    notify(venue)
    [[told]] = [frame["notifications"] for frame in caller.heard()]
    assert list(told) == ["id", "type", "priority", "note", "effective_time"]


def test_after_the_snapshot_only_new_ones_are_sent(venue: Futures, caller: Caller) -> None:
    notify(venue, "Old.")
    caller.send(subscribe(FEED, **login(caller)))
    assert notify(venue, "New.") == 2
    [frame] = caller.heard()
    assert [told["id"] for told in frame["notifications"]] == [2]


def test_everybody_subscribed_hears_it_and_nobody_else(venue: Futures) -> None:
    alice, bob, public = venue.join(), venue.join(), venue.join()
    alice.send(subscribe(FEED, **login(alice)))
    bob.send(subscribe(FEED, **proof(challenge(bob, BOB), BOB)))
    notify(venue)
    assert len(venue.floor.pushes) == 1, "encoded once"
    assert [len(caller.heard()) for caller in (alice, bob, public)] == [1, 1, 0]


def test_one_connection_with_two_accounts_hears_it_once(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe(FEED, **login(caller)))
    caller.send(subscribe(FEED, **login(caller, BOB)))
    notify(venue)
    assert len(caller.heard()) == 1


def test_nothing_follows_unsubscribed(venue: Futures, caller: Caller) -> None:
    proven = login(caller)
    caller.send(subscribe(FEED, **proven))
    caller.send(unsubscribe(FEED, **proven))
    notify(venue)
    assert caller.heard() == []


def test_a_second_subscription_brings_a_fresh_snapshot(venue: Futures, caller: Caller) -> None:
    proven = login(caller)
    caller.send(subscribe(FEED, **proven))
    notify(venue)
    caller.heard()
    answer, snapshot = caller.send(subscribe(FEED, **proven))
    if venue.edition == "documented":
        assert answer == {"event": "subscribed", "feed": FEED, **proven}
    else:
        assert answer == venue.refusal("", "Already subscribed to feed, re-requesting")
    assert len(snapshot["notifications"]) == 1


def test_giving_up_what_one_does_not_have_is_answered(venue: Futures, caller: Caller) -> None:
    proven = login(caller)
    [answer] = caller.send(unsubscribe(FEED, **proven))
    if venue.edition == "documented":
        assert answer == {"event": "unsubscribed", "feed": FEED, **proven}
    else:
        assert answer == venue.refusal("", "Not subscribed to feed")


@pytest.mark.parametrize(
    "type", ["market", "general", "new_feature", "bug_fix", "maintenance", "settlement"]
)
@pytest.mark.parametrize("priority", ["low", "medium", "high"])
def test_every_existing_type_and_priority_may_be_sent(type: str, priority: str) -> None:
    assert notify(Futures(), type=type, priority=priority) == 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"type": "party"}, "type"),
        ({"type": ["market"]}, "type"),
        ({"priority": "urgent"}, "priority"),
        ({"note": ""}, "note"),
        ({"note": "  \n"}, "note"),
        ({"note": "x" * 1001}, "note"),
        ({"note": 5}, "note"),
        ({"effective_time": 0}, "effective_time"),
        ({"effective_time": -1}, "effective_time"),
        ({"effective_time": 1.5}, "effective_time"),
        ({"effective_time": True}, "effective_time"),
        ({"effective_time": 2**63}, "effective_time"),
        ({"expected_downtime_minutes": 0}, "expected_downtime_minutes"),
        ({"expected_downtime_minutes": "5"}, "expected_downtime_minutes"),
    ],
)
def test_what_is_wrong_with_a_note_is_said_by_field(fields: dict[str, Any], named: str) -> None:
    venue = Futures()
    with pytest.raises(LocalProtocolError, match=rf"^{named} must be"):
        notify(venue, **fields)
    assert notify(venue) == 1, "a refused note takes no id"


def test_a_note_may_be_as_long_as_the_terms_say() -> None:
    assert notify(Futures(max_note=3), "abc") == 1


def test_notifications_kept_are_bounded() -> None:
    venue = Futures(max_notifications=2)
    for _ in range(3):
        notify(venue)
    caller = venue.join()
    _, snapshot = caller.send(subscribe(FEED, **login(caller)))
    assert [told["id"] for told in snapshot["notifications"]] == [2, 3]


def test_a_raw_notification_may_be_published(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe(FEED, **login(caller)))
    assert venue.publish(FEED, {"notifications": [{"id": 9}]}) == 1
    assert feeds(caller.heard()) == [FEED]
