"""The greeting, and the signs of life: the pages `Status` and `Heartbeat`."""

from typing import Any

import pytest

from caller import call
from venues.kraken_spot.local import UPGRADE, Local, subscribe, unsubscribe
from venuewire.core.errors import LocalProtocolError

BEAT = {"channel": "heartbeat"}


def beats(frames: list[Any]) -> int:
    return frames.count(BEAT)


def test_status_is_the_first_message_and_says_online(local: Local) -> None:
    caller = call(local.floor, local.clock, "public", UPGRADE)
    status, pong = caller.send({"method": "ping"})
    assert (status["channel"], status["type"]) == ("status", "update")
    assert status["data"][0]["system"] == "online"
    assert status["data"][0]["api_version"] == "v2"
    assert pong["method"] == "pong"


def test_the_connection_id_does_not_fit_63_bits_and_differs(local: Local) -> None:
    ids = set()
    for _ in range(20):
        caller = call(local.floor, local.clock, "public", UPGRADE)
        ids.add(caller.heard()[0]["data"][0]["connection_id"])
    assert len(ids) == 20
    assert all(2**63 <= number < 2**64 for number in ids)


def test_status_has_the_documented_keys_only() -> None:
    local = Local("documented")
    (status,) = call(local.floor, local.clock, "public", UPGRADE).heard()
    assert set(status["data"][0]) == {"api_version", "connection_id", "system", "version"}


def test_status_has_undocumented_keys_too_as_observed() -> None:
    local = Local("observed")
    (status,) = call(local.floor, local.clock, "public", UPGRADE).heard()
    assert status["data"][0]["emergency"] == []
    assert status["data"][0]["upcoming_maintenance"] == []


def test_status_is_sent_on_engine_state_change(local: Local) -> None:
    one, two = local.public(), local.private()
    local.floor.admit("public", UPGRADE, local.clock())  # Its handshake never completes.
    assert local.publish("status", {"system": "maintenance"}) == 2
    (first,), (second,) = one.heard(), two.heard()
    assert first["data"][0]["system"] == second["data"][0]["system"] == "maintenance"
    assert first["data"][0]["connection_id"] != second["data"][0]["connection_id"]
    (greeting,) = call(local.floor, local.clock, "public", UPGRADE).heard()
    assert greeting["data"][0]["system"] == "maintenance"


def test_the_state_may_be_published_as_a_whole_message(local: Local) -> None:
    caller = local.public()
    message = {"channel": "status", "type": "update", "data": [{"system": "post_only"}]}
    assert local.publish("status", message) == 1
    assert caller.heard()[0]["data"][0]["system"] == "post_only"


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b'{"system":"asleep"}', b'{"data":1}', b"[]", b'{"system":[]}']
)
def test_the_state_is_one_of_four(local: Local, payload: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="status"):
        local.publish("status", payload)


def test_there_is_no_heartbeat_before_a_subscription(local: Local) -> None:
    assert local.public().wait(30) == []


def test_heartbeats_come_about_once_a_second_from_the_first_subscription(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("trade", "BTC/USD"))
    assert caller.wait(0.99) == []
    assert caller.wait(10.02) == [BEAT] * 11


def test_they_stop_when_everything_is_unsubscribed(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("trade", "BTC/USD", "ETH/USD"))
    caller.send(unsubscribe("trade", "BTC/USD"))
    assert beats(caller.wait(5.0)) == 5
    caller.send(unsubscribe("trade", "ETH/USD"))
    assert caller.wait(30) == []
    caller.send(subscribe("trade", "ETH/USD"))
    assert beats(caller.wait(5.0)) == 5


def busy_beats(local: Local) -> int:
    """Heartbeats heard in ten seconds with a message each 0.4 s, by a session awake all along."""
    caller = local.public()
    caller.send(subscribe("trade", "BTC/USD"))
    heard = 0
    for _ in range(25):
        local.publish("trade:BTC/USD", {"price": 1})
        heard += beats(caller.wait(0.4))
    return heard


def test_documented_only_in_the_absence_of_other_channel_messages() -> None:
    local = Local("documented")
    assert busy_beats(local) == 0


def test_observed_each_second_whatever_else_is_sent() -> None:
    assert busy_beats(Local("observed")) == 10


def test_the_rule_can_be_chosen_apart_from_the_edition() -> None:
    assert busy_beats(Local("documented", steady_heartbeats=True)) == 10
    assert busy_beats(Local("observed", steady_heartbeats=False)) == 0


def test_documented_the_second_counts_from_the_last_message_heard_by_this_session() -> None:
    local = Local("documented")
    one, other = local.public(), local.public()
    one.send(subscribe("trade", "BTC/USD"))
    other.send(subscribe("trade", "ETH/USD"))
    one.wait(0.7)
    local.publish("trade:BTC/USD", {"price": 1})
    assert beats(other.wait(0.5)) == 1
    assert beats(one.wait(0.4)) == 0
    assert beats(one.wait(0.2)) == 1


def test_documented_a_snapshot_counts_as_a_message() -> None:
    caller = Local("documented").public()
    caller.send(subscribe("trade", "BTC/USD"))
    caller.wait(0.5)
    caller.send(subscribe("ticker", "BTC/USD"))
    assert beats(caller.wait(0.9)) == 0
    assert beats(caller.wait(0.2)) == 1


def test_a_late_waking_does_not_make_heartbeats_pile_up(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("trade", "BTC/USD"))
    local.clock.seconds = 10.0
    for _ in range(3):
        caller.session.wake(local.clock())
    assert beats(caller.heard()) == 1


def test_replies_to_pings_do_not_stand_in_for_heartbeats(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("trade", "BTC/USD"))
    heard = 0
    for _ in range(20):
        caller.send({"method": "ping"})
        heard += beats(caller.wait(0.5))
    assert heard == 10
