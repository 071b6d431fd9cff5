"""subscribe, cancel, and everything else a client may ask of the venue."""

from typing import Any

import pytest

from caller import Caller
from venues.kraken_prime.prime import ALICE, NOW, cancel, code_of, join, local_venue, subscribe
from venuewire.core.floor import Publication
from venuewire.core.terms import Edition
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms

BTC = "MarketDataSnapshot:BTC-USD"


def publish(caller: Caller, channel: str, payload: bytes = b"[]") -> int:
    return caller.floor.publish(Publication(channel=channel, payload=payload), caller.clock())


def test_there_is_no_ack_the_first_message_is_initial(caller: Caller) -> None:
    [first] = caller.send(subscribe(1, BTC, tag="x"))
    assert list(first) == ["reqid", "type", "ts", "initial", "seqNum", "tag", "data"]
    data = first.pop("data")
    assert first == {
        "reqid": 1,
        "type": "MarketDataSnapshot",
        "ts": NOW,
        "initial": True,
        "seqNum": 1,
        "tag": "x",
    }
    assert data[0]["Symbol"] == "BTC-USD"


def test_only_the_first_message_is_initial(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    publish(caller, BTC)
    [second] = caller.heard()
    assert "initial" not in second


@pytest.mark.parametrize(
    "stream", ["MarketDataSnapshot", "Security", "Balance", "Order", "Trade", "UserPreferences"]
)
def test_initial_data_is_plausible_decimals_are_strings_fields_pascal_case(
    caller: Caller, stream: str
) -> None:
    [first] = caller.send(subscribe(1, stream))
    assert first["type"] == stream

    def check(value: Any) -> None:
        assert isinstance(value, str | list | dict)
        for key in value if isinstance(value, dict) else ():
            assert key[0].isupper()
            check(value[key])
        for element in value if isinstance(value, list) else ():
            check(element)

    assert isinstance(first["data"], list)
    check(first["data"])


def test_initial_data_is_of_the_symbol_asked_for(caller: Caller) -> None:
    [first] = caller.send(subscribe(1, 'MarketDataSnapshot:A"B'))
    assert first["data"][0]["Symbol"] == 'A"B'


def test_seq_num_starts_at_1_per_reqid(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    publish(caller, BTC)
    caller.send(subscribe(5, BTC))
    publish(caller, BTC)
    assert [(m["reqid"], m["seqNum"]) for m in caller.heard()] == [(1, 3), (5, 2)]


def test_the_tag_comes_back_with_every_message_and_only_if_given(caller: Caller) -> None:
    caller.send(subscribe(1, BTC, tag='quo"ted'))
    caller.send(subscribe(2, BTC))
    publish(caller, BTC)
    assert [message.get("tag") for message in caller.heard()] == ['quo"ted', None]


def test_several_streams_share_a_reqid_and_its_count(caller: Caller) -> None:
    firsts = caller.send(subscribe(1, BTC, "Order", BTC))
    assert [(m["type"], m["seqNum"], m["initial"]) for m in firsts] == [
        ("MarketDataSnapshot", 1, True),
        ("Order", 2, True),
    ]
    publish(caller, "Order")
    assert caller.heard()[0]["seqNum"] == 3
    assert caller.send(cancel(1)) == []
    assert (publish(caller, "Order"), publish(caller, BTC)) == (0, 0)


def test_further_stream_fields_are_accepted(caller: Caller) -> None:
    stream = {"name": "MarketDataSnapshot", "Symbol": "BTC-USD", "Depth": 5, "Throttle": "1s"}
    [first] = caller.send({"reqid": 1, "type": "subscribe", "streams": [stream], "other": []})
    assert first["initial"] is True


def test_a_live_reqid_is_refused_and_the_first_subscription_lives_on(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    answers = caller.send(subscribe(1, "Order"))
    assert code_of(answers) >= 1000
    assert (answers[0]["reqid"], answers[0]["seq"]) == (1, 2)
    assert (publish(caller, BTC), publish(caller, "Order")) == (1, 0)
    assert caller.heard()[0]["seqNum"] == 3


def test_cancel_gets_no_reply_and_ends_the_messages(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    assert caller.send(cancel(1)) == []
    assert publish(caller, BTC) == 0
    assert caller.heard() == []


def test_cancel_of_an_unknown_reqid_is_refused(caller: Caller) -> None:
    answers = caller.send(cancel(9))
    assert code_of(answers) >= 1000
    assert (answers[0]["reqid"], answers[0]["seq"]) == (9, 1)


def test_a_canceled_reqid_may_be_used_again_and_counts_from_1(caller: Caller) -> None:
    caller.send(subscribe(1, BTC))
    publish(caller, BTC)
    caller.heard()
    caller.send(cancel(1))
    assert caller.send(cancel(1))[0]["seq"] == 1
    assert caller.send(subscribe(1, BTC))[0]["seqNum"] == 1


def test_private_streams_need_authentication() -> None:
    anonymous = join(*local_venue("documented"), account=None)
    answers = anonymous.send(subscribe(1, BTC, "Balance"))
    assert code_of(answers) >= 1000
    assert publish(anonymous, BTC) == 0, "nothing of a refused request is subscribed"


@pytest.mark.parametrize("stream", ["Nonsense", "order", "", "User-", "User1"])
def test_an_unknown_stream_is_refused(caller: Caller, stream: str) -> None:
    frame = {"reqid": 1, "type": "subscribe", "streams": [{"name": stream}]}
    assert code_of(caller.send(frame)) >= 1000


@pytest.mark.parametrize(
    "streams", [None, [], {}, "Order", [1], [{}], [{"name": 5}], [{"name": "Order", "Symbol": 5}]]
)
def test_streams_must_be_a_list_of_named_objects(caller: Caller, streams: Any) -> None:
    answers = caller.send({"reqid": 1, "type": "subscribe", "streams": streams})
    assert code_of(answers) >= 1000
    assert answers[0]["reqid"] == 1


@pytest.mark.parametrize("reqid", [0, "1", None])
@pytest.mark.parametrize("type", ["subscribe", "cancel", "page"])
def test_every_request_needs_a_reqid(caller: Caller, reqid: Any, type: str) -> None:
    streams = [{"name": "Order"}]
    assert code_of(caller.send({"reqid": reqid, "type": type, "streams": streams})) >= 1000


@pytest.mark.parametrize(
    "type",
    [
        "page",
        "NewOrderSingle",
        "OrderCancelRequest",
        "OrderCancelReplaceRequest",
        "OrderControlRequest",
        "QuoteRequest",
        "UserConfig",
    ],
)
def test_what_is_no_part_of_a_session_is_unsupported(caller: Caller, type: str) -> None:
    [answer] = caller.send({"reqid": 4, "type": type, "data": [{}]})
    assert (answer["reqid"], answer["error"]["msg"]) == (4, "unsupported")
    assert answer["error"]["code"] >= 1000


def test_a_session_holds_a_limited_number_of_channels(edition: Edition) -> None:
    terms = KrakenPrimeTerms(edition=edition, max_subscriptions=2)
    caller = join(*local_venue(terms=terms))
    assert len(caller.send(subscribe(1, BTC, "Order"))) == 2
    assert code_of(caller.send(subscribe(2, "Balance"))) >= 1000
    caller.send(cancel(1))
    assert "initial" in caller.send(subscribe(2, "Balance"))[0]


@pytest.mark.parametrize("where", ["reqid", "tag", "streams"])
def test_what_is_remembered_of_a_subscription_is_limited(edition: Edition, where: str) -> None:
    terms = KrakenPrimeTerms(edition=edition, max_subscribe_bytes=200)
    caller = join(*local_venue(terms=terms))
    reqid = "1" * 200 if where == "reqid" else "1"
    tag = "x" * 200 if where == "tag" else "x"
    symbol = "Y" * 200 if where == "streams" else "Y"
    frame = '{"reqid":%s,"type":"subscribe","tag":"%s","streams":[{"name":"Order","Symbol":"%s"}]}'
    assert code_of(caller.send(frame % (reqid, tag, symbol))) >= 1000
    assert "initial" in caller.send(frame % ("1", "x", "Y"))[0]


def test_errors_leave_nothing_to_remember(edition: Edition) -> None:
    """A counter lives as long as its subscription, so a client cannot grow them."""
    floor, clock = local_venue(edition)
    caller = join(floor, clock, ALICE)
    for reqid in range(1, 200):
        caller.send({"reqid": reqid, "type": "Ping"})
        caller.send(cancel(reqid))
    assert caller.session.dialect._live == {}  # type: ignore[attr-defined]


def test_subscriptions_are_told_and_counted_and_noticed() -> None:
    floor, clock = local_venue()
    caller = join(floor, clock)
    noticed: list[tuple[object, bool]] = []
    floor.subscribers.noticed = lambda _, channel, begins: noticed.append((channel, begins))
    caller.send(subscribe(1, "Order"))
    caller.send(subscribe(2, "Order", "MarketDataSnapshot:BTC-USD"))
    told = ("MarketDataSnapshot:BTC-USD", "Order", "Order")
    assert (floor.subscriptions(caller.session), floor.held) == (told, 3)
    caller.send(cancel(1))
    caller.session.lost()
    assert floor.held == 0
    assert noticed == [
        ("Order", True),
        ("Order", True),
        ("MarketDataSnapshot:BTC-USD", True),
        ("Order", False),
    ]
