"""A client made of bytes, for what no library would send. Knows HTTP heads and frame headers."""

import asyncio
import struct
from base64 import b64encode
from collections.abc import Callable
from typing import Self, cast
from urllib.parse import urlsplit

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA
PATIENCE = 20.0
"""Seconds for whatever must happen at last, on however busy a machine."""
KEY = b64encode(b"sixteen bytes...").decode()


def upgrade(path: str, host: str = "localhost", **changed: str | None) -> bytes:
    """An upgrade request; headers can be changed, or left out with None."""
    headers: dict[str, str | None] = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()


def frame(
    payload: bytes, kind: int = TEXT, *, fin: bool = True, rsv: int = 0, masked: bool = True
) -> bytes:
    first = (0x80 if fin else 0) | rsv << 4 | kind
    mask_bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = bytes((first, mask_bit | size))
    elif size < 0x10000:
        head = bytes((first, mask_bit | 126)) + struct.pack(">H", size)
    else:
        head = bytes((first, mask_bit | 127)) + struct.pack(">Q", size)
    # A mask of zeros changes nothing, and is a mask.
    return head + (bytes(4) if masked else b"") + payload


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(0.001)


class RawPeer:
    """One connection. Every wait is bounded."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, base: str) -> Self:
        address = urlsplit(base)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    @classmethod
    async def upgraded(cls, base: str, path: str) -> Self:
        peer = await cls.connect(base)
        peer.send(upgrade(path))
        status, _, _ = await peer.reply_head()
        assert status == 101
        return peer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def reply_head(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and the raw head."""
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        fields = (line.partition(": ") for line in lines)
        return int(first.split()[1]), {name.lower(): value for name, _, value in fields}, head

    async def reply(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        status, headers, _ = await self.reply_head()
        async with asyncio.timeout(PATIENCE):
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return status, headers, body

    async def frame(self) -> tuple[int, bytes]:
        """The next frame's opcode and payload."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            assert first & 0xF0 == 0x80, "a venue sends whole frames"
            assert size < 0x80, "a venue does not mask"
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self.reader.readexactly(8), "big")
            return first & 0xF, await self.reader.readexactly(size)

    async def closed(self) -> int | None:
        """Read to the end of the connection: the code of its CLOSE frame, None without one."""
        try:
            while True:
                kind, payload = await self.frame()
                if kind == CLOSE:
                    return int.from_bytes(payload[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return None

    async def ended(self) -> bytes:
        """Everything up to the connection's end."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    def read_nothing(self) -> None:
        """From now on, until `read_again`."""
        self._transport.pause_reading()

    def read_again(self) -> None:
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.writer.transport)

    async def aclose(self) -> None:
        self.writer.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
