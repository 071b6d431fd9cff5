"""Bad input is answered in the venue's dialect, and the session lives on."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caller import Caller
from venues.kraken_futures.futures import Futures, challenge, subscribe, unsubscribe
from venuewire.core.terms import Edition

JSON_ERRORS = [
    *("", "{", "hello", "[]", "1", "null", '"ping"', "NaN", '{"event":"ping"} x'),
    *('{"feed":"heartbeat"}', '{"event":null}', '{"event":5}', '{"event":["subscribe"]}'),
    *('{"event":"subscribe","feed":null}', '{"event":"subscribe","feed":["heartbeat"]}'),
    *('{"event":"ping","feed":1}', '{"event":"pong"}', '{"event":"Subscribe"}', '{"event":""}'),
    '{"event":"subscribed","feed":"heartbeat"}',
    '{"event":"subscribe","feed":"\\ud800"}',
    '{"event":"ping","x":' + "[" * 100_000,
]


@pytest.mark.parametrize("text", JSON_ERRORS, ids=lambda text: text[:40])
def test_what_is_not_a_request_is_a_json_error(venue: Futures, caller: Caller, text: str) -> None:
    assert caller.send(text) == [venue.refusal("Json Error")]
    assert caller.send({"event": "ping"}) == [{"event": "pong"}]


@pytest.mark.parametrize("event", [subscribe, unsubscribe])
@pytest.mark.parametrize(
    "feed", ["", "Heartbeat", "heartbeat ", "ticker_snapshot", "instruments", "candles_trade_1m"]
)
def test_an_unknown_feed_is_invalid(venue: Futures, caller: Caller, event: Any, feed: str) -> None:
    expected = venue.refusal("Invalid feed", "Couldn't subscribe to invalid feed")
    assert caller.send(event(feed, "PI_XBTUSD")) == [expected]


def test_a_request_without_a_feed_names_an_invalid_one(venue: Futures, caller: Caller) -> None:
    expected = venue.refusal("Invalid feed", "Couldn't subscribe to invalid feed")
    assert caller.send({"event": "subscribe"}) == [expected]


def test_a_json_ping_is_answered(caller: Caller) -> None:
    assert caller.send({"event": "ping"}) == [{"event": "pong"}]
    assert caller.send({"event": "ping", "reqid": 7}) == [{"event": "pong"}]


def test_answers_come_in_the_order_of_the_requests(venue: Futures, caller: Caller) -> None:
    for request in (subscribe("nope"), {"event": "ping"}, subscribe("heartbeat")):
        caller.session.receive(msgspec.json.encode(request), caller.clock())
    first, second, third = caller.heard()
    assert first["event"] == venue.refusal("")["event"]
    assert (second["event"], third["event"]) == ("pong", "subscribed")


EDITIONS = st.sampled_from(["documented", "observed"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FEED = st.sampled_from(["heartbeat", "ticker", "book", "fills", "notifications_auth", "nope"])
REQUESTS = st.fixed_dictionaries(
    {"event": st.sampled_from(["subscribe", "unsubscribe", "challenge", "ping"]) | JSON},
    optional={
        "feed": FEED | JSON,
        "product_ids": st.lists(st.sampled_from(["PI_XBTUSD", "x", ""])) | JSON,
        "api_key": st.sampled_from(["alice-key", ""]) | JSON,
        "original_challenge": st.just("ISSUED") | JSON,
        "signed_challenge": st.text() | JSON,
    },
)


def survives(edition: Edition, payload: bytes) -> Caller:
    venue = Futures(edition)
    caller = venue.join()
    issued = challenge(caller).encode()
    caller.session.receive(payload.replace(b"ISSUED", issued), caller.clock())
    assert caller.heard(), "it is answered"
    assert caller.closed is None
    assert caller.send({"event": "ping"}) == [{"event": "pong"}]
    return caller


@given(EDITIONS, st.binary(max_size=200))
def test_any_bytes_are_answered(edition: Edition, payload: bytes) -> None:
    survives(edition, payload)


@given(EDITIONS, JSON)
def test_any_json_is_answered(edition: Edition, value: Any) -> None:
    survives(edition, msgspec.json.encode(value))


@given(EDITIONS, REQUESTS)
def test_anything_like_a_request_is_answered_and_leaves_no_private_feed(
    edition: Edition, request: dict[str, Any]
) -> None:
    caller = survives(edition, msgspec.json.encode(request))
    held = caller.floor.subscribers.keys(caller.session)
    assert not any(isinstance(key, tuple) and key[1] == "alice" for key in held)


@given(EDITIONS, REQUESTS, st.integers(0, 200), st.binary(min_size=1, max_size=1))
def test_a_garbled_request_is_answered(
    edition: Edition, request: dict[str, Any], place: int, byte: bytes
) -> None:
    text = msgspec.json.encode(request)
    survives(edition, text[:place] + byte + text[place + 1 :])
