"""The Heartbeat page, sentence by sentence."""

from caller import Caller
from venues.kraken_futures.futures import Futures, subscribe, unsubscribe

ACK = {"event": "subscribed", "feed": "heartbeat"}


def beat(seconds: float) -> dict[str, object]:
    return {"feed": "heartbeat", "time": int((1_700_000_000 + seconds) * 1000)}


def test_the_feed_publishes_a_heartbeat_at_timed_intervals(caller: Caller) -> None:
    assert caller.send(subscribe("heartbeat")) == [ACK]
    assert caller.wait(3.5) == [beat(1), beat(2), beat(3)]


def test_time_is_the_utc_time_of_the_server_in_milliseconds(caller: Caller) -> None:
    caller.clock.seconds = 0.25
    caller.send(subscribe("heartbeat"))
    [heard] = caller.wait(1.0)
    assert heard["time"] == 1_700_000_001_250


def test_nobody_hears_a_heartbeat_who_did_not_subscribe(venue: Futures) -> None:
    subscriber, other = venue.join(), venue.join()
    subscriber.send(subscribe("heartbeat"))
    assert other.wait(5.0) == []
    assert other.session.deadline == 60.0


def test_no_heartbeat_follows_unsubscribed(caller: Caller) -> None:
    caller.send(subscribe("heartbeat"))
    caller.wait(1.5)
    assert caller.send(unsubscribe("heartbeat")) == [{"event": "unsubscribed", "feed": "heartbeat"}]
    assert caller.wait(10.0) == []


def test_heartbeats_begin_anew_after_a_new_subscription(caller: Caller) -> None:
    caller.send(subscribe("heartbeat"))
    caller.send(unsubscribe("heartbeat"))
    caller.wait(1.5)
    assert caller.send(subscribe("heartbeat")) == [ACK]
    assert caller.wait(1.0) == [beat(2.5)]


def test_a_second_subscription_changes_nothing_but_is_answered(
    venue: Futures, caller: Caller
) -> None:
    caller.send(subscribe("heartbeat"))
    caller.wait(0.5)
    again = venue.refusal("", "Already subscribed to feed, re-requesting")
    assert caller.send(subscribe("heartbeat")) == [ACK if venue.edition == "documented" else again]
    assert caller.wait(1.0) == [beat(1)]


def test_giving_up_what_one_does_not_have_is_answered(venue: Futures, caller: Caller) -> None:
    documented = {"event": "unsubscribed", "feed": "heartbeat"}
    observed = venue.refusal("", "Not subscribed to feed")
    answer = caller.send(unsubscribe("heartbeat"))
    assert answer == [documented if venue.edition == "documented" else observed]


def test_products_of_a_feed_without_products_are_ignored(caller: Caller) -> None:
    """As are all unknown keys."""
    assert caller.send(subscribe("heartbeat", "PI_XBTUSD", depth=10)) == [ACK]


def test_the_interval_is_a_term() -> None:
    caller = Futures(heartbeat_interval=0.25).join()
    caller.send(subscribe("heartbeat"))
    assert len(caller.wait(1.0)) == 4


def test_beats_missed_by_a_late_wake_up_are_not_made_up_for(caller: Caller) -> None:
    caller.send(subscribe("heartbeat"))
    caller.clock.seconds = 7.25
    caller.session.wake(caller.clock())
    assert caller.heard() == [beat(7.25)]
    assert caller.wait(1.0) == [beat(8.25)]


def test_a_beat_asked_for_out_of_turn_is_given(caller: Caller) -> None:
    """`beat` may be called whether or not one was due."""
    caller.session.dialect.beat(caller.clock())
    assert caller.heard() == [beat(0)]
    assert caller.session.beat_at == 1.0
