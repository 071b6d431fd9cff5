"""The page `Ping`, sentence by sentence.

Source: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ping
"""

import re
from random import Random

import pytest
from msgspec import UNSET

from caller import Caller
from clock import EPOCH, at
from venues.kraken_spot.local import UPGRADE, Local, subscribe, timeless
from venuewire.core.instant import Instant
from venuewire.core.server_session import ServerSession
from venuewire.core.stamps import Stamps
from venuewire.venues.kraken_spot import KRAKEN_SPOT
from venuewire.venues.kraken_spot.pongs import Pongs

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MALFORMED = {"error": "Malformed request", "method": "error", "success": False}


@pytest.fixture(params=["public", "private"])
def caller(request: pytest.FixtureRequest, local: Local) -> Caller:
    return local.public() if request.param == "public" else local.private()


def test_clients_can_ping_the_server_and_it_responds_with_a_pong(caller: Caller) -> None:
    (pong,) = caller.send({"method": "ping"})
    assert pong["method"] == "pong"


def test_it_is_an_application_level_ping_distinct_from_the_protocol_level_one(
    caller: Caller,
) -> None:
    caller.session.pinged(caller.clock())
    assert caller.heard() == []


def test_req_id_is_sent_as_acknowledgment_in_the_response(caller: Caller) -> None:
    (pong,) = caller.send({"method": "ping", "req_id": 101})
    assert pong["req_id"] == 101


def test_req_id_is_optional(caller: Caller) -> None:
    (pong,) = caller.send({"method": "ping"})
    assert list(pong) == ["method", "time_in", "time_out"]


@pytest.mark.parametrize("req_id", [0, -5, 2**63, 2**64 + 1, 10**40, -(2**70)])
def test_an_integer_of_any_size_comes_back_untouched(caller: Caller, req_id: int) -> None:
    caller.send('{"method":"ping"}')
    caller.session.receive(b'{"method":"ping","req_id":%d}' % req_id, caller.clock())
    assert b'"req_id":%d,' % req_id in caller.raw()[0]


def test_the_response_has_the_keys_of_the_example_in_its_order_and_no_success(
    caller: Caller,
) -> None:
    for _ in range(2):  # The first of a second is put together another way than the next.
        (pong,) = caller.send({"method": "ping", "req_id": 101})
        assert list(pong) == ["method", "req_id", "time_in", "time_out"]


def test_the_timestamps_are_rfc3339_with_microseconds(caller: Caller) -> None:
    for _ in range(2):
        (pong,) = caller.send({"method": "ping"})
        assert RFC3339.fullmatch(pong["time_in"])
        assert RFC3339.fullmatch(pong["time_out"])


def test_time_in_is_when_the_request_was_received_and_time_out_when_the_response_was_sent() -> None:
    moments = iter([at(10.25), at(10.5), at(11.0), at(11.75), at(0.999999)])
    terms = KRAKEN_SPOT.terms("documented")
    floor = KRAKEN_SPOT.floor(terms, (), lambda: next(moments), Random(0))
    session = floor.admit("public", UPGRADE, at(0))
    assert isinstance(session, ServerSession)
    session.open(at(0))
    for received in (10.0, 10.125, 10.999999, 11.5, 12.0):
        session.receive(b'{"method":"ping"}', at(received))
    stamps = re.findall(rb"22:13:(\d\d\.\d{6})Z", b"".join(session.outbox))
    assert stamps == [
        *(b"30.000000", b"30.250000"),
        *(b"30.125000", b"30.500000"),
        *(b"30.999999", b"31.000000"),
        *(b"31.500000", b"31.750000"),
        *(b"32.000000", b"20.999999"),
    ]


def test_pings_that_came_together_are_answered_with_the_same_stamps() -> None:
    moments = iter([at(10.25), at(10.5)])
    pongs = Pongs(Stamps(), lambda: next(moments).realtime)
    first = [pongs.answer(number, at(10).realtime) for number in (1, 2)]
    assert [pong.partition(b',"time_in')[2] for pong in first] == [
        b'":"2023-11-14T22:13:30.000000Z","time_out":"2023-11-14T22:13:30.250000Z"}'
    ] * 2
    assert b'"time_out":"2023-11-14T22:13:30.500000Z"' in pongs.answer(3, at(10.125).realtime)


def test_pongs_carry_the_same_stamps_as_any_other_reply() -> None:
    sent = at(0)
    stamps, pongs, rng = Stamps(), Pongs(Stamps(), lambda: sent.realtime), Random(3)
    for step in range(4000):
        # Thirty in a millisecond, some of them across its end; and now and then one from afar.
        received = EPOCH + step * 3.3e-5 + (rng.random() * 5 if step % 100 == 0 else 0)
        sent = Instant(0, received + rng.random() / (10_000 if step % 50 else 10))
        req_id, named = (UNSET, b"") if step % 3 == 0 else (1, b'"req_id":1,')
        expected = b'{"method":"pong",%b"time_in":"%b","time_out":"%b"}'
        for _ in range(2):
            assert pongs.answer(req_id, received) == expected % (
                named,
                stamps.rfc3339(received),
                stamps.rfc3339(sent.realtime),
            )


@pytest.mark.parametrize("req_id", ['"101"', "1.5", "1.0", "true", "null", "[1]", "{}"])
def test_what_is_not_an_integer_is_malformed_and_is_not_echoed(caller: Caller, req_id: str) -> None:
    (reply,) = caller.send(f'{{"method":"ping","req_id":{req_id}}}')
    assert timeless(reply) == MALFORMED
    assert caller.closed is None


def test_unknown_keys_and_params_of_a_ping_are_of_no_consequence(caller: Caller) -> None:
    (pong,) = caller.send({"params": {"a": [1]}, "x": None, "req_id": 3, "method": "ping"})
    assert (pong["method"], pong["req_id"]) == ("pong", 3)


def test_success_is_false_and_error_says_why_when_a_ping_is_over_the_rate() -> None:
    caller = Local(max_requests=2).public()
    for _ in range(2):
        assert "success" not in caller.send({"method": "ping"})[0]
    (reply,) = caller.send({"method": "ping", "req_id": 9})
    assert timeless(reply) == {
        "error": "Exceeded msg rate",
        "method": "pong",
        "req_id": 9,
        "success": False,
    }
    caller.wait(1.0)
    assert "success" not in caller.send({"method": "ping"})[0]


def test_other_requests_over_the_rate_fail_under_their_own_method() -> None:
    caller = Local(max_requests=1).public()
    caller.send({"method": "ping"})
    (reply,) = caller.send(subscribe("ticker", "BTC/USD"))
    assert (reply["method"], reply["error"]) == ("subscribe", "Exceeded msg rate")
    (reply,) = caller.send("nonsense")
    assert timeless(reply) == MALFORMED


def test_the_rate_is_not_limited_unless_it_is_configured(local: Local) -> None:
    caller = local.public()
    assert all(caller.send({"method": "ping"})[0]["method"] == "pong" for _ in range(500))


def test_any_request_resets_the_minute_after_which_the_session_ends(caller: Caller) -> None:
    for _ in range(3):
        caller.wait(59.9)
        caller.send({"method": "ping"})
    caller.wait(59.9)
    assert caller.closed is None
    caller.wait(0.2)
    assert caller.closed == 1000


def test_websocket_pings_do_not_reset_it(caller: Caller) -> None:
    for _ in range(6):
        caller.wait(10)
        caller.session.pinged(caller.clock())
    assert caller.closed == 1000


def test_time_out_may_read_earlier_than_time_in_when_the_clock_is_set_back() -> None:
    moments = iter([at(0), at(0.5), at(0.4998)])
    pongs = Pongs(Stamps(), lambda: next(moments).realtime)
    pongs.answer(1, EPOCH)
    assert b"13:20.500000Z" in pongs.answer(1, EPOCH + 0.75)
    assert b"13:20.499800Z" in pongs.answer(1, EPOCH + 0.5003)


def test_a_session_can_be_given_a_lifetime() -> None:
    caller = Local(lifetime=5.0).public()
    caller.wait(4.9)
    assert caller.closed is None
    caller.wait(0.2)
    assert caller.closed == 1000
    caller.session.receive(b'{"method":"ping"}', Instant(6.0, EPOCH))
    assert caller.heard() == []
