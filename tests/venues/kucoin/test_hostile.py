"""Whatever a peer sends, a local KuCoin answers in its own dialect and the session lives on."""

from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from caller import Caller
from clock import at
from venues.kucoin.desk import ALICE, Desk, bare
from venuewire.core.errors import UnreadableFrame
from venuewire.core.http import HttpRequest
from venuewire.core.venue import ClientOptions
from venuewire.venues.kucoin import KUCOIN

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    scalars, lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=10
)
names = st.sampled_from(["id", "type", "topic", "privateChannel", "response", "tunnelId"])
words = st.sampled_from(
    ["ping", "subscribe", "unsubscribe", "/market/ticker:BTC-USDT", "/account/balance", "/x:,"]
)
requests = st.dictionaries(names, words | json_values)


def session() -> Caller:
    return Desk(max_requests=None).enter(ALICE)


CALLER = session()


def survives(payload: bytes) -> list[Any]:
    CALLER.session.receive(payload, at(0))
    assert CALLER.closed is None
    return CALLER.raw()


@given(st.binary())
def test_any_bytes(payload: bytes) -> None:
    survives(payload)


@given(json_values)
def test_any_json(value: Any) -> None:
    for frame in survives(msgspec.json.encode(value)):
        assert msgspec.json.decode(frame)["type"] == "error"


@given(requests)
@settings(max_examples=300)
def test_anything_like_a_request(request: dict[str, Any]) -> None:
    answers = [msgspec.json.decode(frame) for frame in survives(msgspec.json.encode(request))]
    assert len(answers) <= 1
    for answer in answers:
        assert answer["type"] in {"pong", "ack", "error"}
        assert isinstance(answer.get("id", ""), str)


@given(st.text(), st.text())
def test_any_query(query: str, host: str) -> None:
    desk = Desk()
    session = desk.floor.admit("session", HttpRequest(method="GET", url=f"/kucoin/?{query}"), at(0))
    session.open(at(0))
    (frame,) = session.outbox
    assert msgspec.json.decode(frame)["type"] == "error"
    reply = desk.post(bare(headers={"host": host}), "token-public")
    assert msgspec.json.decode(reply.body)["code"] == "200000"


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "kc-api-key",
                "kc-api-sign",
                "kc-api-timestamp",
                "kc-api-passphrase",
                "kc-api-key-version",
            ]
        ),
        st.text(),
    )
)
def test_any_headers(headers: dict[str, str]) -> None:
    reply = Desk().post(bare(headers=headers))
    assert msgspec.json.decode(reply.body)["code"].startswith("4000")


@given(st.binary() | json_values.map(msgspec.json.encode))
def test_a_client_finds_any_bytes_unreadable_at_worst(payload: bytes) -> None:
    with suppress(UnreadableFrame):
        KUCOIN.client(ClientOptions()).decode(payload, at(0))
