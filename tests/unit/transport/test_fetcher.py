"""A fetch as it stands on the wire: what was signed, to whom it was signed for, and to nobody else.

The other side is a few lines over asyncio's streams, which show every byte of the request line.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from venuewire.core.commands import Fetch
from venuewire.core.events import Fetched
from venuewire.core.http import HttpRequest
from venuewire.transport.fetcher import Fetcher


class Door:
    """Answers every request with the same reply, and remembers the request lines."""

    def __init__(self, reply: str) -> None:
        self.lines: list[str] = []
        self.base = ""
        self._reply = f"{reply}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.lines.append(head.decode().partition("\r\n")[0])
        writer.write(self._reply)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def door(reply: str) -> AsyncIterator[Door]:
    it = Door(reply)
    async with await asyncio.start_server(it.answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        it.base = f"http://{host}:{port}"
        yield it


async def fetch(url: str) -> Fetched:
    fetcher = Fetcher(None)
    try:
        fetched = await fetcher.fetch(Fetch(1, HttpRequest(method="POST", url=url)))
    finally:
        await fetcher.close()
    assert isinstance(fetched, Fetched), fetched
    return fetched


async def test_a_redirect_is_a_reply_and_nothing_follows_it() -> None:
    """What is signed for one host must not be shown to another."""
    async with door("HTTP/1.1 204 No Content") as other:
        reply = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other.base}/elsewhere"
        async with door(reply) as asked:
            fetched = await fetch(f"{asked.base}/token")
    assert fetched.reply.status == 307
    assert (asked.lines, other.lines) == (["POST /token HTTP/1.1"], [])


@pytest.mark.parametrize("target", ["/a%2Fb?c=%7e", "/token?a=b%2Bc", "/x?y='z'"])
async def test_a_target_is_sent_as_it_was_signed(target: str) -> None:
    async with door("HTTP/1.1 204 No Content") as asked:
        await fetch(asked.base + target)
    assert asked.lines == [f"POST {target} HTTP/1.1"]
