"""Nonsense is answered, and ends nothing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venues.kraken_spot.local import Local, timeless
from venuewire.core.terms import Edition


def encode(value: Any) -> bytes:
    """As JSON, integers beyond 64 bits included."""
    return json.dumps(value).encode()


MALFORMED = {"error": "Malformed request", "method": "error", "success": False}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CHANNEL = st.sampled_from(["ticker", "book", "ohlc", "instrument", "executions", "level3"])
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "channel": CHANNEL | JSON,
        "symbol": st.lists(st.sampled_from(["BTC/USD", "XBT/USD"]) | JSON, max_size=3) | JSON,
        "token": JSON,
        "snapshot": st.booleans() | JSON,
        "depth": st.sampled_from([10, 25, 11]) | JSON,
        "interval": JSON,
        "event_trigger": JSON,
    },
)
METHOD = st.sampled_from(["ping", "subscribe", "unsubscribe", "add_order"])
REQUEST = st.fixed_dictionaries(
    {"method": METHOD | JSON},
    optional={"params": PARAMS | JSON, "req_id": st.integers() | JSON},
)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "hello", "{", "null", "1", '"ping"', "[]", "{}", '{"method":null}'),
        *('{"method":1}', '{"method":"ping"}x', '{"method":"\\ud800"}', '{"req_id":1}'),
        *('{"method":"subscribe"}', '{"method":"subscribe","params":{}}'),
        '{"method":"subscribe","params":null,"req_id":1}',
        '{"method":"subscribe","params":{"channel":"ticker"},"req_id":1}',
        '{"method":"subscribe","params":{"channel":"ticker","symbol":[]},"req_id":1}',
        '{"method":"subscribe","params":{"channel":"ticker","symbol":"BTC/USD"},"req_id":1}',
        '{"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":"10"}}',
        '{"method":"subscribe","params":' + "[" * 50_000 + "}",
        "[" * 100_000,
        '{"method":"ping","req_id":' + "1" * 5000 + "}",
    ],
)
def test_malformed_requests(local: Local, text: str) -> None:
    caller = local.public()
    (reply,) = caller.send(text)
    assert timeless(reply) == MALFORMED
    assert caller.closed is None


@pytest.mark.parametrize("method", ["add_order", "", "pong", "Ping"])
def test_an_unknown_method_is_named_in_the_reply(local: Local, method: str) -> None:
    caller = local.public()
    (reply,) = caller.send({"method": method, "req_id": 5, "params": {"x": 1}})
    assert timeless(reply) == {
        "error": "Unsupported method",
        "method": method,
        "req_id": 5,
        "success": False,
    }
    assert caller.closed is None


def lives(caller: Any) -> bool:
    return bool(caller.send({"method": "ping"})[-1]["method"] == "pong" and caller.closed is None)


@pytest.mark.parametrize("edition", ["documented", "observed"])
@settings(deadline=None)
@given(payload=st.binary(max_size=200) | JSON.map(encode))
def test_any_bytes_are_answered(edition: Edition, payload: bytes) -> None:
    caller = Local(edition).public()
    caller.session.receive(payload, caller.clock())
    assert len(caller.heard()) == 1
    assert lives(caller)


@pytest.mark.parametrize("door", ["public", "private"])
@settings(deadline=None)
@given(request=REQUEST)
def test_any_request_is_answered(door: str, request: Any) -> None:
    caller = getattr(Local(), door)()
    caller.session.receive(encode(request), caller.clock())
    assert caller.heard()
    assert lives(caller)


@settings(deadline=None)
@given(payload=st.binary(max_size=60) | REQUEST.map(encode))
def test_any_bytes_over_the_rate_are_answered(payload: bytes) -> None:
    caller = Local(max_requests=1).public()
    caller.send({"method": "ping"})
    caller.session.receive(payload, caller.clock())
    (reply,) = caller.heard()
    assert reply["success"] is False
