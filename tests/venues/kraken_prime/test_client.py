"""The client's half: what it sends, and what it makes of what it hears."""

import json
from typing import Any

import pytest

from clock import at
from venuewire.core.dialect import ClientDialect, Option
from venuewire.core.errors import ConfigurationError, LocalProtocolError, UnreadableFrame
from venuewire.core.instant import Instant
from venuewire.core.messages import (
    FirstMessage,
    Ignored,
    Message,
    Pong,
    Refused,
    Reply,
    Welcome,
)
from venuewire.core.secrets import Credentials
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_prime import KRAKEN_PRIME

CREDENTIALS = Credentials("key", "not-a-real-secret")
BTC = "MarketDataSnapshot:BTC-USD"
VECTOR_TIME = Instant(0.0, 1_550_035_052.75)
"""2019-02-13T05:17:32.75Z"""


def client_of(**options: Any) -> ClientDialect:
    return KRAKEN_PRIME.client(ClientOptions(**options))


def subscribed(channel: str = BTC, id: int = 5) -> ClientDialect:
    client = client_of(credentials=CREDENTIALS)
    client.dial(None, 1, at(0))
    client.subscribe(client.topics(channel, {}), id, at(0))
    return client


def heard(client: ClientDialect, **frame: Any) -> Reply:
    return client.decode(json.dumps(frame).encode(), at(9))


# Getting in.


def test_nothing_precedes_dialing() -> None:
    assert client_of().bootstrap(at(0)) is None


def test_it_dials_the_documented_url_without_headers_when_it_has_no_credentials() -> None:
    request, _ = client_of().dial(None, 1, at(0))
    assert (request.method, request.url) == ("GET", "wss://wss.prime.kraken.com/ws/v1")
    assert request.headers == {}


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        (None, "RVXRF2fN5YoYHu5k0nLjTnI0vMhjXl_u__RsGV8DBXM="),
        (
            "wss://WSS.prime.kraken.com:443/kraken-prime/ws/v1",
            "RVXRF2fN5YoYHu5k0nLjTnI0vMhjXl_u__RsGV8DBXM=",
        ),
    ],
)
def test_credentials_are_proven_in_three_headers_stamped_in_whole_seconds(
    url: str | None, signature: str
) -> None:
    request, _ = client_of(credentials=CREDENTIALS, url=url).dial(None, 1, VECTOR_TIME)
    assert request.headers == {
        "ApiKey": "key",
        "ApiSign": signature,
        "ApiTimestamp": "2019-02-13T05:17:32.000000Z",
    }


def test_each_attempt_is_stamped_and_signed_afresh() -> None:
    client = client_of(credentials=CREDENTIALS)
    first, second = (client.dial(None, link, at(link)) for link in (1, 2))
    assert first[0].headers["ApiTimestamp"] != second[0].headers["ApiTimestamp"]
    assert first[0].headers["ApiSign"] != second[0].headers["ApiSign"]


@pytest.mark.parametrize("url", ["ws://h.test", "ws://h.test/", "ws://h.test/other?x=1"])
def test_any_path_can_be_signed(url: str) -> None:
    request, _ = client_of(credentials=CREDENTIALS, url=url).dial(None, 1, at(0))
    assert request.url == url
    assert request.headers["ApiSign"]


@pytest.mark.parametrize("url", ["http://h.test/ws", "wss:///ws", "nonsense", "ws://[::1/ws"])
@pytest.mark.parametrize("credentials", [None, CREDENTIALS])
def test_a_url_that_cannot_be_dialed_is_a_configuration_error(
    url: str, credentials: Credentials | None
) -> None:
    with pytest.raises(ConfigurationError, match="url"):
        client_of(url=url, credentials=credentials).dial(None, 1, at(0))


@pytest.mark.parametrize(
    "credentials", [Credentials("k\r\nEvil: 1", "s"), Credentials("k", "s€cret")]
)
def test_credentials_that_cannot_be_signed_are_a_configuration_error(
    credentials: Credentials,
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_of(credentials=credentials).dial(None, 1, at(0))
    assert "Evil" not in str(caught.value)
    assert "€" not in str(caught.value)
    assert caught.value.__context__ is None


def test_its_profile_pings_every_10_s_and_expects_no_word_when_it_cancels() -> None:
    _, profile = client_of().dial(None, 1, at(0))
    policy = profile.liveness
    assert (policy.ping_interval, policy.ping_timeout, policy.silence_timeout) == (10.0, 5.0, None)
    assert profile.unsubscribes_silently
    assert (profile.welcomes, profile.challenges) == (False, False)
    assert profile.heartbeat_channel is None


def test_ping_interval_and_silence_are_options() -> None:
    _, profile = client_of(ping_interval=3.0, silence_timeout=7.0).dial(None, 1, at(0))
    assert (profile.liveness.ping_interval, profile.liveness.silence_timeout) == (3.0, 7.0)


def test_there_is_no_challenge() -> None:
    client = client_of()
    with pytest.raises(LocalProtocolError):
        client.challenge(at(0))
    with pytest.raises(LocalProtocolError):
        client.prove("text")


# Asking.


def test_a_ping_carries_an_object_and_a_number() -> None:
    frame = client_of().ping(3, at(0.5))
    assert frame is not None
    assert json.loads(frame) == {
        "reqid": 3,
        "type": "Ping",
        "ts": "2023-11-14T22:13:20.500000Z",
        "data": [{}],
    }


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        (BTC, [BTC]),
        ("MarketDataSnapshot:BTC-USD,ETH-USD", [BTC, "MarketDataSnapshot:ETH-USD"]),
        ("Security", ["Security"]),
    ],
)
def test_one_topic_per_symbol(text: str, channels: list[str]) -> None:
    assert client_of().topics(text, {}) == [Topic(channel) for channel in channels]


@pytest.mark.parametrize(
    "stream",
    ["Order", "ExecutionReport", "Trade", "Quote", "Balance", "Exposure", "CurrencyConversion",
     "UserPreferences"],
)  # fmt: skip
def test_private_streams_need_credentials(stream: str) -> None:
    assert client_of(credentials=CREDENTIALS).topics(stream, {}) == [Topic(stream, private=True)]
    with pytest.raises(ConfigurationError, match="credentials"):
        client_of().topics(stream, {})


@pytest.mark.parametrize(
    ("channel", "options", "cause"),
    [
        ("Nonsense:BTC-USD", {}, "channel"),
        ("", {}, "channel"),
        ("MarketDataSnapshot:", {}, "symbol"),
        ("MarketDataSnapshot:BTC-USD,,ETH-USD", {}, "symbol"),
        (BTC, {"Symbol": "ETH-USD"}, "Symbol"),
        (BTC, {"name": "Order"}, "name"),
    ],
)
def test_channels_this_venue_cannot_have(
    channel: str, options: dict[str, Option], cause: str
) -> None:
    with pytest.raises(ConfigurationError, match=cause):
        client_of().topics(channel, options)


def test_one_topic_per_request_with_its_options_as_fields_of_the_stream() -> None:
    client = client_of()
    topics = client.topics("MarketDataSnapshot:BTC-USD,ETH-USD", {"Depth": 5})
    assert client.batches(topics) == [[topics[0]], [topics[1]]]
    assert json.loads(client.subscribe([topics[1]], 4, at(0))) == {
        "reqid": 4,
        "type": "subscribe",
        "streams": [{"name": "MarketDataSnapshot", "Symbol": "ETH-USD", "Depth": 5}],
    }
    [security] = client.topics("Security", {})
    streams = json.loads(client.subscribe([security], 5, at(0)))["streams"]
    assert streams == [{"name": "Security"}]


def test_cancel_names_the_reqid_of_the_subscription() -> None:
    client = subscribed(id=5)
    frame = client.unsubscribe(client.topics(BTC, {}), 6, at(0))
    assert json.loads(frame) == {"reqid": 5, "type": "cancel"}


def test_reqids_of_an_earlier_link_are_forgotten() -> None:
    client = subscribed(id=5)
    client.dial(None, 2, at(0))
    assert heard(client, reqid=5, type="MarketDataSnapshot", data=[]) == Ignored()
    frame = client.unsubscribe(client.topics(BTC, {}), 6, at(0))
    assert json.loads(frame) == {"reqid": 6, "type": "cancel"}


def test_a_channel_asked_for_again_is_heard_under_its_new_reqid_only() -> None:
    client = subscribed(id=5)
    client.subscribe(client.topics(BTC, {}), 8, at(0))
    assert heard(client, reqid=5, type="MarketDataSnapshot", data=[]) == Ignored()
    assert isinstance(heard(client, reqid=8, type="MarketDataSnapshot", data=[]), Message)


# Hearing.


def test_hello_is_a_welcome() -> None:
    assert heard(client_of(), type="hello", ts="t", session_id="1SJGEGSYMZ800") == Welcome()


@pytest.mark.parametrize("more", [{}, {"seqNum": 0}, {"seqNum": 3}, {"unknown": {}}])
def test_a_pong_may_have_a_seq_num(more: dict[str, Any]) -> None:
    assert heard(client_of(), reqid=2, type="Pong", ts="t", data=[{}], **more) == Pong(2)


def test_a_pong_without_reqid_answers_the_oldest_ping() -> None:
    assert heard(client_of(), type="Pong") == Pong(None)


@pytest.mark.parametrize("count", [{"seq": 1}, {"seqNum": 1}, {}])
def test_an_error_is_a_refusal_of_its_request(count: dict[str, int]) -> None:
    error = {"code": 4711, "msg": "no"}
    reply = heard(client_of(), reqid=2, type="error", ts="t", error=error, **count)
    assert reply == Refused("no", id=2, code=4711)


def test_an_error_may_say_nothing() -> None:
    reply = heard(client_of(), type="error")
    assert isinstance(reply, Refused)
    assert (reply.id, reply.code) == (None, None)
    assert reply.reason


def test_initial_data_acknowledges_the_subscription() -> None:
    reply = heard(
        subscribed(), reqid=5, type="MarketDataSnapshot", initial=True, seqNum=1, data=[{"A": "1"}]
    )
    assert isinstance(reply, FirstMessage)
    message = reply.message
    assert (reply.id, message.channel, message.kind) == (5, BTC, "snapshot")
    assert (message.sequence, message.received, message.data) == (1, at(9).realtime, [{"A": "1"}])


@pytest.mark.parametrize(
    ("count", "sequence"),
    [({"seqNum": 7}, 7), ({"seq": 7}, 7), ({"seqNum": 0}, 0), ({}, None)],
)
def test_later_data_is_an_update(count: dict[str, int], sequence: int | None) -> None:
    reply = heard(subscribed("Order"), reqid=5, type="Order", data=[], **count)
    assert isinstance(reply, Message)
    assert (reply.channel, reply.kind, reply.sequence) == ("Order", "update", sequence)
    assert bytes(reply.raw) == b"[]"


def test_data_in_flight_after_cancel_is_dropped() -> None:
    client = subscribed()
    client.unsubscribe(client.topics(BTC, {}), 6, at(0))
    assert heard(client, reqid=5, type="MarketDataSnapshot", initial=True, data=[]) == Ignored()


@pytest.mark.parametrize("frame", [{"type": "news"}, {}, {"type": "Order", "reqid": 77}])
def test_what_belongs_to_no_request_is_ignored(frame: dict[str, Any]) -> None:
    assert heard(subscribed(), **frame) == Ignored()


@pytest.mark.parametrize("frame", [{"reqid": 5, "type": "Order"}, {"type": 5}, {"reqid": "x"}])
def test_what_makes_no_sense_is_unreadable(frame: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFrame):
        heard(subscribed(), **frame)


def test_keys_it_does_not_know_are_no_fault() -> None:
    reply = heard(subscribed(), reqid=5, type="Order", data=[], action="Update", total_count=1)
    assert isinstance(reply, Message)
