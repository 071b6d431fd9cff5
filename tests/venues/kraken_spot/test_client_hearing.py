"""What the client makes of the venue's frames."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clock import EPOCH, at
from venues.kraken_spot.speaker import TICKER, hear, public
from venuewire.core.errors import UnreadableFrame
from venuewire.core.messages import (
    Heartbeat,
    Ignored,
    Message,
    Pong,
    Refused,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.venues.kraken_spot import client


def test_a_channel_message_is_the_whole_message() -> None:
    dialect = public()
    for _ in range(2):
        message = hear(dialect, TICKER)
        assert message == Message(
            channel="ticker:BTC/USD", raw=TICKER, kind="update", received=EPOCH + 1.5
        )
        assert message.data["data"][0]["last"] == 1.5


def test_a_snapshot_says_so() -> None:
    dialect = public()
    for _ in range(2):
        assert hear(dialect, TICKER.replace(b"update", b"snapshot")).kind == "snapshot"


@pytest.mark.parametrize(
    ("frame", "channel"),
    [
        ({"channel": "instrument", "type": "snapshot", "data": {"pairs": []}}, "instrument"),
        ({"channel": "executions", "type": "snapshot", "data": []}, "executions"),
        ({"channel": "executions", "data": [{"symbol": "BTC/USD"}]}, "executions"),
        ({"channel": "balances", "data": [{"asset": "BTC"}]}, "balances"),
        ({"channel": "level3", "data": [{"symbol": "BTC/USD"}]}, "level3:BTC/USD"),
        ({"channel": "ticker", "data": [{"symbol": None}]}, "ticker"),
    ],
)
def test_messages_of_other_shapes(frame: Any, channel: str) -> None:
    dialect = public()
    for _ in range(2):
        assert hear(dialect, frame).channel == channel


def test_the_names_kept_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "NAMES_KEPT", 3)
    dialect = public()
    for number in range(10):
        frame = {"channel": "trade", "data": [{"symbol": f"S{number}/USD"}]}
        assert hear(dialect, frame).channel == f"trade:S{number}/USD"
    assert isinstance(dialect, client.KrakenSpotClient)
    assert len(dialect._names) <= 3


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ({"channel": "heartbeat"}, Heartbeat()),
        (
            {"channel": "status", "data": [{"system": "online", "connection_id": 2**64 - 1}]},
            Welcome(),
        ),
        (
            {"channel": "status", "data": [{"system": "maintenance"}]},
            Welcome("maintenance", maintenance=True),
        ),
        ({"channel": "status", "data": {}}, Welcome()),
        ({"channel": "status"}, Welcome()),
        ({"method": "pong", "req_id": 3}, Pong(3)),
        ({"method": "pong", "req_id": 3, "success": True}, Pong(3)),
        ({"method": "pong"}, Pong()),
        ({"method": "pong", "success": False}, Refused("no reason given")),
        ({"method": "pong", "error": "no", "req_id": 3}, Refused("no", 3)),
        ({"Error": "Exceeded msg rate"}, Refused("Exceeded msg rate", transient=True)),
        ({"method": "error", "error": "Malformed request"}, Refused("Malformed request")),
        ({"method": "error"}, Refused("no reason given")),
        ({"method": "add_order", "success": True, "req_id": 1}, Ignored()),
        ({"channel": "news"}, Ignored()),
        ({}, Ignored()),
        (
            {
                "method": "subscribe",
                "result": {"channel": "balances"},
                "success": True,
                "req_id": 1,
            },
            Subscribed(1, ("balances",)),
        ),
        ({"method": "subscribe", "success": True, "req_id": 1}, Subscribed(1)),
        (
            {
                "method": "unsubscribe",
                "result": {"channel": "book", "symbol": "BTC/USD", "depth": 10},
                "success": True,
                "req_id": 1,
            },
            Unsubscribed(1, ("book:BTC/USD",)),
        ),
        (
            {
                "method": "subscribe",
                "error": "ESession:Invalid session",
                "channel": "executions",
                "status": "error",
                "success": False,
                "req_id": 1,
            },
            Refused("ESession:Invalid session", 1, "executions", auth=True),
        ),
    ],
)
def test_what_is_heard_in_neutral_words(frame: Any, reply: Any) -> None:
    assert hear(public(), frame) == reply


@pytest.mark.parametrize(
    ("error", "benign"),
    [
        ("Currency pair not supported XBT/USD", False),
        ("Already subscribed", True),
        ("Subscription Not Found", True),
    ],
)
def test_a_refused_symbol_is_named_with_the_channel_that_was_asked(
    error: str, benign: bool
) -> None:
    dialect = public()
    dialect.subscribe(dialect.topics("ticker:XBT/USD", {}), 5, at(0))
    frame = {"method": "subscribe", "success": False, "symbol": "XBT/USD", "error": error}
    expected = Refused(error, 5, "ticker:XBT/USD", benign=benign)
    assert hear(dialect, {**frame, "req_id": 5}) == expected
    assert hear(dialect, frame).channel is None
    assert hear(dialect, {**frame, "req_id": 6}).channel is None
    dialect.dial(None, 2, at(1))
    assert hear(dialect, {**frame, "req_id": 5}).channel is None


def test_a_refusal_of_all_symbols_names_none() -> None:
    dialect = public()
    dialect.subscribe(dialect.topics("ticker:BTC/USD", {}), 5, at(0))
    frame = {"method": "subscribe", "success": False, "error": "no", "req_id": 5}
    assert hear(dialect, frame) == Refused("no", 5)


def test_the_requests_remembered_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REQUESTS_KEPT", 2)
    dialect = public()
    for number in range(4):
        dialect.subscribe(dialect.topics("trade:BTC/USD", {}), number, at(0))
    frame = {"method": "subscribe", "success": False, "symbol": "BTC/USD", "error": "no"}
    named = [hear(dialect, {**frame, "req_id": number}).channel for number in range(4)]
    assert named == [None, None, "trade:BTC/USD", "trade:BTC/USD"]


@pytest.mark.parametrize(
    "payload", [b"", b"nonsense", b"[]", b"7", b'{"channel":7}', b"[" * 100_000, b'{"a":' * 100_000]
)
def test_unreadable_frames(payload: bytes) -> None:
    with pytest.raises(UnreadableFrame) as caught:
        hear(public(), payload)
    assert len(str(caught.value)) < 100


def test_an_unreadable_frame_with_a_token_is_not_quoted() -> None:
    with pytest.raises(UnreadableFrame) as caught:
        hear(public(), b'{"channel":7,"token":"hidden"}')
    assert "hidden" not in str(caught.value)


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_heard_or_unreadable(payload: bytes) -> None:
    with suppress(UnreadableFrame):
        assert hear(public(), payload) is not None
