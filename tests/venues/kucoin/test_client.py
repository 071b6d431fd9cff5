"""How our client speaks to KuCoin, and what it understands."""

from typing import Any

import msgspec
import pytest

from clock import at
from venues.kucoin.desk import ALICE, TICKER
from venuewire.core.dialect import ClientDialect
from venuewire.core.errors import ConfigurationError, UnreadableFrame
from venuewire.core.messages import Accepted, Ignored, Message, Pong, Refused, Welcome
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions, Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES

NOW = at(0)


def client(venue: Venue = KUCOIN, **options: Any) -> ClientDialect:
    return venue.client(ClientOptions(**options))


def private() -> ClientDialect:
    return client(credentials=ALICE.credentials)


# Speaking.


def test_a_comma_list_is_one_topic_per_symbol() -> None:
    assert client().topics("/market/ticker:BTC-USDT,ETH-USDT,BTC-USDT", {}) == [
        Topic("/market/ticker:BTC-USDT"),
        Topic("/market/ticker:ETH-USDT"),
    ]


@pytest.mark.parametrize(
    ("channel", "options", "expected"),
    [
        ("/account/balance", {}, True),
        ("/account/balance", {"private": False}, False),
        (TICKER, {}, False),
        (TICKER, {"private": True}, True),
        ("/new/topic", {}, False),
        ("/new/topic:A", {"private": True}, True),
    ],
)
def test_whether_a_topic_is_private(channel: str, options: Any, expected: bool) -> None:
    assert private().topics(channel, options) == [Topic(channel, expected)]


@pytest.mark.parametrize(
    ("channel", "options"),
    [
        ("/account/balance", {}),
        ("/account/balance", {"private": False}),
        (TICKER, {"private": True}),
    ],
)
def test_private_topics_need_credentials(channel: str, options: Any) -> None:
    with pytest.raises(ConfigurationError, match="credentials"):
        client().topics(channel, options)


@pytest.mark.parametrize(
    ("channel", "options", "words"),
    [
        ("ticker:BTC-USDT", {}, "no KuCoin topic"),
        ("/market/ticker: BTC-USDT", {}, "no KuCoin topic"),
        ("/market/ticker:BTC-USDT,", {}, "empty symbol"),
        ("/market/ticker", {}, "needs a symbol"),
        ("/account/balance:BTC", {}, "takes no symbol"),
        (TICKER, {"depth": 5}, "'depth'"),
        (TICKER, {"private": "yes"}, "true or false"),
    ],
)
def test_channels_that_cannot_be(channel: str, options: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        private().topics(channel, options)


def topics(*channels: str, private: bool = False) -> list[Topic]:
    return [Topic(channel, private) for channel in channels]


def test_lists_are_batched_where_the_venue_takes_them() -> None:
    tickers = topics(*(f"/market/ticker:A{number}-B" for number in range(150)))
    candles = topics("/market/candles:A-B_1min", "/market/candles:C-D_1min")
    narrowed = topics("/market/ticker:A0-B", private=True)
    batches = client().batches([*tickers[:75], *candles, *narrowed, *tickers[75:]])
    assert sorted(map(len, batches)) == [1, 1, 1, 50, 100]
    assert [topic for batch in batches for topic in batch if topic in tickers] == tickers


def test_futures_and_unknown_topics_go_one_by_one() -> None:
    futures_topics = topics("/contractMarket/ticker:XBTUSDTM", "/contractMarket/ticker:ETHUSDTM")
    assert len(client(KUCOIN_FUTURES).batches(futures_topics)) == 2
    assert len(client().batches(topics("/new/topic:A", "/new/topic:B"))) == 2


def test_a_request_names_its_symbols_and_wants_an_ack() -> None:
    wanted = topics("/market/ticker:BTC-USDT", "/market/ticker:ETH-USDT")
    assert msgspec.json.decode(client().subscribe(wanted, 12, NOW)) == {
        "id": "12",
        "type": "subscribe",
        "topic": "/market/ticker:BTC-USDT,ETH-USDT",
        "privateChannel": False,
        "response": True,
    }
    wanted = topics("/account/balance", private=True)
    assert msgspec.json.decode(client().unsubscribe(wanted, 13, NOW)) == {
        "id": "13",
        "type": "unsubscribe",
        "topic": "/account/balance",
        "privateChannel": True,
        "response": True,
    }


def test_a_ping_has_an_id() -> None:
    assert client().ping(3, NOW) == b'{"id":"3","type":"ping"}'


# Hearing.


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ({"id": "c-1", "type": "welcome"}, Welcome()),
        ({"id": "7", "type": "pong", "timestamp": 1764215232226553}, Pong(7)),
        ({"id": 7, "type": "pong"}, Pong(7)),
        ({"type": "pong"}, Pong(None)),
        ({"id": "7", "type": "ack"}, Accepted(7)),
        ({"id": "other", "type": "ack"}, Accepted("other")),
        ({"id": 1.5, "type": "ack"}, Accepted("1.5")),
        ({"id": "9" * 5000, "type": "ack"}, Accepted("9" * 5000)),
        ({"type": "ack"}, Ignored()),
        (
            {"id": "7", "type": "error", "code": 404, "data": "topic does not exist"},
            Refused("topic does not exist", id=7, code=404, splits=True),
        ),
        (
            {"type": "error", "code": 401, "data": "token is expired"},
            Refused("token is expired", code=401, auth=True),
        ),
        (
            {"id": "c-1", "type": "error", "code": "401", "data": "token is invalid"},
            Refused("token is invalid", id="c-1", code=401, auth=True),
        ),
        ({"type": "error", "code": "odd", "data": {"a": 1}}, Refused('{"a":1}')),
        ({"type": "error"}, Refused("null")),
        ({"type": "notice", "data": "maintenance"}, Ignored()),
        ({"type": "command", "id": "1"}, Ignored()),
        ({"type": "tomorrow"}, Ignored()),
    ],
)
def test_what_is_heard(frame: Any, reply: Any) -> None:
    assert client().decode(msgspec.json.encode(frame), NOW) == reply


def test_a_message_keeps_the_venues_own_payload() -> None:
    """Key order, and a `userId` and `sn` nobody asked for, as recordings show them."""
    frame = (
        b'{"data":{"price": 1.50},"subject":"s","topic":"/t:A-B","type":"message","sn":1,"id":"x"}'
    )
    message = client().decode(frame, at(2))
    assert isinstance(message, Message)
    assert (message.channel, message.subject) == ("/t:A-B", "s")
    assert bytes(message.raw) == b'{"price": 1.50}'
    assert message.received == at(2).realtime
    assert message.data == {"price": 1.5}


def test_a_message_may_lack_all_but_its_topic() -> None:
    message = client().decode(b'{"type":"message","topic":"/t"}', NOW)
    assert isinstance(message, Message)
    assert (message.subject, message.data) == ("", None)


@pytest.mark.parametrize(
    "frame",
    [b"", b"[]", b"{", b"{}", b'{"type":1}', b'{"type":"message"}', b"\xff", b"[" * 100_000],
)
def test_what_is_not_kucoin_is_unreadable(frame: bytes) -> None:
    with pytest.raises(UnreadableFrame):
        client().decode(frame, NOW)


@pytest.mark.parametrize(
    ("text", "transient"),
    [
        ("exceed max permits per second", True),
        ("service busy, please retry later", True),
        ("exceed max subscription count limitation of 400 per session", False),
        ("exceed max session count limitation of 50", False),
    ],
)
def test_a_509_is_for_good_where_it_counts(text: str, transient: bool) -> None:
    error = {"id": "7", "type": "error", "code": 509, "data": text}
    refused = client().decode(msgspec.json.encode(error), NOW)
    assert isinstance(refused, Refused)
    assert refused.transient == transient
