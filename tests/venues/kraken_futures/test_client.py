"""The client's half: what it says, and that it understands both editions without being told."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import at
from venues.kraken_futures.futures import ALICE, PRIVATE, proof
from venuewire.core.dialect import ClientDialect
from venuewire.core.errors import ConfigurationError, LocalProtocolError, UnreadableFrame
from venuewire.core.messages import (
    Challenge,
    Heartbeat,
    Ignored,
    Message,
    Refused,
    Reply,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.core.secrets import Credentials
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures import KRAKEN_FUTURES

NOW = at(3.0)


def client(*, private: bool = True, **options: Any) -> ClientDialect:
    credentials = ALICE.credentials if private else None
    dialect = KRAKEN_FUTURES.client(ClientOptions(credentials=credentials, **options))
    dialect.dial(None, 1, NOW)
    return dialect


def decode(frame: Any) -> Reply:
    payload = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
    return client().decode(payload, NOW)


def said(frame: bytes) -> Any:
    return msgspec.json.decode(frame)


# Getting connected.


def test_it_dials_without_asking_anything_first() -> None:
    dialect = client()
    assert dialect.bootstrap(NOW) is None
    request, profile = dialect.dial(None, 1, NOW)
    assert (request.method, request.url) == ("GET", "wss://futures.kraken.com/ws/v1")
    assert profile.challenges
    assert not profile.welcomes, "clients may send before `info` arrives"
    assert profile.heartbeat_channel == "heartbeat"


def test_it_dials_where_it_is_told() -> None:
    request, profile = client(private=False, url="ws://localhost:1/x").dial(None, 1, NOW)
    assert request.url == "ws://localhost:1/x"
    assert not profile.challenges


def test_the_venues_ping_is_a_websocket_ping_well_within_60_seconds() -> None:
    dialect = client()
    liveness = dialect.dial(None, 1, NOW)[1].liveness
    assert dialect.ping(1, NOW) is None
    assert (liveness.ping_interval, liveness.ping_timeout) == (20.0, 5.0)
    assert (liveness.silence_timeout, liveness.silence_beats) == (60.0, 3.0)


def test_intervals_may_be_chosen() -> None:
    liveness = client(ping_interval=59.9, silence_timeout=7.0).dial(None, 1, NOW)[1].liveness
    assert (liveness.ping_interval, liveness.silence_timeout) == (59.9, 7.0)


@pytest.mark.parametrize("interval", [0.0, -1.0, 60.0, 61.0])
def test_a_ping_interval_the_venue_would_not_bear_is_refused(interval: float) -> None:
    with pytest.raises(ConfigurationError, match="ping_interval"):
        client(ping_interval=interval)


def test_a_secret_that_is_not_base64_is_refused_before_anything_is_sent() -> None:
    options = ClientOptions(credentials=Credentials("key", "my secret!"))
    with pytest.raises(ConfigurationError, match="api_secret must be base64") as raised:
        KRAKEN_FUTURES.client(options)
    assert "my secret" not in str(raised.value)


# Channels.


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("ticker:PI_XBTUSD", ["ticker:PI_XBTUSD"]),
        ("ticker:pi_xbtusd,PF_ETHUSD", ["ticker:PI_XBTUSD", "ticker:PF_ETHUSD"]),
        ("book:PI_XBTUSD,pi_xbtusd", ["book:PI_XBTUSD"]),
        ("heartbeat", ["heartbeat"]),
        ("candles_trade_1m:PI_XBTUSD", ["candles_trade_1m:PI_XBTUSD"]),
        ("something_new", ["something_new"]),
    ],
)
def test_a_channel_stands_for_one_topic_per_product(text: str, channels: list[str]) -> None:
    topics = client(private=False).topics(text, {})
    assert [topic.channel for topic in topics] == channels
    assert not any(topic.private for topic in topics)


@pytest.mark.parametrize(
    ("channel", "promised"),
    [
        ("ticker:PI_XBTUSD", True),
        ("notifications_auth", True),
        ("heartbeat", False),
        ("something_new", False),
        ("deposits_withdrawals", False),
    ],
)
def test_every_documented_feed_but_the_heartbeat_begins_with_data(
    channel: str, promised: bool
) -> None:
    [topic] = client().topics(channel, {})
    assert (topic.promise is not None) == promised


@pytest.mark.parametrize("feed", [*PRIVATE, "account_balances_and_margins", "deposits_withdrawals"])
def test_private_feeds_need_credentials(feed: str) -> None:
    [topic] = client().topics(feed, {})
    assert (topic.channel, topic.private) == (feed, True)
    with pytest.raises(ConfigurationError, match=f"{feed} is private"):
        client(private=False).topics(feed, {})


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "ticker:", "ticker:,", "ticker:A,", "tick er", "ticker:A B", "ticker:A:B"),
        *("é", "a\n", "ticker", "book", "heartbeat:PI_XBTUSD", "fills:PI_XBTUSD"),
        *("x" * 65, "ticker:" + "x" * 65),
    ],
)
def test_a_channel_this_venue_cannot_have_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        client().topics(text, {})


def test_there_are_no_options() -> None:
    with pytest.raises(ConfigurationError, match="no option 'depth'"):
        client().topics("book:PI_XBTUSD", {"depth": 10})


# Asking.


def test_one_topic_per_request_is_the_safe_way() -> None:
    dialect = client()
    topics = dialect.topics("ticker:PI_XBTUSD,PF_ETHUSD", {})
    assert dialect.batches(topics) == [[topics[0]], [topics[1]]]
    assert said(dialect.subscribe(topics[:1], 1, NOW)) == {
        "event": "subscribe",
        "feed": "ticker",
        "product_ids": ["PI_XBTUSD"],
    }


def test_several_products_of_a_feed_can_be_asked_for_at_once() -> None:
    dialect = client()
    topics = dialect.topics("ticker:PI_XBTUSD,PF_ETHUSD", {})
    assert said(dialect.unsubscribe(topics, 1, NOW)) == {
        "event": "unsubscribe",
        "feed": "ticker",
        "product_ids": ["PI_XBTUSD", "PF_ETHUSD"],
    }


def test_an_unknown_feed_is_asked_for_as_it_is() -> None:
    dialect = client()
    [topic] = dialect.topics("something_new", {})
    assert said(dialect.subscribe([topic], 1, NOW)) == {
        "event": "subscribe",
        "feed": "something_new",
    }


def test_public_requests_carry_no_proof() -> None:
    dialect = client()
    dialect.prove("text")
    frame = dialect.subscribe(dialect.topics("heartbeat", {}), 1, NOW)
    assert said(frame) == {"event": "subscribe", "feed": "heartbeat"}


@pytest.mark.parametrize("feed", PRIVATE)
def test_every_private_request_carries_the_proof(feed: str) -> None:
    dialect = client()
    assert said(dialect.challenge(NOW)) == {"event": "challenge", "api_key": "alice-key"}
    dialect.prove("c100b894-1729-464d-ace1-52dbce11db42")
    topics = dialect.topics(feed, {})
    proven = {"feed": feed, **proof("c100b894-1729-464d-ace1-52dbce11db42")}
    assert said(dialect.subscribe(topics, 1, NOW)) == {"event": "subscribe", **proven}
    assert said(dialect.unsubscribe(topics, 2, NOW)) == {"event": "unsubscribe", **proven}


def test_a_proof_does_not_outlive_its_link() -> None:
    dialect = client()
    dialect.prove("text")
    dialect.dial(None, 2, NOW)
    with pytest.raises(LocalProtocolError, match="needs a challenge answered on this link"):
        dialect.subscribe([Topic("fills", private=True)], 1, NOW)


def test_a_challenge_is_not_answered_without_credentials() -> None:
    with pytest.raises(LocalProtocolError, match="without credentials"):
        client(private=False).prove("text")


# Hearing.


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ({"event": "info", "version": 1}, Welcome()),
        ({"event": "info"}, Welcome()),
        ({"event": "info", "version": 2}, Welcome("protocol version 2, not 1")),
        ({"event": "info", "version": "x" * 99}, Welcome(f"protocol version {'x' * 20}, not 1")),
        ({"event": "challenge", "message": "abc"}, Challenge("abc")),
        ({"event": "pong"}, Ignored()),
        ({"event": "pong", "time": 1, "feed": "x"}, Ignored()),
        ({"event": "something_new", "feed": "heartbeat"}, Ignored()),
    ],
)
def test_what_the_venue_says_about_itself(frame: Any, reply: Reply) -> None:
    assert decode(frame) == reply


@pytest.mark.parametrize("time", [1534262350627, "whenever"])
def test_a_heartbeat_carries_its_message(time: Any) -> None:
    heartbeat = decode({"feed": "heartbeat", "time": time, "more": [1]})
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.message is not None
    assert heartbeat.message.channel == "heartbeat"
    assert heartbeat.message.data["time"] == time


@pytest.mark.parametrize(
    ("fields", "channels"),
    [
        ({"feed": "heartbeat"}, ("heartbeat",)),
        ({"feed": "fills", **proof("text")}, ("fills",)),
        ({"feed": "balances", "product_ids": []}, ("balances",)),
        ({"feed": "ticker", "product_ids": ["pi_xbtusd"]}, ("ticker:PI_XBTUSD",)),
        ({"feed": "book", "product_ids": ["A", "B"]}, ("book:A", "book:B")),
        ({"feed": "fills", "product_ids": ["A"]}, ("fills",)),
    ],
)
def test_acknowledgments_of_both_editions(
    fields: dict[str, Any], channels: tuple[str, ...]
) -> None:
    assert decode({"event": "subscribed", **fields}) == Subscribed(channels=channels)
    assert decode({"event": "unsubscribed", **fields}) == Unsubscribed(channels=channels)


@pytest.mark.parametrize("event", ["error", "alert"])
@pytest.mark.parametrize(
    ("text", "benign"),
    [
        ("Invalid feed", False),
        ("Json Error", False),
        ("Invalid product id", False),
        ("Couldn't subscribe to invalid feed", False),
        ("Couldn't subscribe to invalid product `X`", False),
        ("Failed to subscribe to authenticated feed", False),
        ("Already subscribed to feed, re-requesting", True),
        ("Not subscribed to feed", True),
    ],
)
def test_refusals_of_both_editions(event: str, text: str, benign: bool) -> None:
    assert decode({"event": event, "message": text}) == Refused(text, benign=benign)


def test_a_refusal_may_say_nothing() -> None:
    assert decode({"event": "alert"}) == Refused("alert")


@pytest.mark.parametrize("event", ["subscribed_failed", "unsubscribed_failed"])
def test_a_failed_subscription_names_its_channel(event: str) -> None:
    assert decode({"event": event, "feed": "fills"}) == Refused(event, channel="fills")
    failed = {"event": event, "feed": "book", "product_ids": ["a"], "message": "no"}
    assert decode(failed) == Refused("no", channel="book:A")


@pytest.mark.parametrize(
    ("frame", "channel", "kind", "sequence"),
    [
        ({"feed": "ticker", "product_id": "PI_XBTUSD"}, "ticker:PI_XBTUSD", "update", None),
        ({"feed": "book", "product_id": "pi_x", "seq": 7}, "book:PI_X", "update", 7),
        ({"feed": "book_snapshot", "product_id": "A", "seq": 7}, "book:A", "snapshot", 7),
        ({"feed": "trade_snapshot", "product_id": "A"}, "trade:A", "snapshot", None),
        ({"feed": "fills_snapshot", "account": "a"}, "fills", "snapshot", None),
        ({"feed": "fills", "product_id": "A"}, "fills", "update", None),
        ({"feed": "new", "event": ""}, "new", "update", None),
        ({"feed": "new_snapshot", "product_id": "A"}, "new:A", "snapshot", None),
    ],
)
def test_messages_are_named_by_what_was_subscribed(
    frame: dict[str, Any], channel: str, kind: str, sequence: int | None
) -> None:
    payload = msgspec.json.encode(frame)
    assert decode(payload) == Message(
        channel=channel, raw=payload, kind=kind, sequence=sequence, received=NOW.realtime
    )


UNREADABLE: list[Any] = [
    *(b"", b"{", b"\xff", b"[]", b"1", b"null", b"{}", b'{"event":5}', b'{"feed":[]}'),
    *(b'{"feed":"book","seq":"x"}', b'{"feed":"\xff"}', b'{"feed":' + b"[" * 100_000),
    *({"event": "challenge"}, {"event": "challenge", "message": ""}),
    *({"event": "subscribed"}, {"event": "unsubscribed", "product_ids": ["A"]}),
    {"product_id": "A"},
]


@pytest.mark.parametrize("frame", UNREADABLE, ids=lambda frame: str(frame)[:40])
def test_what_is_not_in_the_dialect_is_unreadable(frame: Any) -> None:
    with pytest.raises(UnreadableFrame):
        decode(frame)


def test_an_unreadable_frame_is_quoted_only_in_part_and_never_with_credentials() -> None:
    with pytest.raises(UnreadableFrame) as raised:
        decode(b"x" * 1000)
    assert len(str(raised.value)) < 130
    with pytest.raises(UnreadableFrame) as raised:
        decode({"event": "subscribed", **proof("text")})
    assert "alice-key" not in str(raised.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_unreadable(payload: bytes) -> None:
    with suppress(UnreadableFrame):
        decode(payload)


def test_nothing_shows_the_secret() -> None:
    dialect = client()
    dialect.prove("text")
    shown = repr(vars(dialect)["_signer"]) + repr(dialect)
    assert shown.startswith("Signer(***)")
    assert ALICE.credentials.api_secret not in shown


def test_the_watched_channels_are_channels() -> None:
    dialect = client()
    for channel in KRAKEN_FUTURES.watched:
        assert [topic.channel for topic in dialect.topics(channel, {})] == [channel]
