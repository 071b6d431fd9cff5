"""Who may give orders: raw requests, as an attacker's page or machine would send them."""

import json
import socket
from typing import Any

import pytest
from starlette.requests import Request

from raw_peer import RawPeer, upgrade
from toy_venue import TOY
from venuewire.core.errors import ConfigurationError
from venuewire.server import LocalVenue
from venuewire.transport.access import Access

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what an operator may choose
TOKEN = "a-token-of-sixteen-or-more"


async def asked(venue: LocalVenue, path: str = "/control/sessions", **headers: str) -> Any:
    """Status, error code, and what is demanded."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    async with await RawPeer.connect(venue.base) as peer:
        peer.send(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        status, told, body = await peer.reply()
    error = json.loads(body).get("error", {}) if told["content-type"] == "application/json" else {}
    return status, error.get("code"), told.get("www-authenticate")


@pytest.mark.parametrize("path", ["/control/sessions", "/control/openapi.json", "/control/x", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:9010", "Origin": "http://evil.example:9010"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost", "Origin": "https://evil.example"},
        {"Host": "localhost", "Origin": "null"},
        {"Host": "localhost", "Sec_Fetch_Site": "cross-site"},
        {"Host": "localhost", "Sec_Fetch_Site": "same-site"},
        {"Host": "localhost", "X_Forwarded_For": "203.0.113.7"},
        {"Host": "localhost", "Forwarded": "for=203.0.113.7"},
    ],
)
async def test_neither_a_page_elsewhere_nor_a_name_pointed_here(
    path: str, headers: dict[str, str]
) -> None:
    async with LocalVenue(TOY) as venue:
        assert await asked(venue, path, **headers) == (403, "forbidden", None)


@pytest.mark.parametrize("path", ["/control/sessions", "/control/", "/"])
async def test_a_web_socket_of_another_origin_is_refused(path: str) -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade(path, "localhost", Origin="https://evil.example"))
        status, _, body = await peer.reply()
        assert (status, json.loads(body)["error"]["code"]) == (403, "forbidden")


async def test_a_venues_own_endpoints_are_open_to_all_origins() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/toy/v1", "evil.example", Origin="https://evil.example"))
        assert (await peer.reply_head())[0] == 101


async def test_the_token_lets_in_and_a_wrong_one_does_not_even_here() -> None:
    async with LocalVenue(TOY, control_token=TOKEN) as venue:
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert (await asked(venue, Host="venue.internal", **right))[0] == 200
        assert (await asked(venue, Host="venue.internal", X_Real_IP="203.0.113.7", **right))[
            0
        ] == 200
        assert (await asked(venue, Host="localhost"))[0] == 200
        for wrong in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer", TOKEN, "Bearer \xff"):
            told = await asked(venue, Host="localhost", Authorization=wrong)
            assert told == (401, "unauthorized", "Bearer")
        told = await asked(venue, Host="localhost", Origin="https://evil.example", **right)
        assert told == (403, "forbidden", None)
        told = await asked(venue, Host="localhost", X_Forwarded_For="203.0.113.7")
        assert told == (401, "unauthorized", "Bearer")


def request_from(peer: str, **headers: str) -> Request:
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (peer, 1), "headers": named, "scheme": "http"}
    scope |= {"server": ("10.0.0.1", 80), "path": "/", "query_string": b""}
    return Request(scope)


@pytest.mark.parametrize("peer", ["10.0.0.7", "fe80::1", "::ffff:10.0.0.7", "", "not an address"])
def test_other_machines_need_the_token_and_are_told_so(peer: str) -> None:
    refusal = Access(EVERYWHERE).refuse(request_from(peer, host="10.0.0.1"))
    assert refusal is not None
    assert refusal.status == 403
    assert b"--control-token-file" in refusal.body
    guarded = Access(EVERYWHERE, TOKEN)
    refusal = guarded.refuse(request_from(peer, host="10.0.0.1"))
    assert refusal is not None
    assert refusal.status == 401
    told = request_from(peer, host="10.0.0.1", authorization=f"bearer {TOKEN}")
    assert guarded.refuse(told) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_needs_none(peer: str) -> None:
    assert Access(EVERYWHERE).refuse(request_from(peer, host="localhost:9010")) is None


async def test_listening_everywhere_lets_nobody_else_in() -> None:
    """By this machine's own outward address, where it has one."""
    address = outward_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    async with LocalVenue(TOY, listen=f"{EVERYWHERE}:0") as venue:
        port = int(venue.base.rpartition(":")[2])
        base = f"http://{address}:{port}"
        async with await RawPeer.connect(base) as peer:
            peer.send(f"GET /control/sessions HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
            status, _, body = await peer.reply()
    assert status == 403
    assert "control token" in json.loads(body)["error"]["message"]


def outward_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing: it only asks for a route.
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else address


@pytest.mark.parametrize("token", ["", "short", "x" * 600, "sixteen chars and spaces", "é" * 20])
def test_a_token_that_is_none_is_refused_and_not_quoted(token: str) -> None:
    with pytest.raises(ConfigurationError, match="control token") as caught:
        LocalVenue(TOY, control_token=token)
    assert not token or token not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Access("127.0.0.1", TOKEN))
