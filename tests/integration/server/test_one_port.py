"""One port for HTTP and WebSocket: who is let in, where, and what the others are told."""

import json
import logging
from typing import Any

import aiohttp
import pytest
import websockets

from raw_peer import RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.core.http import HttpRequest
from venuewire.server import LocalVenue

PING = '{"op":"ping","id":7}'
PONG = '{"op":"pong","id":7}'


async def get(venue: LocalVenue, path: str, **options: Any) -> tuple[int, Any]:
    return await ask(venue, "GET", path, **options)


async def ask(venue: LocalVenue, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, venue.base + path, **options) as reply,
    ):
        return reply.status, await reply.json()


async def refusal(venue: LocalVenue, head: bytes) -> tuple[int, dict[str, str], Any]:
    async with await RawPeer.connect(venue.base) as peer:
        peer.send(head)
        status, headers, body = await peer.reply()
        assert await peer.ended() == b""
        return status, headers, json.loads(body)


# Both protocols, from foreign clients.


async def test_websockets_and_aiohttp_and_http_meet_at_one_port() -> None:
    async with LocalVenue(TOY) as venue:
        async with websockets.connect(venue.url) as link:
            await link.send(PING)
            assert await link.recv() == PONG
        async with aiohttp.ClientSession() as client, client.ws_connect(venue.url) as other:
            await other.send_str(PING)
            assert await other.receive_str() == PONG
        assert await get(venue, "/healthz") == (200, {"status": "ok"})


async def test_an_http_door_answers_a_post() -> None:
    async with LocalVenue(TOY) as venue:
        headers = {"X-Key": venue.credentials.api_key}
        status, body = await ask(venue, "POST", "/toy/token", headers=headers, data=b"x" * 5000)
        assert (status, body) == (200, {"token": "toy-toy-key", "secure": False})
        assert await ask(venue, "POST", "/toy/token") == (401, {"no": "key"})


async def test_several_requests_share_a_connection() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        for _ in range(3):
            peer.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            status, _, body = await peer.reply()
            assert (status, body) == (200, b'{"status":"ok"}')


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nope HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await peer.reply())[0] == 200
        assert (await peer.reply())[0] == 404


async def test_frames_may_come_with_the_upgrade() -> None:
    """A client need not wait for the answer; what came with the head is not lost."""
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        many = b"".join(frame(b'{"op":"echo","text":"%04d"}' % number) for number in range(500))
        peer.send(upgrade("/toy/v1") + many)
        assert (await peer.reply_head())[0] == 101
        for number in range(500):
            assert (await peer.frame())[1] == b'{"op":"echo","text":"%04d"}' % number


async def test_a_head_may_come_byte_by_byte() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        for byte in upgrade("/toy/v1"):
            peer.send(bytes((byte,)))
            await peer.writer.drain()
        assert (await peer.reply_head())[0] == 101


# What clients really send.


async def test_firefox_keeps_alive_and_upgrades() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(
            upgrade(
                "/toy/v1",
                Connection="keep-alive, Upgrade",
                Origin="https://somewhere.example",
                Sec_WebSocket_Extensions="permessage-deflate",
            )
        )
        status, headers, _ = await peer.reply_head()
        assert status == 101
        assert headers["sec-websocket-accept"]
        assert "sec-websocket-extensions" not in headers


async def test_java_offers_http2_with_a_post() -> None:
    """The offer is ignored; the body is not taken for the other protocol."""
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(
            b"POST /toy/token HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: a\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: AAE\r\nContent-Length: 4\r\nX-Key: toy-key\r\n\r\n"
            b"body"
        )
        status, _, body = await peer.reply()
        assert (status, body) == (200, b'{"token":"toy-toy-key","secure":false}')


async def test_a_venue_hears_of_the_request_as_it_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[HttpRequest] = []
    async with LocalVenue(TOY) as venue:
        floor = venue._halls["toy"].floor
        admit, answer = floor.admit, floor.answer

        def note_admit(door: str, request: HttpRequest, now: Any) -> Any:
            heard.append(request)
            return admit(door, request, now)

        def note_answer(door: str, request: HttpRequest, now: Any) -> Any:
            heard.append(request)
            return answer(door, request, now)

        monkeypatch.setattr(floor, "admit", note_admit)
        monkeypatch.setattr(floor, "answer", note_answer)
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(upgrade("/toy/v1?a=%20b&c", X_Two="1", x_two="2"))
            await peer.reply_head()
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(b"POST /toy/token?a=%2Fb HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\n")
            peer.send(b"Content-Length: 4\r\n\r\nbody")
            await peer.reply()
    upgraded, posted = heard
    assert upgraded.url == "/toy/v1?a=%20b&c"
    assert upgraded.headers["x-two"] == "1, 2"
    assert (upgraded.peer, upgraded.secure, upgraded.method) == ("127.0.0.1", False, "GET")
    assert posted.url == "/toy/token?a=%2Fb"
    assert posted.headers["x-two"] == "1, 2"
    assert (posted.body, posted.peer, posted.method) == (b"body", "127.0.0.1", "POST")


# Doors.


@pytest.mark.parametrize(
    "path", ["/toy/private?token=toy-toy-key", "/toy/private/?token=toy-toy-key"]
)
async def test_a_trailing_slash_makes_no_difference(path: str) -> None:
    async with LocalVenue(TOY) as venue:
        await (await RawPeer.upgraded(venue.base, path)).aclose()


async def test_a_venues_own_host_leads_to_its_own_paths() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/v1", host="WS.toy.example:443"))
        assert (await peer.reply_head())[0] == 101
        headers = {"Host": "api.toy.example", "X-Key": "toy-key"}
        assert (await ask(venue, "POST", "/token", headers=headers))[0] == 200
        assert (await get(venue, "/v1"))[0] == 404


@pytest.mark.parametrize("upgrading", [True, False])
async def test_an_unknown_path_is_told_which_there_are(upgrading: bool) -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/nope") if upgrading else b"GET /nope HTTP/1.1\r\nHost: a\r\n\r\n")
        status, _, body = await peer.reply()
        said = json.loads(body)
        assert status == 404
        assert said["error"]["code"] == "not_found"
        assert [endpoint["path"] for endpoint in said["endpoints"]] == [
            "/toy/v1",
            "/toy/private/",
            "/toy/token",
        ]


async def test_a_wrong_method_is_told_the_right_one() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /toy/token HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, body = await peer.reply()
        assert (status, headers["allow"]) == (405, "POST")
        assert json.loads(body)["error"]["code"] == "method_not_allowed"
        assert (await ask(venue, "POST", "/toy/v1"))[0] == 405


async def test_an_upgrade_at_an_http_door_is_a_wrong_method() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/toy/token"))
        assert (await peer.reply())[0] == 405


async def test_a_websocket_door_asks_for_an_upgrade() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /toy/v1 HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers, body = await peer.reply()
        assert (status, headers["upgrade"]) == (426, "websocket")
        assert json.loads(body)["error"]["code"] == "upgrade_required"


async def test_a_used_connection_may_be_upgraded() -> None:
    """As aiohttp does, and who builds on it: the token is fetched and the venue dialed on one."""
    async with LocalVenue(TOY) as venue, aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.post(f"{venue.base}/toy/token") as reply:
                assert reply.status == 401
            async with client.ws_connect(venue.url) as link:
                await link.send_str(PING)
                assert await link.receive_str() == PONG
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await peer.reply())[0] == 200
        peer.send(upgrade("/toy/v1"))
        assert (await peer.reply())[0] == 101


async def test_an_upgrade_behind_a_request_that_is_not_answered_yet_is_declined() -> None:
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + upgrade("/toy/v1"))
        assert (await peer.reply())[0] == 200
        status, _, body = await peer.reply()
        assert status == 426
        assert "first request" in json.loads(body)["error"]["message"]
        assert await peer.ended() == b""


# Refusals.


async def test_a_venues_refusal_is_the_answer_to_the_upgrade() -> None:
    async with LocalVenue(TOY, terms={"max_sessions": 0}) as venue:
        status, headers, body = await refusal(venue, upgrade("/toy/v1"))
        assert (status, headers["retry-after"], body) == (429, "7", {"no": "full"})
        with pytest.raises(websockets.InvalidStatus) as caught:
            await websockets.connect(venue.url)
        assert caught.value.response.status_code == 429
        assert venue.tally.refused == 2
        assert venue.sessions == ()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Content_Length": "5"}, 400),
    ],
)
async def test_an_impossible_upgrade_never_reaches_the_floor(
    changed: dict[str, str | None], status: int
) -> None:
    async with LocalVenue(TOY) as venue:
        said, headers, _ = await refusal(venue, upgrade("/toy/v1", "localhost", **changed))
        assert said == status
        assert status != 426 or headers["sec-websocket-version"] == "13"
        assert venue.tally.admitted == 0


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/3\r\n\r\n",
        b"{}",
    ],
)
async def test_what_is_no_request_is_told_so_at_once(junk: bytes) -> None:
    async with LocalVenue(TOY) as venue:
        status, _, body = await refusal(venue, junk)
        assert (status, body["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "head",
    [
        upgrade("/toy/v1?crash=hunter2"),
        b"POST /toy/token HTTP/1.1\r\nHost: a\r\nX-Key: hunter2\r\nContent-Length: 5\r\n\r\ncrash",
    ],
)
async def test_an_error_of_ours_shows_nothing(
    head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with LocalVenue(TOY) as venue, await RawPeer.connect(venue.base) as peer:
        peer.send(head)
        status, _, body = await peer.reply()
        assert status == 500
        assert json.loads(body)["error"]["code"] == "internal"
        assert (await get(venue, "/healthz"))[0] == 200
    assert "RuntimeError" in caplog.text
    assert b"hunter2" not in body
    assert "hunter2" not in caplog.text


async def test_who_leaves_within_a_body_is_no_failure_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Found by `make fuzz`: it was told on standard error as one."""
    async with LocalVenue("kucoin") as venue:
        for _ in range(20):
            peer = await RawPeer.connect(venue.base)
            peer.send(
                b"POST /control/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
            )
            await until(lambda: venue.state.connections == 1)
            peer.writer.write_eof()
            await peer.ended()
            await peer.aclose()
            await until(lambda: venue.state.connections == 0)
        assert not venue.tally.failures
    assert not caplog.records
