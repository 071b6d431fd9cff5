"""Public subscriptions: acknowledgments symbol by symbol, snapshots, and ways to be refused."""

from typing import Any

import pytest

from venues.kraken_spot.local import (
    ALICE,
    UPGRADE,
    Local,
    request,
    subscribe,
    timeless,
    unsubscribe,
)
from venuewire.core.http import HttpReply
from venuewire.core.server_session import ServerSession
from venuewire.venues.kraken_spot.floor import KrakenSpotFloor

PRIVATE_ELSEWHERE = (
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com"
)
PUBLIC_ELSEWHERE = (
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com"
)


def test_acknowledgment_then_snapshot_then_updates(local: Local) -> None:
    caller = local.public()
    ack, snapshot = caller.send(subscribe("ticker", "BTC/USD"))
    assert timeless(ack) == {
        "method": "subscribe",
        "req_id": 7,
        "result": {
            "channel": "ticker",
            "event_trigger": "trades",
            "snapshot": True,
            "symbol": "BTC/USD",
        },
        "success": True,
    }
    assert (snapshot["channel"], snapshot["type"]) == ("ticker", "snapshot")
    assert snapshot["data"][0]["symbol"] == "BTC/USD"
    local.publish("ticker:BTC/USD", {"last": 35000.1})
    (update,) = caller.heard()
    assert update == {
        "channel": "ticker",
        "type": "update",
        "data": [{"symbol": "BTC/USD", "last": 35000.1}],
    }


def test_one_reply_per_symbol_with_the_same_id_some_failing(local: Local) -> None:
    replies = local.public().send(
        subscribe("ticker", "BTC/USD", "XBT/USD", "ETH/USD", snapshot=False)
    )
    assert [reply["success"] for reply in replies] == [True, False, True]
    assert [reply["req_id"] for reply in replies] == [7, 7, 7]
    assert timeless(replies[1]) == {
        "error": "Currency pair not supported XBT/USD",
        "method": "subscribe",
        "req_id": 7,
        "success": False,
        "symbol": "XBT/USD",
    }


def test_a_huge_req_id_is_echoed_in_every_reply(local: Local) -> None:
    (reply,) = local.public().send({**subscribe("trade", "BTC/USD"), "req_id": 2**80})
    assert reply["req_id"] == 2**80


def test_no_req_id_is_invented(local: Local) -> None:
    wish = subscribe("trade", "BTC/USD")
    del wish["req_id"]
    (reply,) = local.public().send(wish)
    assert "req_id" not in reply


@pytest.mark.parametrize(
    ("channel", "params", "result"),
    [
        ("ticker", {}, {"event_trigger": "trades", "snapshot": True}),
        ("ticker", {"event_trigger": "bbo"}, {"event_trigger": "bbo", "snapshot": True}),
        ("book", {}, {"depth": 10, "snapshot": True}),
        ("book", {"depth": 1000, "snapshot": False}, {"depth": 1000, "snapshot": False}),
        ("ohlc", {"interval": 60}, {"interval": 60, "snapshot": True}),
        ("trade", {}, {"snapshot": False}),
        ("trade", {"snapshot": True}, {"snapshot": True}),
    ],
)
def test_the_result_echoes_the_effective_options(
    local: Local, channel: str, params: dict[str, Any], result: dict[str, Any]
) -> None:
    ack, *rest = local.public().send(subscribe(channel, "ETH/USD", **params))
    ack["result"].pop("warnings", None)
    assert ack["result"] == {"channel": channel, "symbol": "ETH/USD", **result}
    assert len(rest) == result["snapshot"]


def test_ohlc_warns_of_a_deprecated_field(local: Local) -> None:
    ack, snapshot = local.public().send(subscribe("ohlc", "BTC/USD", interval=5))
    assert ack["result"]["warnings"] == ["timestamp is deprecated, use interval_begin"]
    (candle,) = snapshot["data"]
    assert candle["interval_begin"] == "2023-11-14T22:10:00.000000Z"
    assert candle["timestamp"] == "2023-11-14T22:15:00.000000Z"
    assert candle["interval"] == 5


def test_instrument_has_no_symbols_and_lists_them_all(local: Local) -> None:
    ack, snapshot = local.public().send(subscribe("instrument"))
    assert ack["result"] == {"channel": "instrument", "snapshot": True}
    pairs = snapshot["data"]["pairs"]
    assert [pair["symbol"] for pair in pairs] == list(local.terms.symbols)
    assert {"BTC", "USD", "EUR"} <= {asset["id"] for asset in snapshot["data"]["assets"]}
    assert isinstance(pairs[0]["qty_min"], float)


def test_numbers_in_snapshots_are_json_numbers(local: Local) -> None:
    _, snapshot = local.public().send(subscribe("ticker", "BTC/USD"))
    item = snapshot["data"][0]
    del item["symbol"]
    assert len(item) == 11
    assert all(isinstance(value, float) for value in item.values())
    _, book = local.public().send(subscribe("book", "BTC/USD"))
    assert book["data"] == [{"symbol": "BTC/USD", "bids": [], "asks": [], "checksum": 0}]


def test_already_subscribed(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("book", "BTC/USD", depth=25))
    (reply,) = caller.send(subscribe("book", "BTC/USD", depth=25))
    assert timeless(reply) == {
        "error": "Already subscribed",
        "method": "subscribe",
        "req_id": 7,
        "success": False,
        "symbol": "BTC/USD",
    }
    assert caller.send(subscribe("book", "BTC/USD", depth=10))[0]["success"] is True


def test_unsubscribing_is_acknowledged_without_snapshot_and_ends_the_updates(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("ticker", "BTC/USD", "ETH/USD"))
    one, two = caller.send(unsubscribe("ticker", "BTC/USD", "ETH/USD"))
    assert timeless(one) == {
        "method": "unsubscribe",
        "req_id": 7,
        "result": {"channel": "ticker", "event_trigger": "trades", "symbol": "BTC/USD"},
        "success": True,
    }
    assert two["result"]["symbol"] == "ETH/USD"
    assert local.publish("ticker:BTC/USD", {"last": 1}) == 0


def test_unsubscribing_repeats_the_depth(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("book", "BTC/USD", depth=25))
    assert caller.send(unsubscribe("book", "BTC/USD"))[0]["success"] is False
    assert caller.send(unsubscribe("book", "BTC/USD", depth=25))[0]["success"] is True


def test_unsubscribing_the_unknown_fails_under_method_subscribe(local: Local) -> None:
    (reply,) = local.public().send(unsubscribe("ticker", "BTC/USD"))
    assert timeless(reply) == {
        "error": "Subscription Not Found",
        "method": "subscribe",
        "req_id": 7,
        "success": False,
        "symbol": "BTC/USD",
    }


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
def test_private_channels_are_not_at_the_public_host(local: Local, method: str) -> None:
    (reply,) = local.public().send(request(method, "executions", token=local.token(ALICE)))
    assert timeless(reply) == {
        "error": PRIVATE_ELSEWHERE,
        "method": method,
        "req_id": 7,
        "success": False,
    }


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
def test_public_channels_are_not_at_the_private_host(local: Local, method: str) -> None:
    (reply,) = local.private().send(request(method, "ticker", "BTC/USD"))
    assert timeless(reply) == {
        "error": PUBLIC_ELSEWHERE,
        "method": method,
        "req_id": 7,
        "success": False,
    }


@pytest.mark.parametrize("channel", ["level3", "heartbeat", "status", "nonsense"])
def test_channels_that_cannot_be_subscribed(local: Local, channel: str) -> None:
    (reply,) = local.public().send(subscribe(channel, "BTC/USD"))
    assert timeless(reply) == {
        "error": f"Channel not supported {channel}",
        "method": "subscribe",
        "req_id": 7,
        "success": False,
    }


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
def test_an_option_that_does_not_exist_fails_symbol_by_symbol(local: Local, method: str) -> None:
    replies = local.public().send(request(method, "book", "BTC/USD", "ETH/USD", depth=11))
    assert [timeless(reply) for reply in replies] == [
        {
            "error": "Subscription depth not supported 11",
            "method": method,
            "req_id": 7,
            "success": False,
            "symbol": symbol,
        }
        for symbol in ("BTC/USD", "ETH/USD")
    ]


def test_a_session_has_a_limited_number_of_subscriptions() -> None:
    caller = Local(max_subscriptions=2).public()
    replies = caller.send(subscribe("trade", "BTC/USD", "ETH/USD", "SOL/USD"))
    assert [reply["success"] for reply in replies] == [True, True, False]
    assert replies[2]["error"] == "Exceeded subscriptions per connection"
    caller.send(unsubscribe("trade", "BTC/USD"))
    assert caller.send(subscribe("trade", "SOL/USD"))[0]["success"] is True


def test_a_request_has_a_limited_number_of_symbols() -> None:
    caller = Local(max_symbols_per_request=2).public()
    (reply,) = caller.send(subscribe("trade", "BTC/USD", "ETH/USD", "SOL/USD"))
    assert reply["error"] == "Exceeded symbols per request"


def test_a_session_that_is_lost_hears_nothing_and_leaves_nothing(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("ticker", "BTC/USD"))
    caller.session.lost()
    assert local.publish("ticker:BTC/USD", {"last": 1}) == 0
    assert local.floor.sessions == {}
    assert isinstance(local.floor, KrakenSpotFloor)
    assert local.floor.engaged == {}


def test_a_session_may_be_lost_before_it_was_open(local: Local) -> None:
    session = local.floor.admit("public", UPGRADE, local.clock())
    assert isinstance(session, ServerSession)
    session.lost()
    assert local.floor.sessions == {}


def test_sessions_are_limited() -> None:
    local = Local(max_sessions=1)
    local.public()
    refused = local.floor.admit("private", UPGRADE, local.clock())
    assert isinstance(refused, HttpReply)
    assert refused.status == 429
