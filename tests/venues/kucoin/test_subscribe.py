"""Subscribing and unsubscribing at a local KuCoin."""

from typing import Any

import pytest

from venues.kucoin.desk import ACK, ALICE, TICKER, Desk, asking, futures, refusal
from venuewire.core.terms import Edition

BALANCE = "/account/balance"


def leaving(topic: str | None = TICKER, **fields: Any) -> dict[str, Any]:
    return {**asking(topic, **fields), "type": "unsubscribe"}


def test_an_ack_comes_when_response_is_true(desk: Desk) -> None:
    """ "If the response is set to true, the system will return ack messages after the subscription
    has succeeded." """
    assert desk.enter().send(asking()) == [ACK]


@pytest.mark.parametrize("response", [False, None])
def test_and_only_then(desk: Desk, response: bool | None) -> None:
    """ "Set as false by default." """
    caller = desk.enter()
    assert caller.send(asking(response=response)) == []
    assert caller.send(leaving(response=response)) == []


def test_null_is_as_good_as_nothing(desk: Desk) -> None:
    request = '{"id":"1","type":"subscribe","topic":"%s","response":null,"privateChannel":null}'
    caller = desk.enter()
    assert caller.send(request % TICKER) == []
    assert desk.say(TICKER, {}) == 1


def test_the_acks_id_is_the_requests_as_text(desk: Desk) -> None:
    """ "ID is a unique string to mark the request which is same as ID property of ack." """
    caller = desk.enter()
    assert caller.send(asking(id=1545910660739)) == [{"id": "1545910660739", "type": "ack"}]
    assert caller.send(leaving(id="text")) == [{"id": "text", "type": "ack"}]
    assert caller.send(asking(id=None)) == [{"type": "ack"}]


def test_ids_need_not_be_unique(desk: Desk) -> None:
    caller = desk.enter()
    symbols = desk.floor.terms.symbols[:13]
    answers = [caller.send(asking(f"/market/level2:{each}", id=1)) for each in symbols]
    assert answers == [[ACK]] * 13


def test_a_comma_list_has_one_ack_and_messages_name_one_symbol(desk: Desk) -> None:
    """ "Some topics support subscribing to information on multiple trading pairs by separating
    them with a comma" """
    caller = desk.enter()
    assert caller.send(asking("/market/ticker:BTC-USDT,ETH-USDT")) == [ACK]
    desk.say("/market/ticker:ETH-USDT", {})
    assert [frame["topic"] for frame in caller.heard()] == ["/market/ticker:ETH-USDT"]


def test_part_of_a_list_can_be_given_up(desk: Desk) -> None:
    caller = desk.enter()
    caller.send(asking("/market/ticker:BTC-USDT,ETH-USDT"))
    assert caller.send(leaving("/market/ticker:BTC-USDT")) == [ACK]
    assert desk.say("/market/ticker:BTC-USDT", {}) == 0
    assert desk.say("/market/ticker:ETH-USDT", {}) == 1


def test_subscribing_twice_is_acknowledged_and_heard_once(desk: Desk) -> None:
    caller = desk.enter()
    assert [*caller.send(asking()), *caller.send(asking("/market/ticker:BTC-USDT,BTC-USDT"))] == [
        ACK,
        ACK,
    ]
    assert desk.say(TICKER, {}) == 1


@pytest.mark.parametrize(
    "topic", [TICKER, "/market/ticker:NO-SUCH", "/no/such", BALANCE + "/of/nobody"]
)
def test_giving_up_what_one_does_not_have_is_acknowledged(desk: Desk, topic: str) -> None:
    assert desk.enter().send(leaving(topic)) == [ACK]


def test_nothing_is_heard_after_unsubscribing(desk: Desk) -> None:
    caller = desk.enter()
    caller.send(asking())
    caller.send(leaving())
    assert desk.say(TICKER, {}) == 0


@pytest.mark.parametrize("topic", [None, ""])
def test_406_topic_is_required(desk: Desk, topic: str | None) -> None:
    caller = desk.enter()
    assert caller.send(asking(topic)) == [refusal(406, "topic is required")]
    assert caller.send(leaving(topic)) == [refusal(406, "topic is required")]


INVALID = [
    "/market/match: BTC-USDT",
    "/market/ticker:BTC-USDT, ETH-USDT",
    "/market/ticker:btc-usdt",
    "/market/ticker:BTC-USDT,",
    "/market/ticker:",
    "/market/ticker",
    "/market/match:all",
    "/market/candles:BTC-USDT",
    "/market/candles:BTC-USDT_soon",
    "/market/snapshot:BTC-USDT,ETH-USDT",
    "/account/balance:BTC",
    "/account/balance:",
    "market/ticker:BTC-USDT",
    "/mark et",
]


@pytest.mark.parametrize("topic", INVALID)
def test_400_topic_is_invalid(topic: str) -> None:
    caller = Desk().enter(ALICE)
    assert caller.send(asking(topic)) == [refusal(400, "topic is invalid")]
    assert caller.send(leaving(topic)) == [refusal(400, "topic is invalid")]


@pytest.mark.parametrize("topic", INVALID)
def test_400_observed_names_the_topic(topic: str) -> None:
    caller = Desk(edition="observed").enter(ALICE)
    assert caller.send(asking(topic)) == [refusal(400, f"topic {topic} is invalid")]


UNKNOWN = [
    "/market/ticker:NO-SUCH",
    "/market/candles:NO-SUCH_1min",
    "/market/snapshot:NOSUCH",
    "/margin/fundingBook:NOSUCH",
    "/no/such:BTC-USDT",
    "/contractMarket/ticker:XBTUSDM",
]


@pytest.mark.parametrize("topic", UNKNOWN)
def test_404_topic_does_not_exist(topic: str) -> None:
    assert Desk().enter().send(asking(topic)) == [refusal(404, "topic does not exist")]


@pytest.mark.parametrize("topic", UNKNOWN)
def test_404_observed_names_the_topic(topic: str) -> None:
    caller = Desk(edition="observed").enter()
    assert caller.send(asking(topic)) == [refusal(404, f"topic {topic} is not found")]


@pytest.mark.parametrize("response", [True, False])
def test_errors_are_sent_whether_or_not_a_response_was_wanted(desk: Desk, response: bool) -> None:
    (error,) = desk.enter().send(asking("/no/such", response=response))
    assert (error["type"], error["code"], error["id"]) == ("error", 404, "1")


def test_one_bad_symbol_fails_the_whole_list(desk: Desk) -> None:
    caller = desk.enter()
    (error,) = caller.send(asking("/market/ticker:BTC-USDT,NO-SUCH"))
    assert error["code"] == 404
    assert desk.say(TICKER, {}) == 0


def test_or_only_itself_if_so_set() -> None:
    desk = Desk(atomic_lists=False)
    caller = desk.enter()
    assert caller.send(asking("/market/ticker:BTC-USDT,NO-SUCH")) == [
        refusal(404, "topic does not exist")
    ]
    assert desk.say(TICKER, {}) == 1


@pytest.mark.parametrize("fields", [{"topic": BALANCE}, {"privateChannel": True}])
def test_403_login_is_required(desk: Desk, fields: dict[str, Any]) -> None:
    caller = desk.enter()
    assert caller.send(asking(**fields)) == [refusal(403, "login is required")]
    assert caller.send(leaving(**fields)) == [refusal(403, "login is required")]


@pytest.mark.parametrize("private", [True, False])
def test_a_private_topic_is_private_whatever_the_request_says(desk: Desk, private: bool) -> None:
    caller = desk.enter(ALICE)
    assert caller.send(asking(BALANCE, privateChannel=private)) == [ACK]
    assert desk.say(BALANCE, {}, account="alice") == 1
    assert [frame["topic"] for frame in caller.heard()] == [BALANCE]
    assert caller.send(leaving(BALANCE, privateChannel=not private)) == [ACK]
    assert desk.say(BALANCE, {}, account="alice") == 0


def test_a_private_token_may_have_public_topics(desk: Desk) -> None:
    assert desk.enter(ALICE).send(asking(privateChannel=False)) == [ACK]
    assert desk.say(TICKER, {}) == 1


@pytest.mark.parametrize("type", ["openTunnel", "closeTunnel", "login", "", "PING"])
def test_415_command_type_is_invalid(desk: Desk, type: str) -> None:
    caller = desk.enter()
    frame = {"id": "1", "type": type, "newTunnelId": "bt1"}
    assert caller.send(frame) == [refusal(415, "command type is invalid")]
    assert caller.closed is None


def test_415_when_there_is_no_type(desk: Desk) -> None:
    assert desk.enter().send({"id": 7}) == [refusal(415, "command type is invalid", "7")]


@pytest.mark.parametrize("text", ["", "ping", "[]", "1", "null", '{"id":"1"', "[" * 100_000])
def test_400_for_what_is_no_message(desk: Desk, text: str) -> None:
    caller = desk.enter()
    assert caller.send(text) == [refusal(400, "message is invalid", None)]
    assert caller.closed is None


@pytest.mark.parametrize(
    ("frame", "id"),
    [
        ({"id": "1", "type": 5}, "1"),
        ({"id": 2, "type": "subscribe", "topic": ["a"]}, "2"),
        ({"id": "3", "type": "subscribe", "topic": TICKER, "response": "true"}, "3"),
        ({"id": True, "type": "ping"}, None),
        ({"id": ["1"], "type": "ping"}, None),
        ({"id": {}, "type": "ping"}, None),
    ],
)
def test_400_for_what_is_of_the_wrong_kind(desk: Desk, frame: Any, id: str | None) -> None:
    assert desk.enter().send(frame) == [refusal(400, "message is invalid", id)]


def hundred(count: int) -> str:
    return "/market/ticker:" + ",".join(f"A{number}-USDT" for number in range(count))


def test_509_too_many_topics_in_one_request(desk: Desk) -> None:
    caller = desk.enter()
    text = "exceed max subscription count limitation of 100 per time"
    assert caller.send(asking(hundred(101))) == [refusal(509, text)]
    assert caller.send(leaving(hundred(101))) == [refusal(509, text)]
    (error,) = caller.send(asking(hundred(100)))
    assert error["code"] == 404


def test_509_too_many_topics_in_one_session(edition: Edition) -> None:
    symbols = tuple(f"A{number}-USDT" for number in range(401))
    desk = Desk(edition=edition, symbols=symbols)
    caller = desk.enter()
    for start in range(0, 400, 100):
        listed = ",".join(symbols[start : start + 100])
        assert caller.send(asking(f"/market/ticker:{listed}")) == [ACK]
    text = "exceed max subscription count limitation of 400 per session"
    assert caller.send(asking("/market/ticker:A400-USDT")) == [refusal(509, text)]
    assert caller.send(asking("/market/ticker:A399-USDT")) == [ACK]
    assert caller.send(leaving("/market/ticker:A0-USDT")) == [ACK]
    assert caller.send(asking("/market/ticker:A400-USDT")) == [ACK]


def test_509_too_many_messages(desk: Desk) -> None:
    caller = desk.enter()
    for _ in range(100):
        assert caller.send({"id": "1", "type": "ping"})[0]["type"] == "pong"
    for frame in ({"id": 5, "type": "ping"}, asking(id=5)):
        assert caller.send(frame) == [refusal(509, "exceed max permits per second", "5")]
    assert caller.closed is None
    assert desk.say(TICKER, {}) == 0
    desk.clock.seconds = 10.0
    assert caller.send(asking()) == [ACK]


def test_the_documented_futures_example(edition: Edition) -> None:
    """The introduction's own topic, which the list of futures topics does not have."""
    desk = futures(edition)
    (answer,) = desk.enter().send(asking("/market/ticker:XBTUSDM"))
    if edition == "documented":
        assert answer == ACK
    else:
        assert answer == refusal(404, "topic /market/ticker:XBTUSDM is not found")


def test_futures_topics_take_one_symbol_each() -> None:
    topic = "/contractMarket/tickerV2:XBTUSDTM,ETHUSDTM"
    assert futures().enter().send(asking(topic)) == [refusal(400, "topic is invalid")]
    assert futures(lists_everywhere=True).enter().send(asking(topic)) == [ACK]


@pytest.mark.parametrize(
    "topic",
    [
        "/contractMarket/ticker:XBTMZ25",
        "/contractMarket/limitCandle:XBTUSDTM_1hour",
        "/contract/announcement",
        "/contractMarket/tradeOrders",
        "/contractMarket/tradeOrders:XBTUSDM",
        "/contract/positionAll",
        "/contract/position:XBTUSDM",
    ],
)
def test_futures_topics(edition: Edition, topic: str) -> None:
    assert futures(edition).enter(ALICE).send(asking(topic)) == [ACK]


@pytest.mark.parametrize("topic", ["/contractMarket/ticker:BTC-USDT", "/contractMarket/level2:XBT"])
def test_spot_symbols_are_no_futures_symbols(topic: str) -> None:
    assert futures().enter().send(asking(topic)) == [refusal(400, "topic is invalid")]


@pytest.mark.parametrize(
    "topic",
    [
        "/market/ticker:all",
        "/market/snapshot:BTC-USDT",
        "/market/snapshot:BTC",
        "/market/candles:BTC-USDT_1hour",
        "/spotMarket/level2Depth5:BTC-USDT,ETH-USDT",
        "/indicator/index:USDT-BTC",
        "/margin/fundingBook:USDT",
        "/margin/loan:BTC",
        "/spotMarket/tradeOrdersV2",
    ],
)
def test_spot_topics(desk: Desk, topic: str) -> None:
    assert desk.enter(ALICE).send(asking(topic)) == [ACK]
