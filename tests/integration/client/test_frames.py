"""Frames a venue may send, and must not, as bytes on the wire."""

import asyncio
import json

import pytest

from integration.client.staged_venue import Stage, StagedVenue, next_of
from venuewire import Down, Message, Unreadable


def frame(payload: bytes, *, first: int = 0x81) -> bytes:
    """Unmasked; `first` is FIN, the reserved bits and the opcode."""
    if len(payload) < 126:
        return bytes((first, len(payload))) + payload
    if len(payload) < 0x10000:
        return bytes((first, 126)) + len(payload).to_bytes(2, "big") + payload
    return bytes((first, 127)) + len(payload).to_bytes(8, "big") + payload


def news(data: object) -> bytes:
    word = {"op": "data", "channel": "news", "data": data}
    return json.dumps(word, ensure_ascii=False).encode()


async def test_fragments_become_one_message_whatever_comes_between() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        whole = news("zwölf Boxkämpfer")
        stage.write(
            frame(whole[:40], first=0x01),
            frame(b"are you there", first=0x89),
            frame(whole[40:41], first=0x00),
            frame(whole[41:], first=0x80),
            frame(news(2)),
        )
        messages = [await next_of(session, Message) for _ in range(2)]
        assert [message.data for message in messages] == ["zwölf Boxkämpfer", 2]  # type: ignore[union-attr]


async def test_text_beyond_ascii_is_heard() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        stage.write(frame(news("€")))
        message = await next_of(session, Message)
        assert isinstance(message, Message)
        assert message.data == "€"


async def test_a_binary_frame_is_unreadable_and_the_link_lives() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        stage.write(frame(b"\x00\xff", first=0x82), frame(b"not JSON"), frame(news(1)))
        assert await next_of(session, Unreadable) == Unreadable("a binary frame of 2 bytes")
        assert isinstance(await next_of(session, Unreadable), Unreadable)
        assert isinstance(await next_of(session, Message), Message)
        assert session.health.counters.unreadable == 2


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(news("\xff").replace("ÿ".encode(), b"\xff")), 1007),
        (frame(b"{}", first=0xC1), 1002),
        (frame(b"{}", first=0x91), 1002),
        (frame(b"{}", first=0x80), 1002),
        (frame(b"{", first=0x01) + frame(b"{}"), 1002),
        (frame(b"\x00", first=0x02), 1003),
        (frame(b"\x00", first=0xC2), 1002),
        (frame(b"{}", first=0x83), 1002),
        (frame(b"x" * (1024 * 1024 + 1)), 1009),
        (frame(b"x" * 1024 * 1024, first=0x01) + frame(b"x", first=0x80), 1009),
        (b"\x81\x80masked", 1002),
        (frame(b"\x03", first=0x88), 1002),
        (frame(b"\x03\xed", first=0x88), 1002),
    ],
    ids=[
        "no UTF-8",
        "RSV1",
        "RSV3",
        "continuation of nothing",
        "message inside another",
        "binary in fragments",
        "binary with RSV1",
        "opcode that does not exist",
        "frame too long",
        "message too long",
        "masked",
        "half a close code",
        "close code 1005",
    ],
)
async def test_a_breach_of_the_protocol_ends_the_link_with_its_code(
    frames: bytes, code: int
) -> None:
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        stage.write(frames, frame(news("after the breach")))
        down = await next_of(session, Down)
        assert isinstance(down, Down)
        assert down.reason.startswith(f"the link closed with {code}: the venue broke the protocol")
        link = stage.links[0]
        async with asyncio.timeout(5):
            await link.wait_closed()
        assert link.protocol.close_rcvd is not None
        assert link.protocol.close_rcvd.code == code


async def test_pings_are_answered_unless_nobody_reads_the_pongs() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        link = await stage.link(1)
        assert await (await link.ping(b"hello")) < 1
        link.transport.pause_reading()
        ping = frame(b"x" * 125, first=0x89)
        for _ in range(200):
            stage.write(ping * 400)  # 10 MB in all, and the pongs as much: more than sockets hold.
            await asyncio.sleep(0)
            if link.transport.get_write_buffer_size():
                await asyncio.sleep(0.01)
        link.transport.resume_reading()
        await session.ping(timeout=5)


async def test_a_pong_to_no_ping_of_ours_is_harmless() -> None:
    async with (
        Stage() as stage,
        stage.session(venue=StagedVenue(control_pings=True)) as session,
    ):
        await session.subscribe("news", timeout=5)
        stage.write(frame(b"99", first=0x8A), frame(b"", first=0x8A), frame(news(1)))
        assert isinstance(await next_of(session, Message), Message)
        assert session.health.counters.pongs == 0
