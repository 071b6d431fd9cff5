"""Whatever a peer sends: the venue answers in its dialect and stays, the client stays readable."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caller import Caller
from clock import at
from venues.kraken_prime.prime import code_of, join, local_venue, ping, subscribe
from venuewire.core.errors import LocalProtocolError, UnreadableFrame
from venuewire.core.floor import Publication
from venuewire.core.terms import Edition
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_prime import KRAKEN_PRIME

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says nothing about the rules."""

EDITIONS: st.SearchStrategy[Edition] = st.sampled_from(["documented", "observed"])
NAMES = ["reqid", "type", "ts", "data", "streams", "tag", "name", "Symbol", "seqNum", "seq",
         "initial", "error", "code", "msg"]  # fmt: skip
WORDS = ["Ping", "Pong", "subscribe", "cancel", "page", "hello", "error", "Order", "UserX",
         "MarketDataSnapshot", "NewOrderSingle"]  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5) | st.sampled_from(WORDS)
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=4,
)
FRAMES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(NAMES, VALUES) | {"type": st.sampled_from(WORDS) | VALUES}
)


def stays_open(caller: Caller) -> None:
    assert caller.closed is None
    assert caller.send(ping(reqid=424242))[-1]["type"] == "Pong"


@pytest.mark.parametrize(
    "text",
    ["", "{", "nonsense", "[]", "5", '"text"', "null", "{}}", '{"type":5,"reqid":1}', "\x00",
     "[" * 100_000, '{"reqid":1,"type":"Ping","ts":"t","data":' + "[" * 100_000, '{"reqid":01}',
     '{"reqid":NaN,"type":"Ping","ts":"t","data":[{}]}'],
)  # fmt: skip
def test_malformed_json_is_an_error_without_reqid_and_the_session_stays(
    caller: Caller, text: str
) -> None:
    answers = caller.send(text)
    assert code_of(answers) >= 1000
    assert list(answers[0]) == ["type", "seq", "ts", "error"]
    assert answers[0]["seq"] == 1
    stays_open(caller)


@pytest.mark.parametrize("frame", [{}, {"reqid": 1}, {"reqid": 1, "type": "Nonsense"}])
def test_an_unknown_type_is_an_error_without_reqid_and_the_session_stays(
    caller: Caller, frame: dict[str, Any]
) -> None:
    answers = caller.send(frame)
    assert code_of(answers) >= 1000
    assert "reqid" not in answers[0]
    stays_open(caller)


def test_data_too_deep_to_look_at_is_refused(caller: Caller) -> None:
    """Deep enough to be skipped over, too deep to be checked, or both: an error, no end."""
    for depth in (100, 500, 900, 990, 2000):
        text = '{"reqid":1,"type":"Ping","ts":"t","data":[{"a":' + "[" * depth + "]" * depth + "}]}"
        caller.session.receive(text.encode(), caller.clock())
        [answer] = caller.raw()
        assert b'"type":"Pong"' in answer or b'"type":"error"' in answer
    stays_open(caller)


@UNHURRIED
@given(EDITIONS, st.binary(max_size=200))
def test_no_bytes_end_a_session(edition: Edition, payload: bytes) -> None:
    caller = join(*local_venue(edition))
    caller.session.receive(payload, caller.clock())
    assert len(caller.session.outbox) == 1
    caller.raw()
    stays_open(caller)


@UNHURRIED
@given(EDITIONS, st.lists(FRAMES, min_size=1, max_size=6))
def test_no_json_ends_a_session_and_every_answer_is_in_the_dialect(
    edition: Edition, frames: list[dict[str, Any]]
) -> None:
    caller = join(*local_venue(edition))
    for frame in frames:
        for answer in caller.send(json.dumps(frame)):
            assert isinstance(answer["type"], str)
            if "reqid" in answer:
                assert answer["reqid"] == frame["reqid"]
            if answer["type"] == "error":
                assert isinstance(answer["seq"], int)
                assert isinstance(answer["error"]["code"], int)
                assert answer["error"]["msg"]
                assert "seqNum" not in answer
    stays_open(caller)
    caller.session.lost()


@UNHURRIED
@given(
    EDITIONS,
    st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), min_size=1, max_size=4),
)
def test_any_objects_in_data_come_back_unchanged(
    edition: Edition, data: list[dict[str, Any]]
) -> None:
    caller = join(*local_venue(edition))
    text = json.dumps(data, ensure_ascii=False).encode()
    frame = b'{"reqid":7,"type":"Ping","ts":"t","data":%b}' % text
    caller.session.receive(frame, caller.clock())
    [answer] = caller.raw()
    assert answer.endswith(b'"data":%b}' % text)
    assert json.loads(answer)["data"] == data


@UNHURRIED
@given(st.binary(max_size=100) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_publication_is_said_or_refused(payload: bytes) -> None:
    caller = join(*local_venue())
    caller.send(subscribe(1, "Order"))
    try:
        caller.floor.publish(Publication(channel="Order", payload=payload), caller.clock())
    except LocalProtocolError:
        assert caller.raw() == []
    else:
        [message] = caller.heard()
        assert message["type"] == "Order"


@UNHURRIED
@given(st.binary(max_size=100) | FRAMES.map(lambda frame: json.dumps(frame).encode()))
def test_the_client_understands_a_frame_or_calls_it_unreadable(payload: bytes) -> None:
    client = KRAKEN_PRIME.client(ClientOptions())
    [topic] = client.topics("MarketDataSnapshot:BTC-USD", {})
    client.subscribe([topic], 1, at(0))
    with suppress(UnreadableFrame):
        client.decode(payload, at(0))


def test_an_unreadable_frame_is_quoted_shortly() -> None:
    client = KRAKEN_PRIME.client(ClientOptions())
    with pytest.raises(UnreadableFrame, match=r"x{70,80}\.\.\."):
        client.decode(b"x" * 500, at(0))
