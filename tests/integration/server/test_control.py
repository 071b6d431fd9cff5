"""The operator's orders over HTTP, and who may not give any."""

from typing import Any

import aiohttp
import pytest
import websockets
from msgspec import to_builtins
from msgspec.structs import replace

from raw_peer import RawPeer
from toy_venue import TOY
from venuewire.core.floor import Floor
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits


async def order(
    venue: LocalVenue, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """GET without a body, POST with one."""
    options: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
    method = "GET" if body is None else "POST"
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, venue.base + path, headers=headers, **options) as reply,
    ):
        return reply.status, await reply.json()


async def test_publish() -> None:
    async with LocalVenue(TOY) as venue, websockets.connect(venue.url) as link:
        await link.send('{"op":"subscribe","channel":"news"}')
        await link.recv()
        said = {"venue": "toy", "channel": "news", "payload": {"a": 1.50}}
        assert await order(venue, "/control/publish", said) == (200, {"heard": 1})
        assert await link.recv() == '{"op":"news","channel":"news","data":{"a":1.5}}'


async def test_notify() -> None:
    async with LocalVenue(TOY) as venue, websockets.connect(venue.url) as link:
        await link.send('{"op":"subscribe","channel":"notes"}')
        await link.recv()
        status, body = await order(venue, "/control/notify", {"note": "soon", "priority": "high"})
        assert (status, list(body)) == (200, ["id"])
        expected = '{"op":"news","channel":"notes","data":{"note":"soon","priority":"high"}}'
        assert await link.recv() == expected


async def test_sessions() -> None:
    async with LocalVenue(TOY) as venue, websockets.connect(venue.url) as link:
        await link.send('{"op":"subscribe","channel":"news"}')
        await link.recv()
        status, body = await order(venue, "/control/sessions")
        [told] = body["sessions"]
        assert (status, body["total"]) == (200, 1)
        assert 0 <= told.pop("silent") <= told.pop("age") < 30
        peer = "{}:{}".format(*link.local_address[:2])
        assert told == {
            "venue": "toy",
            "number": 1,
            "phase": "open",
            "peer": peer,
            "subscriptions": 1,
            "channels": ["news"],
            "queued": 0,
        }


async def test_limits() -> None:
    async with LocalVenue(TOY, limits=Limits(connections_per_address=9)) as venue:
        status, told = await order(venue, "/control/limits", {"body_bytes": 70_000})
        assert (status, told["changed"]) == (200, ["body_bytes"])
        assert told["limits"]["connections_per_address"] == 9
        status, _ = await order(venue, "/control/publish", b" " * 69_000 + b"{}")
        assert status == 400
        wider = {"connections_per_address": None, "body_bytes": 70_000}
        assert (await order(venue, "/control/limits", wider))[1]["changed"] == [
            "connections_per_address"
        ]
        assert venue.state.limits == Limits(body_bytes=70_000)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"connections": "many"}, 400),
        ({"connections": None}, 400),
        ({"shade": 1}, 400),
        ({"connections": 0}, 422),
        ({"connections": -1}, 422),
        ({"connections": 2**31}, 422),
        ({"journal_events": 2**70}, 422),
    ],
)
async def test_a_limit_that_cannot_be_changes_none(body: Any, status: int) -> None:
    async with LocalVenue(TOY) as venue:
        said, answer = await order(venue, "/control/limits", {"tls_timeout": 1, **body})
        assert said == status, answer
        assert answer["error"]["message"]
        assert venue.state.limits == Limits()


async def test_an_account_by_a_key_of_ones_own() -> None:
    """All that Python can say of a key."""
    key = {"api_key": "k", "api_secret": "s", "passphrase": "p", "key_version": "2"}
    async with LocalVenue(TOY) as venue:
        status, _ = await order(venue, "/control/accounts", {"name": "a", "credentials": key})
        assert status == 200
        [hall] = venue._halls.values()
        assert to_builtins(hall.floor.accounts["k"].credentials) == key


@pytest.mark.parametrize(
    ("body", "status", "type"),
    [
        (b"{", 400, "bad_request"),
        ({"venue": "toy"}, 400, "bad_request"),
        ({"venue": "toy", "channel": "a", "payload": 1, "shade": 2}, 400, "bad_request"),
        ({"venue": "moon", "channel": "a", "payload": 1}, 404, "unknown_venue"),
        (b"x" * 70_000, 413, "body_too_large"),
    ],
)
async def test_an_order_that_cannot_be_carried_out(body: Any, status: int, type: str) -> None:
    async with LocalVenue(TOY) as venue:
        said, answer = await order(venue, "/control/publish", body)
        assert (said, answer["error"]["code"]) == (status, type)
        assert answer["error"]["message"]


async def test_a_venue_without_notifications_says_so() -> None:
    mute = replace(TOY, name="mute", floor=_mute_floor)
    async with LocalVenue(mute) as venue:
        status, body = await order(venue, "/control/notify", {"note": "a"})
        assert (status, body["error"]["code"]) == (422, "impossible")
        status, body = await order(venue, "/control/notify", {"note": "a", "venue": "mute"})
        assert (status, body["error"]["code"]) == (422, "impossible")


def _mute_floor(*arguments: Any) -> Any:
    terms, accounts, clock, rng = arguments
    return Floor(terms, accounts, clock=clock, rng=rng)


async def test_the_index_lists_the_doors() -> None:
    async with (
        LocalVenue(TOY) as venue,
        aiohttp.ClientSession() as client,
        client.get(venue.base) as reply,
    ):
        text = await reply.text()
        assert (reply.status, reply.content_type) == (200, "text/plain")
        assert "POST /toy/token" in text


async def test_an_unknown_order() -> None:
    async with LocalVenue(TOY) as venue:
        assert (await order(venue, "/control/dance"))[0] == 404
        assert (await order(venue, "/control/publish"))[0] == 405


# Who may.


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:9010", "Origin": "http://evil.example:9010"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/control/publish", "/control/sessions", "/control/x", "/"])
async def test_a_web_page_elsewhere_may_not(path: str, headers: dict[str, str]) -> None:
    """Not even one whose name was pointed at this machine after the page was loaded."""
    async with LocalVenue(TOY) as venue:
        body = {"venue": "toy", "channel": "a", "payload": 1} if "publish" in path else None
        status, answer = await order(venue, path, body, **headers)
        assert (status, answer["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "localhost:9010"])
async def test_a_page_of_our_own_may(host: str) -> None:
    async with LocalVenue(TOY) as venue:
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert (await order(venue, "/control/sessions", **headers))[0] == 200


async def test_health_is_for_everybody() -> None:
    async with LocalVenue(TOY) as venue:
        assert (await order(venue, "/healthz", Host="evil.example"))[0] == 200


async def test_a_request_without_a_host_is_nobodys() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /control/sessions HTTP/1.0\r\n\r\n")
        assert (await peer.reply())[0] == 403
