"""An HTTP request that one process reads and another answers; here both are one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clock import VirtualClock
from raw_peer import until
from venuewire.transport.http_protocol import RESET
from venuewire.transport.http_tunnel import Asked, TunnelEntrance, TunnelExit
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises

SECRET = b"canary"


class Tunnel:
    """Both ends, and a client with its request."""

    def __init__(self, app: ASGIApp, *body: bytes) -> None:
        premises = Premises(VirtualClock(), Limits(body_bytes=10))
        self.passed: list[Any] = []
        self.entrance = TunnelEntrance(premises, self._pass)
        self.exit = TunnelExit(app, self.entrance.hear)
        self.told: list[Message] = []
        self.resets = 0
        self.leaves = asyncio.Event()
        self._body = [
            {"type": "http.request", "body": piece, "more_body": number < len(body)}
            for number, piece in enumerate(body, 1)
        ]

    def _pass(self, told: Any) -> None:
        self.passed.append(told)
        self.exit.hear(told)

    async def ask(self) -> None:
        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/a b",
            "raw_path": b"/a%20b",
            "query_string": b"token=" + SECRET,
            "headers": [(b"host", b"x"), (b"x-forwarded-for", b"127.0.0.1")],
            "client": ("192.0.2.7", 5),
            "server": ("192.0.2.1", 80),
            "scheme": "https",
            "http_version": "1.1",
            RESET: self._reset,
        }
        async with asyncio.timeout(10):
            await self.entrance(scope, self._receive, self._tell)

    async def _receive(self) -> Message:
        if self._body:
            return self._body.pop(0)
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _tell(self, message: Message) -> None:
        self.told.append(message)

    def _reset(self) -> None:
        self.resets += 1


def application(answer: Callable[[Scope, Receive, Send], Awaitable[None]]) -> ASGIApp:
    return answer


async def read(receive: Receive) -> tuple[bytes, bool]:
    """A body, and whether the client left within it."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body, True
        body += message["body"]
        if not message["more_body"]:
            return body, False


async def answer(send: Send, *pieces: bytes) -> None:
    await send({"type": "http.response.start", "status": 207, "headers": [(b"a", b"b")]})
    for number, piece in enumerate(pieces, 1):
        more = number < len(pieces)
        await send({"type": "http.response.body", "body": piece, "more_body": more})


async def test_an_answer_is_as_the_other_process_gives_it() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        body, _ = await read(receive)
        await answer(send, body, b"!", b"")

    tunnel = Tunnel(application(app), b"abc", b"def")
    await tunnel.ask()
    assert tunnel.told == [
        {"type": "http.response.start", "status": 207, "headers": ((b"a", b"b"),)},
        {"type": "http.response.body", "body": b"abcdef", "more_body": True},
        {"type": "http.response.body", "body": b"!", "more_body": True},
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]
    [scope] = seen
    assert scope["client"] == ("192.0.2.7", 5), "whatever its headers say"
    for name in ("method", "path", "raw_path", "query_string", "scheme", "server"):
        assert scope[name]
    assert SECRET.decode() not in repr(tunnel.passed[0])
    assert isinstance(tunnel.passed[0], Asked)


async def test_no_more_of_a_body_is_passed_on_than_may_be() -> None:
    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while len(body) <= 10:
            body += (await receive())["body"]
        await answer(send, b"too much")

    tunnel = Tunnel(application(app), *[b"xxxx"] * 1000)
    await tunnel.ask()
    assert tunnel.told[-1]["body"] == b"too much"
    assert len(tunnel.passed) < 10


async def test_whoever_works_for_a_client_hears_that_it_is_gone() -> None:
    left = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await read(receive)
        assert await read(receive) == (b"", True)
        assert await read(receive) == (b"", True), "as often as it asks"
        left.set()

    tunnel = Tunnel(application(app), b"abc")
    asking = asyncio.create_task(tunnel.ask())
    await until(lambda: len(tunnel.passed) == 2)
    tunnel.leaves.set()
    await left.wait()
    await asking
    assert tunnel.told == []


async def test_a_process_that_is_gone_takes_all_its_clients_with_it() -> None:
    left = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    tunnel = Tunnel(application(app), b"abc")
    asking = asyncio.create_task(tunnel.ask())
    await until(lambda: len(tunnel.passed) == 2)
    tunnel.exit.close()
    await left.wait()
    await asking


async def test_a_connection_is_reset_where_it_is() -> None:
    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        scope[RESET]()

    tunnel = Tunnel(application(app), b"")
    await tunnel.ask()
    assert (tunnel.told, tunnel.resets) == ([], 1)


async def test_an_application_that_fails_leaves_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    tunnel = Tunnel(application(app), b"")
    await tunnel.ask()
    assert (tunnel.told, tunnel.resets) == ([], 0)
    assert "answering an HTTP request failed: ZeroDivisionError" in caplog.text
