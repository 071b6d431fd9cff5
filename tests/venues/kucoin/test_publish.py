"""What a local KuCoin says, and to whom."""

import pytest

from venues.kucoin.desk import ACK, ALICE, BOB, TICKER, Desk, asking, futures
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Note

BALANCE = "/account/balance"


def test_a_message_has_topic_subject_and_data(desk: Desk) -> None:
    caller = desk.enter()
    caller.send(asking())
    assert desk.say(TICKER, b'{"price":"1.50","n":1.50}') == 1
    (frame,) = caller.raw()
    assert frame == (
        b'{"topic":"/market/ticker:BTC-USDT","type":"message",'
        b'"subject":"trade.ticker","data":{"price":"1.50","n":1.50}}'
    )


def test_the_subject_can_be_chosen(desk: Desk) -> None:
    caller = desk.enter()
    caller.send(asking())
    desk.say(TICKER, [], subject="other")
    assert caller.heard()[0]["subject"] == "other"


def test_nothing_is_sent_for_what_was_said_before(desk: Desk) -> None:
    desk.say(TICKER, {})
    assert desk.enter().send(asking()) == [ACK]


def test_one_encoding_serves_everybody(desk: Desk) -> None:
    callers = [desk.enter() for _ in range(3)]
    for caller in callers:
        caller.send(asking())
    assert desk.say(TICKER, {}) == 3
    (push,) = desk.floor.pushes
    assert len(push.sessions) == 3


def test_one_connection_carries_many_channels(desk: Desk) -> None:
    """ "The recommended way is to just create a Websocket connection and subscribe to multiple
    channels." """
    caller = desk.enter()
    channels = [TICKER, "/market/match:ETH-USDT", "/market/candles:BTC-USDT_1min"]
    for channel in channels:
        assert caller.send(asking(channel)) == [ACK]
    for channel in channels:
        desk.say(channel, {})
    assert [frame["topic"] for frame in caller.heard()] == channels


def test_all_is_every_symbol_and_the_subject_names_it(desk: Desk) -> None:
    caller = desk.enter()
    caller.send(asking("/market/ticker:all"))
    assert desk.say(TICKER, {"price": "1"}) == 1
    assert caller.heard() == [
        {
            "topic": "/market/ticker:all",
            "type": "message",
            "subject": "BTC-USDT",
            "data": {"price": "1"},
        }
    ]
    assert desk.say("/market/ticker:all", {}, subject="KCS-USDT") == 1


def test_a_private_message_reaches_its_account_only(desk: Desk) -> None:
    alice, bob = desk.enter(ALICE), desk.enter(BOB)
    for caller in (alice, bob):
        assert caller.send(asking(BALANCE, privateChannel=True)) == [ACK]
    assert desk.say(BALANCE, {"total": "88"}, account="alice") == 1
    assert bob.heard() == []
    assert alice.heard() == [
        {
            "topic": BALANCE,
            "type": "message",
            "subject": "account.balance",
            "data": {"total": "88"},
            "userId": "alice",
            "channelType": "private",
        }
    ]


def test_a_private_message_for_nobody_in_particular_reaches_each_account(desk: Desk) -> None:
    alice, bob = desk.enter(ALICE), desk.enter(BOB)
    for caller in (alice, bob, desk.enter(ALICE)):
        caller.send(asking(BALANCE))
    assert desk.say(BALANCE, {}) == 3
    assert bob.heard()[0]["userId"] == "bob"
    assert alice.heard()[0]["userId"] == "alice"


def test_an_account_without_sessions_hears_nothing(desk: Desk) -> None:
    assert desk.say(BALANCE, {}, account="bob") == 0


def test_private_channel_narrows_a_public_topic(desk: Desk) -> None:
    """ "If you only want to receive private messages of the specified topic, please set
    privateChannel to true when subscribing." """
    caller = desk.enter(ALICE)
    caller.send(asking(privateChannel=True))
    assert desk.say(TICKER, {}) == 0
    assert desk.say(TICKER, {}, account="bob") == 0
    assert desk.say(TICKER, {}, account="alice") == 1
    assert caller.heard()[0]["channelType"] == "private"


def test_private_and_public_subscriptions_are_two_but_a_message_is_heard_once(desk: Desk) -> None:
    """ "Set to "true", you can unsubscribe from related private channel pushes." """
    caller, public = desk.enter(ALICE), desk.enter()
    public.send(asking())
    caller.send(asking(privateChannel=True))
    caller.send(asking())
    assert desk.say(TICKER, {}, account="alice") == 1
    assert desk.say(TICKER, {}) == 2
    caller.send({**asking(privateChannel=True), "type": "unsubscribe"})
    assert desk.say(TICKER, {}) == 2
    assert desk.say(TICKER, {}, account="alice") == 1


def test_a_new_symbol_is_listed_by_publishing_to_it(desk: Desk) -> None:
    caller = desk.enter()
    assert caller.send(asking("/market/candles:NEW-USDT_1min"))[0]["code"] == 404
    desk.say("/market/candles:NEW-USDT_1min", [])
    assert caller.send(asking("/market/ticker:NEW-USDT")) == [ACK]
    assert caller.send(asking("/margin/fundingBook:NEW")) == [ACK]
    desk.say("/margin/fundingBook:OTHER", [])
    assert caller.send(asking("/margin/fundingBook:OTHER")) == [ACK]


def test_there_is_a_limit_to_new_symbols() -> None:
    desk = Desk(symbols=("BTC-USDT",), max_symbols=4)
    desk.say("/margin/fundingBook:KCS", {})
    with pytest.raises(LocalProtocolError, match="no more than 4 symbols"):
        desk.say("/market/ticker:NEW-USDT", {})
    desk.say(TICKER, {})


@pytest.mark.parametrize("payload", [b"", b"{", b"nonsense", b"[" * 100_000, b'"\xff"'])
def test_what_is_published_must_be_json(desk: Desk, payload: bytes) -> None:
    with pytest.raises(LocalProtocolError, match="not JSON"):
        desk.say(TICKER, payload)


@pytest.mark.parametrize("payload", [b"1", b'"text"', b"null", b"[1,2]"])
def test_any_json_value_will_do(desk: Desk, payload: bytes) -> None:
    caller = desk.enter()
    caller.send(asking())
    assert desk.say(TICKER, payload) == 1


@pytest.mark.parametrize("channel", ["/no/such", "ticker:BTC-USDT", ""])
def test_there_must_be_such_a_topic(desk: Desk, channel: str) -> None:
    with pytest.raises(LocalProtocolError, match="kucoin has no topic"):
        desk.say(channel, {})


@pytest.mark.parametrize(
    "channel",
    ["/market/ticker", "/market/ticker:A-B,C-D", "/market/ticker:btc", "/account/balance:A"],
)
def test_a_message_has_one_well_formed_symbol(desk: Desk, channel: str) -> None:
    with pytest.raises(LocalProtocolError, match="is no topic"):
        desk.say(channel, {})


def test_the_documented_alias_is_heard_under_the_topic_asked_for() -> None:
    desk = futures()
    alias, real = desk.enter(), desk.enter()
    alias.send(asking("/market/ticker:XBTUSDM"))
    real.send(asking("/contractMarket/ticker:XBTUSDM"))
    for channel in ("/contractMarket/ticker:XBTUSDM", "/market/ticker:XBTUSDM"):
        assert desk.say(channel, {}) == 2
    heard = {(frame["topic"], frame["subject"]) for frame in alias.heard()}
    assert heard == {("/market/ticker:XBTUSDM", "ticker")}
    assert {frame["topic"] for frame in real.heard()} == {"/contractMarket/ticker:XBTUSDM"}


def test_orders_have_one_subject_with_a_symbol_and_one_without() -> None:
    desk = futures()
    caller = desk.enter(ALICE)
    topics = ("/contractMarket/tradeOrders", "/contractMarket/tradeOrders:XBTUSDM")
    for topic in topics:
        assert caller.send(asking(topic)) == [ACK]
    for topic in topics:
        desk.say(topic, {}, account="alice")
    assert [frame["subject"] for frame in caller.heard()] == ["orderChange", "symbolOrderChange"]


def test_there_are_no_notifications(desk: Desk) -> None:
    with pytest.raises(LocalProtocolError):
        desk.floor.notify(Note(note="maintenance"), desk.clock())
