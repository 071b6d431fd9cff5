"""Messages between two processes of one venue; here both ends are in one."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from raw_peer import until
from venuewire.transport import channel as module
from venuewire.transport.channel import Channel


class End:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.losses = 0
        self.channel = Channel(str, self._hear, self._lose)

    def _hear(self, message: str) -> None:
        if message == "nonsense":
            raise ValueError(message.upper())
        self.heard.append(message)

    def _lose(self) -> None:
        self.losses += 1


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[End, End]]:
    first, second = End(), End()
    for end, stream in zip((first, second), socket.socketpair(), strict=True):
        await end.channel.open(stream)
    try:
        yield first, second
    finally:
        first.channel.abort()
        second.channel.abort()
        await asyncio.gather(first.channel.gone.wait(), second.channel.gone.wait())


async def test_messages_arrive_whole_and_in_order_both_ways() -> None:
    async with pair() as (first, second):
        long = "x" * 1_000_000
        said = ["", "a", long, "b"]
        for message in said:
            first.channel.send(message)
        second.channel.send("hello")
        await until(lambda: len(second.heard) == 4 and len(first.heard) == 1)
        assert (second.heard, first.heard) == (said, ["hello"])


async def test_a_message_may_arrive_in_pieces() -> None:
    end = End()
    whole = (4).to_bytes(4) + b"\xa3abc" + (1).to_bytes(4) + b"\xa0"
    for at in range(len(whole)):
        end.channel.data_received(whole[at : at + 1])
    assert end.heard == ["abc", ""]


async def test_what_is_sent_before_the_end_arrives_and_the_end_is_told_once() -> None:
    async with pair() as (first, second):
        first.channel.send("last")
        first.channel.close()
        await second.channel.gone.wait()
        assert (second.heard, second.losses) == (["last"], 1)
        second.channel.connection_lost(None)
        assert second.losses == 1
        second.channel.send("into the void")


@pytest.mark.parametrize("message", ["nonsense", 7])
async def test_what_cannot_be_followed_is_the_end(
    message: object, caplog: pytest.LogCaptureFixture
) -> None:
    async with pair() as (first, second):
        first.channel.send(message)
        first.channel.send("more")
        await second.channel.gone.wait()
        await first.channel.gone.wait()
        assert second.heard == []
        assert "NONSENSE" not in caplog.text, "an error's text may quote a secret"
        assert "hearing another process of this venue failed" in caplog.text


async def test_whoever_does_not_read_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MOST_QUEUED", 1_000_000)
    caplog.set_level(logging.ERROR)
    async with pair() as (first, second):
        assert second.channel._transport is not None
        second.channel._transport.pause_reading()
        for _ in range(100):
            first.channel.send("x" * 100_000)
        await first.channel.gone.wait()
        assert "does not listen any more" in caplog.text
