"""The client's half: how it gets in, and what it sends."""

from typing import Any

import msgspec
import pytest

from clock import EPOCH, at
from venues.kraken_spot.local import ALICE
from venues.kraken_spot.speaker import granted, private, public, sent
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.http import HttpReply
from venuewire.venues.kraken_spot.wire import read_grant

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


def test_a_successor_goes_on_with_the_nonces_though_the_clock_was_set_back() -> None:
    client = private()
    ahead, behind = client.bootstrap(at(3600.0)), client.again().bootstrap(at(0.0))
    assert ahead is not None
    assert behind is not None
    assert int(behind.body.removeprefix(b"nonce=")) > int(ahead.body.removeprefix(b"nonce="))


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


@pytest.mark.parametrize(
    ("channel", "options", "promised"),
    [
        ("ticker:BTC/USD", {}, True),
        ("ticker:BTC/USD", {"snapshot": False}, False),
        ("trade:BTC/USD", {}, False),
        ("trade:BTC/USD", {"snapshot": True}, True),
        ("instrument", {}, True),
    ],
)
def test_whoever_asks_for_a_snapshot_is_promised_one(
    channel: str, options: dict[str, Any], promised: bool
) -> None:
    [topic] = public().topics(channel, options)
    assert (topic.promise is not None) == promised
