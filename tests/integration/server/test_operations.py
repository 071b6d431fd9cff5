"""The control API as a table: it says what it does, does what it says, and leaves nothing out."""

import json
from typing import Any, Final

import aiohttp
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from integration.server.test_local_venue import OTHER
from raw_peer import RawPeer
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.server.control import operations
from venuewire.server.openapi import document
from venuewire.server.operation import Operation
from venuewire.server.orders import Orders
from venuewire.transport.replies import STATUSES, ErrorAnswer
from venuewire.venues import venues

TABLE: Final = operations(LocalVenue(TOY))
PARTS: Final = {
    "session_states": "sessions",
    "session_page": "sessions",
    "forgotten": "journal",
    "last_event": "journal",
}
"""Members that an operation of another name answers for."""


def test_whatever_python_can_do_to_a_venue_any_language_can() -> None:
    members = {name for name in vars(Orders) if not name.startswith("_")}
    assert {PARTS.get(name, name) for name in members} == {each.name for each in TABLE}


def test_a_local_venue_adds_only_its_opening_its_end_and_where_it_is() -> None:
    """And what its configuration says anew."""
    added = {name for name in vars(LocalVenue) if not name.startswith("_")}
    assert added == {
        *("reconfigure", "stay"),
        *("start", "aclose", "base", "endpoints", "url", "credentials", "all_credentials"),
    }


def test_the_document_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(json.loads(json.dumps(document(TABLE)))).validate()


def test_the_document_names_every_operation_and_all_its_statuses() -> None:
    paths = document(TABLE)["paths"]
    for each in TABLE:
        told = paths[each.path][each.method.lower()]
        assert told["operationId"] == each.name
        statuses = {"200", *(str(STATUSES[code]) for code in each.codes)}
        assert set(told["responses"]) == statuses


async def test_the_document_is_served() -> None:
    async with (
        LocalVenue(TOY) as venue,
        aiohttp.ClientSession() as client,
        client.get(f"{venue.base}/control/openapi.json") as reply,
    ):
        assert (reply.status, await reply.json()) == (200, document(TABLE))


@pytest.mark.parametrize("edition", ["documented", "observed"])
async def test_the_state_of_all_venues_shows_no_key(edition: Any) -> None:
    terms = {"kucoin": {"token_key": "canary-key"}}
    async with LocalVenue("all", edition=edition, terms=terms) as venue:
        said = msgspec.json.encode(venue.state)
        assert {each.venue for each in venue.state.venues} == set(venues())
        assert b"canary-key" not in said
        assert b'"token_key":"***"' in said
        assert not [v for v in venue.all_credentials.values() if v.api_secret.encode() in said]


# Any order at all.

JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
WORDS: Final = st.sampled_from(["toy", "other", "moon", "", "news", "latency", "half-open@1+1"])
VALUES: Final = {
    "venue": st.sampled_from(["toy", "other", "moon"]) | st.none(),
    "session": st.integers(0, 3) | st.none(),
    "seconds": st.floats(0, 1e10),
    "code": st.integers(1000, 4999) | st.none(),
    "payload": JSON,
    "abort": st.booleans(),
    "draining": st.booleans(),
    "limit": st.integers(1, 1000),
    "after": st.integers(0, 2**53),
    "id": st.integers(0, 3),
    "name": st.sampled_from(["demo", "alice"]) | st.text(max_size=20),
    "key": st.text(max_size=20),
    "permissions": st.lists(WORDS, max_size=3) | st.none(),
    "credentials": st.none()
    | st.fixed_dictionaries({"api_key": st.text(max_size=9), "api_secret": st.text(max_size=9)}),
    "effective_time": st.integers(0, 2**53) | st.none(),
    "expected_downtime_minutes": st.integers(0, 2**53) | st.none(),
}
"""By the names of fields; all others are texts."""
SURE: Final = {
    "withdraw": {"id": 3, "venue": "toy"},
    "add_account": {"name": "carol", "venue": "toy"},
    "revoke_account": {"name": "demo", "venue": "toy"},
}
"""What can be carried out, where chance would seldom hit upon it."""


def orders_for(operation: Operation) -> st.SearchStrategy[Any]:
    """Bodies that are right, nearly right, and not at all."""
    fields = msgspec.structs.fields(operation.asked)
    right = {field.name: VALUES.get(field.name, WORDS | st.text(max_size=20)) for field in fields}
    required = {
        name: right[name] for name, field in zip(right, fields, strict=True) if field.required
    }
    optional = {name: each for name, each in right.items() if name not in required}
    good = st.fixed_dictionaries(required, optional=optional)
    odd = st.dictionaries(st.sampled_from([*right, "odd"]), JSON, max_size=3)
    return good | st.builds(lambda a, b: {**a, **b}, good, odd) | JSON


async def answered(
    client: aiohttp.ClientSession, base: str, operation: Operation, asked: Any
) -> int:
    """The status, of an answer as it is documented."""
    url = f"{base}/control{operation.path}"
    options: dict[str, Any] = {}
    if operation.method == "POST":
        options["data"] = json.dumps(asked).encode()
    elif isinstance(asked, dict):
        options["params"] = [(k, "" if v is None else str(v)) for k, v in asked.items()]
    async with client.request(operation.method, url, **options) as reply:
        body = await reply.read()
    if reply.status == 200:
        msgspec.json.decode(body, type=operation.answer)
        return 200
    error = msgspec.json.decode(body, type=ErrorAnswer).error
    assert error.code in operation.codes, (operation.name, asked, error)
    assert error.code != "internal", (operation.name, asked)
    assert STATUSES[error.code] == reply.status
    assert error.message
    return reply.status


@pytest.mark.parametrize("operation", TABLE, ids=lambda each: each.name)
async def test_any_order_is_answered_as_documented_and_never_by_a_bug(
    operation: Operation,
) -> None:
    async with LocalVenue(TOY, OTHER) as venue, aiohttp.ClientSession() as client:
        peers = [await RawPeer.upgraded(venue.base, "/toy/v1") for _ in range(2)]
        assert await venue.notify("to be withdrawn", venue="toy") == 3
        statuses = {
            await answered(client, venue.base, operation, asked) for asked in sampled(operation)
        }
        assert {200, 400} <= statuses
        assert venue.tally.failures == 0
        for peer in peers:
            await peer.aclose()


def sampled(operation: Operation) -> list[Any]:
    """Drawn beforehand: the local venue needs the loop that hypothesis would block."""
    drawn: list[Any] = []

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(orders_for(operation))
    def draw(asked: Any) -> None:
        drawn.append(asked)

    draw()
    return [*([SURE[operation.name]] if operation.name in SURE else ()), *drawn]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=0", ">= 1"),
        ("limit=many", "int"),
        ("shade=1", "unknown field"),
        ("after=1&after=2", "twice"),
        ("after=%ff", "query"),
        ("venue", "query"),
        ("&".join(f"a{number}=1" for number in range(20)), "query"),
        ("venue=" + "x" * 3000, "2048"),
    ],
)
async def test_a_query_is_held_to_its_type_and_size(query: str, says: str) -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(f"GET /control/journal?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status, _, body = await peer.reply()
        error = msgspec.json.decode(body, type=ErrorAnswer).error
        assert (status, error.code) == (400, "bad_request")
        assert says in error.message


async def test_an_order_in_a_query_is_not_taken_for_one() -> None:
    async with LocalVenue(TOY) as venue, aiohttp.ClientSession() as client:
        async with client.post(f"{venue.base}/control/cut?session=1") as reply:
            assert reply.status == 400
        async with client.post(f"{venue.base}/control/cut") as reply:
            assert (reply.status, await reply.json()) == (200, {"sessions": 0})


async def test_the_journal_and_pages_over_http() -> None:
    async with LocalVenue(TOY) as venue, aiohttp.ClientSession() as client:
        peer = await RawPeer.upgraded(venue.base, "/toy/v1")
        async with client.get(f"{venue.base}/control/journal?venue=toy&limit=1") as reply:
            told = await reply.json()
        assert (told["forgotten"], told["last"]) == (0, 1)
        [event] = told["events"]
        assert (event["what"], event["venue"], event["session"]) == ("opened", "toy", 1)
        async with client.post(f"{venue.base}/control/age", json={"seconds": 5}) as reply:
            assert await reply.json() == {"sessions": 1}
        await peer.aclose()
