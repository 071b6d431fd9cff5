"""What an operator may have the venue say, and how it is heard."""

from typing import Any

import pytest

from venues.kraken_spot.local import Local, subscribe
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Note


def test_data_is_put_into_a_message_with_numbers_as_they_were_written(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("ticker", "BTC/USD"))
    assert local.publish("ticker:BTC/USD", b'[{"symbol":"BTC/USD","last":35000.10}]') == 1
    assert caller.raw() == [
        b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","last":35000.10}]}'
    ]


def test_a_whole_message_keeps_its_type_and_its_other_keys(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("book", "BTC/USD"))
    message = b'{"type":"snapshot","channel":"book","data":[{"bids":[]}],"sequence":7}'
    local.publish("book:BTC/USD", message)
    assert caller.heard() == [
        {
            "channel": "book",
            "type": "snapshot",
            "data": [{"symbol": "BTC/USD", "bids": []}],
            "sequence": 7,
        }
    ]


def test_it_is_encoded_once_for_all(local: Local) -> None:
    callers = [local.public() for _ in range(3)]
    for caller in callers:
        caller.send(subscribe("ticker", "BTC/USD"))
    assert local.publish("ticker:BTC/USD", {"last": 1}) == 3
    (push,) = local.floor.pushes
    assert push.sessions == tuple(caller.session for caller in callers)


def test_a_session_with_two_depths_hears_it_once(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("book", "BTC/USD", depth=10))
    caller.send(subscribe("book", "BTC/USD", depth=25))
    assert local.publish("book:BTC/USD", {"bids": []}) == 1


def test_candles_are_for_subscribers_of_their_interval(local: Local) -> None:
    one, five = local.public(), local.public()
    one.send(subscribe("ohlc", "BTC/USD"))
    five.send(subscribe("ohlc", "BTC/USD", interval=5))
    assert local.publish("ohlc:BTC/USD", {"interval": 5, "close": 2.5}) == 1
    assert one.heard() == []
    assert five.heard()[0]["data"][0]["close"] == 2.5
    assert local.publish("ohlc:BTC/USD", {"close": 3.5}) == 2
    with pytest.raises(LocalProtocolError, match="interval"):
        local.publish("ohlc:BTC/USD", {"interval": 7})


def test_the_last_publication_is_the_snapshot_of_later_subscribers(local: Local) -> None:
    local.publish("ticker:BTC/USD", {"last": 1})
    local.publish("ticker:BTC/USD", {"last": 2})
    _, snapshot = local.public().send(subscribe("ticker", "BTC/USD", event_trigger="bbo"))
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"] == [{"symbol": "BTC/USD", "last": 2}]


def test_of_trades_the_last_fifty_are_kept(local: Local) -> None:
    for number in range(30):
        local.publish("trade:BTC/USD", [{"trade_id": number}, {"trade_id": number + 0.5}])
    _, snapshot = local.public().send(subscribe("trade", "BTC/USD", snapshot=True))
    assert len(snapshot["data"]) == 50
    assert snapshot["data"][0]["trade_id"] == 5
    assert snapshot["data"][-1]["trade_id"] == 29.5


def test_trades_before_any(local: Local) -> None:
    _, snapshot = local.public().send(subscribe("trade", "BTC/USD", snapshot=True))
    assert snapshot == {"channel": "trade", "type": "snapshot", "data": []}


def test_instrument_data_is_an_object(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("instrument"))
    data: dict[str, Any] = {"assets": [], "pairs": []}
    assert local.publish("instrument", data) == 1
    assert caller.heard() == [{"channel": "instrument", "type": "update", "data": data}]
    _, snapshot = local.public().send(subscribe("instrument"))
    assert snapshot["data"] == data


def test_an_empty_key_is_a_key_like_any_other(local: Local) -> None:
    local.publish("trade:BTC/USD", {"": 1})
    _, snapshot = local.public().send(subscribe("trade", "BTC/USD", snapshot=True))
    assert snapshot["data"] == [{"symbol": "BTC/USD", "": 1}]


def test_publishing_lists_a_symbol(local: Local) -> None:
    caller = local.public()
    assert caller.send(subscribe("ticker", "WIF/USD"))[0]["success"] is False
    local.publish("ticker:WIF/USD", {"last": 1})
    assert caller.send(subscribe("ticker", "WIF/USD"))[0]["success"] is True


def test_the_number_of_symbols_is_limited() -> None:
    local = Local(symbols=("BTC/USD",), max_symbols=2)
    local.publish("ticker:WIF/USD", {"last": 1})
    local.publish("ticker:WIF/USD", {"last": 2})
    with pytest.raises(LocalProtocolError, match="2 symbols"):
        local.publish("ticker:PEPE/USD", {"last": 1})


@pytest.mark.parametrize(
    ("channel", "payload", "account", "named"),
    [
        ("level3:BTC/USD", b"{}", None, "level3"),
        ("heartbeat", b"{}", None, "heartbeat"),
        ("ticker", b"{}", None, "ticker:BTC/USD"),
        ("ticker:BTC/USD,ETH/USD", b"{}", None, "symbol by symbol"),
        ("instrument:BTC/USD", b"{}", None, "no symbol"),
        ("executions:BTC/USD", b"{}", None, "no symbol"),
        ("ticker:BTC/USD", b"{}", "alice", "public"),
        ("executions", b"{}", "carol", "carol"),
        ("instrument", b"[]", None, "an object, not a list"),
        ("ticker:BTC/USD", b"", None, "ticker"),
        ("ticker:BTC/USD", b"17", None, "an object or a list"),
        ("ticker:BTC/USD", b"[17]", None, "an object or a list"),
        ("ticker:BTC/USD", b'[{"a":01}]', None, "malformed"),
        ("ticker:BTC/USD", b'{"a":"\xff"}', None, "ticker"),
        ("ticker:BTC/USD", b"[" * 100_000, None, "recursion"),
        ("ticker:BTC/USD", b'{"symbol":"ETH/USD"}', None, "not about BTC/USD"),
        ("ticker:BTC/USD", b'{"symbol":1}', None, "not about BTC/USD"),
        ("ticker:BTC/USD", b'{"channel":"book","data":[]}', None, "other than ticker"),
        ("ticker:BTC/USD", b'{"channel":"ticker"}', None, "data of ticker"),
        ("ticker:BTC/USD", b'{"channel":"ticker","data":1}', None, "data of ticker"),
    ],
)
def test_what_cannot_be_said(
    local: Local, channel: str, payload: bytes, account: str | None, named: str
) -> None:
    with pytest.raises(LocalProtocolError, match=named):
        local.publish(channel, payload, account)


def test_there_are_no_notifications(local: Local) -> None:
    with pytest.raises(LocalProtocolError):
        local.floor.notify(Note(note="x"), local.clock())
