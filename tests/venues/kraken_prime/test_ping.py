"""The page "Ping", sentence by sentence, in both editions."""

import re
from typing import Any

import msgspec
import pytest

from caller import Caller
from venues.kraken_prime.prime import code_of, join, local_venue, ping, subscribe
from venuewire.core.terms import Edition
from venuewire.venues.kraken_prime import KRAKEN_PRIME
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms

ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")
MISSING = {"code": 1, "msg": "missing Ping data"}


def test_public_channel_connect_to_the_documented_url() -> None:
    """ "Public channel. Connect to: `wss://wss.prime.kraken.com/ws/v1`"."""
    [door] = KRAKEN_PRIME.doors
    assert KRAKEN_PRIME.url == "wss://wss.prime.kraken.com/ws/v1"
    assert f"wss://{door.hosts[0]}{door.path}" == KRAKEN_PRIME.url
    anonymous = join(*local_venue("documented"), account=None)
    assert anonymous.send(ping())[0]["type"] == "Pong"


def test_pings_are_not_required_to_keep_the_session_alive(caller: Caller) -> None:
    """ "Pings may be optionally initiated by the client. They are not required"."""
    assert caller.wait(30 * 86_400) == []
    assert caller.closed is None
    assert caller.send(ping())[0]["type"] == "Pong"


def test_on_a_valid_request_the_server_responds_with_a_pong(caller: Caller) -> None:
    assert caller.send(ping()) == [
        {"reqid": 2, "type": "Pong", "ts": "2023-11-14T22:13:20.000000Z", "data": [{}]}
    ]


@pytest.mark.parametrize("text", ["", ',"data":[]', ',"data":[ ]', ',"data":null'])
def test_if_data_is_omitted_or_empty_the_server_responds_with_an_error_instead(
    caller: Caller, text: str
) -> None:
    [answer] = caller.send(
        '{"reqid":2,"type":"Ping","ts":"2024-01-13T05:17:32.000000Z"' + text + "}"
    )
    assert (answer["type"], answer["error"]) == ("error", MISSING)


@pytest.mark.parametrize("reqid", ["1", "9007199254740993", "9" * 100])
def test_the_reqid_of_the_request_comes_back_as_it_was_written(caller: Caller, reqid: str) -> None:
    caller.session.receive(
        b'{"reqid":%b,"type":"Ping","ts":"t","data":[{}]}' % reqid.encode(), caller.clock()
    )
    [frame] = caller.raw()
    assert frame.startswith(b'{"reqid":%b,"type":"Pong",' % reqid.encode())


def test_a_reqid_need_not_be_new_for_a_ping(caller: Caller) -> None:
    """It is the client who is asked for "a unique number"; nothing is said to check it."""
    assert [caller.send(ping())[0]["type"] for _ in range(2)] == ["Pong", "Pong"]


@pytest.mark.parametrize("reqid", [0, -1, 2.5, 2.0, -0.0])
def test_a_number_that_cannot_name_a_request_is_refused_and_echoed(
    caller: Caller, reqid: float
) -> None:
    answers = caller.send(ping(reqid=reqid))
    assert code_of(answers) >= 1000
    assert answers[0]["reqid"] == reqid


@pytest.mark.parametrize("reqid", [None, "2", True, [2], {}])
def test_a_reqid_that_is_no_number_is_refused_and_not_echoed(caller: Caller, reqid: Any) -> None:
    answers = caller.send(ping(reqid=reqid))
    assert code_of(answers) >= 1000
    assert "reqid" not in answers[0]


@pytest.mark.parametrize("spelled", ["ping", "PING", "Pong", "", "Ping "])
def test_the_request_type_is_ping_and_nothing_like_it(caller: Caller, spelled: str) -> None:
    answers = caller.send(ping(type=spelled))
    assert code_of(answers) >= 1000
    assert "reqid" not in answers[0]


def test_an_escaped_request_type_is_the_same_request_type(caller: Caller) -> None:
    [answer] = caller.send(r'{"reqid":2,"type":"P\u0069ng","ts":"t","data":[{}]}')
    assert answer["type"] == "Pong"


@pytest.mark.parametrize("ts", [None, 1_705_123_052, ["2024"], {}])
def test_ts_is_a_required_string(caller: Caller, ts: Any) -> None:
    answers = caller.send(ping(ts=ts))
    assert code_of(answers) >= 1000
    assert answers[0]["reqid"] == 2


def test_what_was_in_order_once_does_not_excuse_what_follows(caller: Caller) -> None:
    """The same data again need not be read again; whatever differs is."""
    short, long = [{"a": 1}], [{"Text": "x" * 200}]
    for data in (short, short, long, long, short):
        assert caller.send(ping(data=data))[0]["type"] == "Pong"
    assert code_of(caller.send(ping(data=short, ts=None))) == 1004
    assert code_of(caller.send(ping(data=[1]))) == 1003
    assert code_of(caller.send(ping(data=[]))) == 1
    caller.session.receive(b'{"reqid":2,"type":"Ping","ts":"t"}', caller.clock())
    assert b"missing Ping data" in caller.raw()[0]


def test_ts_is_not_compared_with_a_clock(caller: Caller) -> None:
    assert caller.send(ping(ts="1999-12-31T23:59:59.000000Z"))[0]["type"] == "Pong"


@pytest.mark.parametrize("data", [{}, "text", 5, [1], [{}, None], [[{}]], [{}, "x"]])
def test_data_is_a_list_of_objects(caller: Caller, data: Any) -> None:
    """Another fault than missing data, so another code, which is invented."""
    answers = caller.send(ping(data=data))
    assert code_of(answers) >= 1000
    assert answers[0]["reqid"] == 2


def test_missing_data_is_named_before_a_missing_ts(caller: Caller) -> None:
    """The documented error goes before invented ones."""
    assert code_of(caller.send(ping(ts=None, data=None))) == 1


@pytest.mark.parametrize(
    "data",
    [
        "[{}]",
        '[{"b":1,"a":2}]',
        '[{"n":{"deep":[1,{"er":[[]]}]}},{}]',
        '[{"big":123456789012345678901234567890}]',
        '[{"price":0.10,"tiny":1e-400,"long":3.141592653589793238462643383279}]',
        '[ { "spaced" : "\\u00e9\\/" } , { } ]',
        '[{"twice":1,"twice":2}]',
        '[{"text":"zażółć ☃"}]',
    ],
)
def test_objects_in_data_are_echoed_back_unchanged(caller: Caller, data: str) -> None:
    """Key order, nested values, big integers, decimals: to the byte."""
    frame = b'{"reqid":2,"type":"Ping","ts":"t","data":%b}' % data.encode()
    caller.session.receive(frame, caller.clock())
    [answer] = caller.raw()
    assert answer.endswith(b',"data":%b}' % data.encode())


def test_many_objects_are_echoed_in_order(caller: Caller) -> None:
    data = [{"n": number} for number in range(500)]
    assert caller.send(ping(data=data))[0]["data"] == data


def test_seq_num_may_be_omitted_from_successful_pongs(caller: Caller) -> None:
    [answer] = caller.send(ping())
    assert list(answer) == ["reqid", "type", "ts", "data"]


def test_seq_num_is_always_0_for_a_pong_when_present(edition: Edition) -> None:
    terms = KrakenPrimeTerms(edition=edition, pong_seq_num=0)
    caller = join(*local_venue(terms=terms))
    for reqid in (1, 2, 2):
        [answer] = caller.send(ping(reqid=reqid))
        assert answer["seqNum"] == 0
        assert list(answer) == ["reqid", "type", "seqNum", "ts", "data"]


def test_ts_of_a_pong_is_an_iso_8601_utc_string(caller: Caller) -> None:
    caller.clock.seconds = 1.25
    [answer] = caller.send(ping())
    assert ISO.fullmatch(answer["ts"])
    assert answer["ts"] == "2023-11-14T22:13:21.250000Z"


def test_error_responses_use_seq_not_seq_num_and_include_code_and_msg(caller: Caller) -> None:
    [answer] = caller.send(ping(data=None))
    assert list(answer) == ["reqid", "type", "seq", "ts", "error"]
    assert ISO.fullmatch(answer["ts"])
    assert answer["error"] == MISSING


def test_seq_of_an_error_for_a_fresh_reqid_is_1_each_time(caller: Caller) -> None:
    assert [caller.send(ping(reqid=n, data=None))[0]["seq"] for n in (7, 8, 7)] == [1, 1, 1]


def test_seq_of_an_error_for_a_live_subscription_continues_its_seq_num(caller: Caller) -> None:
    [first] = caller.send(subscribe(2, "MarketDataSnapshot:BTC-USD"))
    assert first["seqNum"] == 1
    assert caller.send(ping(data=None))[0]["seq"] == 2
    assert "seqNum" not in caller.send(ping())[0]
    assert caller.send(ping(data=[]))[0]["seq"] == 3


def test_frames_are_compact_json(caller: Caller) -> None:
    caller.session.receive(msgspec.json.encode(ping()), caller.clock())
    assert caller.raw() == [
        b'{"reqid":2,"type":"Pong","ts":"2023-11-14T22:13:20.000000Z","data":[{}]}'
    ]
