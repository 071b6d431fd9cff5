"""The client's half: what it sends, and what it makes of whatever it hears."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clock import EPOCH, at
from venues.kraken_spot.local import ALICE
from venuewire.core.dialect import ClientDialect
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.http import HttpReply
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
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import KRAKEN_SPOT, client
from venuewire.venues.kraken_spot.wire import read_grant

TICKER = b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","last":1.50}]}'


def public(**options: Any) -> ClientDialect:
    return KRAKEN_SPOT.client(ClientOptions(**options))


def private(**options: Any) -> ClientDialect:
    return public(credentials=ALICE.credentials, **options)


def granted(token: str) -> HttpReply:
    body = b'{"error":[],"result":{"token":"%b","expires":900}}' % token.encode()
    return HttpReply(status=200, body=body)


def hear(dialect: ClientDialect, frame: Any) -> Any:
    payload = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
    return dialect.decode(payload, at(1.5))


def sent(frame: bytes) -> Any:
    return msgspec.json.decode(frame)


# Getting in.


def test_a_public_session_fetches_nothing() -> None:
    dialect = public()
    assert dialect.bootstrap(at(0)) is None
    request, profile = dialect.dial(None, 1, at(0))
    assert request.url == "wss://ws.kraken.com/v2"
    assert profile.liveness.ping_interval == 30
    assert profile.liveness.ping_timeout == profile.liveness.silence_timeout == 3
    assert profile.liveness.silence_while_subscribed
    assert not profile.welcomes


def test_credentials_make_a_session_private_unless_it_is_told_otherwise() -> None:
    assert private().bootstrap(at(0)) is not None
    assert private(private=False).bootstrap(at(0)) is None
    with pytest.raises(ConfigurationError, match="credentials"):
        public(private=True)


def test_a_private_session_fetches_a_token_for_every_dial() -> None:
    dialect = private()
    first, second = dialect.bootstrap(at(0)), dialect.bootstrap(at(0))
    assert first is not None
    assert second is not None
    assert first.method == "POST"
    assert first.url == "https://api.kraken.com/0/private/GetWebSocketsToken"
    assert first.headers["API-Key"] == ALICE.credentials.api_key
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first.body == b"nonce=%d" % (EPOCH * 1_000_000)
    assert second.body == b"nonce=%d" % (EPOCH * 1_000_000 + 1)
    request, _ = dialect.dial(granted("abc"), 1, at(0))
    assert request.url == "wss://ws-auth.kraken.com/v2"


@pytest.mark.parametrize(
    ("error", "auth"),
    [
        ("EAPI:Invalid key", True),
        ("EAPI:Invalid signature", True),
        ("EAPI:Invalid nonce", True),
        ("EGeneral:Permission denied", True),
        ("EAPI:Rate limit exceeded", False),
        ("EService:Unavailable", False),
    ],
)
def test_a_refused_token(error: str, auth: bool) -> None:
    reply = HttpReply(status=200, body=msgspec.json.encode({"error": [error]}))
    with pytest.raises(AccessRefused) as caught:
        private().dial(reply, 1, at(0))
    assert (caught.value.reason, caught.value.auth) == (error, auth)


@pytest.mark.parametrize(
    ("status", "auth", "retry"), [(403, True, None), (429, False, 7.0), (502, False, None)]
)
def test_a_token_request_that_fails_as_http(status: int, auth: bool, retry: float | None) -> None:
    headers = {} if retry is None else {"retry-after": "7"}
    with pytest.raises(AccessRefused) as caught:
        private().dial(HttpReply(status=status, headers=headers), 1, at(0))
    assert (caught.value.auth, caught.value.retry_after) == (auth, retry)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"error":[],"result":{"token":1}}', b'{"error":"x"}']
)
def test_an_unreadable_grant_is_not_quoted(body: bytes) -> None:
    with pytest.raises(UnreadableFrame, match="token") as caught:
        private().dial(HttpReply(status=200, body=body), 1, at(0))
    assert "html" not in str(caught.value)
    with pytest.raises(UnreadableFrame):
        private().dial(None, 1, at(0))


def test_a_grant_does_not_show_its_token() -> None:
    grant = read_grant(b'{"error":[],"result":{"token":"hidden","expires":900}}')
    assert grant.result is not None
    assert grant.result.token == "hidden"
    assert "hidden" not in repr(grant)


def test_there_is_no_challenge() -> None:
    with pytest.raises(NotImplementedError):
        public().challenge(at(0))
    with pytest.raises(NotImplementedError):
        public().prove("x")


def test_silence_and_ping_interval_can_be_chosen() -> None:
    _, profile = public(silence_timeout=10.0, ping_interval=5.0).dial(None, 1, at(0))
    assert (profile.liveness.silence_timeout, profile.liveness.ping_interval) == (10.0, 5.0)


@pytest.mark.parametrize("interval", [0.0, -1.0, 60.0, 100.0])
def test_pings_must_come_within_the_minute(interval: float) -> None:
    with pytest.raises(ConfigurationError, match="ping_interval"):
        public(ping_interval=interval)


# Speaking.


def test_ping_is_the_documented_request() -> None:
    assert public().ping(101, at(0)) == b'{"method":"ping","req_id":101}'


def test_one_topic_per_symbol() -> None:
    topics = public().topics("book:BTC/USD, ETH/USD", {"snapshot": False, "depth": 25})
    assert [topic.channel for topic in topics] == ["book:BTC/USD", "book:ETH/USD"]
    assert topics[0].options == (("depth", 25), ("snapshot", False))
    assert not topics[0].private


def test_channels_without_symbols() -> None:
    assert [topic.channel for topic in public().topics("instrument", {})] == ["instrument"]
    (topic,) = private().topics("executions", {"snap_trades": True})
    assert topic.private


@pytest.mark.parametrize(
    ("channel", "options", "named"),
    [
        ("level3:BTC/USD", {}, "level3"),
        ("heartbeat", {}, "heartbeat"),
        ("status", {}, "status"),
        ("ticker", {}, "ticker:BTC/USD"),
        ("ticker:", {}, "ticker:BTC/USD"),
        ("ticker:BTC/USD,", {}, "needs symbols"),
        ("instrument:BTC/USD", {}, "no symbols"),
        ("ticker:BTC/USD", {"depth": 10}, "event_trigger"),
        ("trade:BTC/USD", {"interval": 10}, "there are snapshot"),
        ("balances", {}, "private=True"),
    ],
)
def test_channels_that_cannot_be(channel: str, options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        public().topics(channel, options)


def test_public_channels_need_a_public_session() -> None:
    with pytest.raises(ConfigurationError, match="private=False"):
        private().topics("ticker:BTC/USD", {})


def test_a_batch_has_one_channel_and_one_set_of_options() -> None:
    dialect = public()
    one = dialect.topics("ticker:BTC/USD,ETH/USD", {})
    two = dialect.topics("book:BTC/USD", {"depth": 25})
    three = dialect.topics("book:ETH/USD", {})
    four = dialect.topics("ticker:SOL/USD", {})
    assert dialect.batches([*one, *two, *three, *four]) == [[*one, *four], two, three]


def test_subscribing_carries_options_and_unsubscribing_repeats_the_variant() -> None:
    dialect = public()
    topics = dialect.topics("book:BTC/USD,ETH/USD", {"depth": 25, "snapshot": False})
    assert sent(dialect.subscribe(topics, 3, at(0))) == {
        "method": "subscribe",
        "params": {
            "channel": "book",
            "depth": 25,
            "snapshot": False,
            "symbol": ["BTC/USD", "ETH/USD"],
        },
        "req_id": 3,
    }
    assert sent(dialect.unsubscribe(topics, 4, at(0))) == {
        "method": "unsubscribe",
        "params": {"channel": "book", "depth": 25, "symbol": ["BTC/USD", "ETH/USD"]},
        "req_id": 4,
    }


def test_private_requests_show_the_token_of_this_dial() -> None:
    dialect = private()
    topics = dialect.topics("executions", {"snap_orders": True})
    dialect.dial(granted("first"), 1, at(0))
    dialect.dial(granted("second"), 2, at(1))
    assert sent(dialect.subscribe(topics, 1, at(1)))["params"] == {
        "channel": "executions",
        "snap_orders": True,
        "token": "second",
    }
    assert sent(dialect.unsubscribe(topics, 2, at(1)))["params"] == {
        "channel": "executions",
        "token": "second",
    }


# Hearing.


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
        ({"channel": "status", "data": [{"system": "maintenance"}]}, Welcome("maintenance")),
        ({"channel": "status", "data": {}}, Welcome()),
        ({"channel": "status"}, Welcome()),
        ({"method": "pong", "req_id": 3}, Pong(3)),
        ({"method": "pong", "req_id": 3, "success": True}, Pong(3)),
        ({"method": "pong"}, Pong()),
        ({"method": "pong", "success": False}, Refused("no reason given")),
        ({"method": "pong", "error": "no", "req_id": 3}, Refused("no", 3)),
        ({"Error": "Exceeded msg rate"}, Refused("Exceeded msg rate")),
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
