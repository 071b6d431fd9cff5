"""Links that are refused, lost, never made or ended: what the session makes of it."""

import asyncio
import json
import socket

import pytest

import venuewire
from integration.client.staged_venue import (
    CREDENTIALS,
    QUICK,
    TOKEN,
    Stage,
    StagedVenue,
    next_of,
    rest_of,
)
from rude_server import answering
from venuewire import Cause, Down, Gap, Message, Ready, Subscribed
from venuewire.core.commands import CloseLink, SendFrame, SendPing
from venuewire.transport import client_driver, client_link, fetcher


async def test_a_lost_link_is_replaced_and_its_gap_reported() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        await stage.say("news", 1)
        first = await next_of(session, Message)
        stage.links[0].transport.abort()
        after = [await next_of(session, Down, Ready, Subscribed, Gap) for _ in range(4)]
        down, ready, subscribed, gap = after
        assert isinstance(down, Down)
        assert (down.cause, down.reason) == (
            Cause.LOST,
            "the link closed with 1006: the connection was lost",
        )
        assert (ready, subscribed) == (Ready(2), Subscribed("news"))
        assert isinstance(gap, Gap)
        assert isinstance(first, Message)
        assert gap.since <= first.received <= gap.until  # No pong proves more.
        await stage.say("news", 2)
        assert (await next_of(session, Message)).data == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "told"),
    [(1001, "1001: maintenance"), (4007, "4007: maintenance"), (None, "1005")],
)
async def test_the_venues_close_frame_is_told_and_answered(code: int | None, told: str) -> None:
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        payload = b"" if code is None else code.to_bytes(2, "big") + b"maintenance"
        stage.write(bytes((0x88, len(payload))) + payload, b'\x81\x0f{"op":"pong!!!"}')
        down = await next_of(session, Down)
        assert isinstance(down, Down)
        assert down.reason == f"the link closed with {told}"
        await stage.links[0].wait_closed()
        assert stage.links[0].protocol.close_rcvd is not None
        assert stage.links[0].protocol.close_rcvd.code == (code or 1000)
        assert session.health.counters.unreadable == 0


@pytest.mark.parametrize(
    ("status", "headers", "cause", "shortest"),
    [
        (401, {}, Cause.REFUSED, 0.0),
        (429, {"Retry-After": "7"}, Cause.LOST, 7.0),
        (520, {}, Cause.LOST, 0.0),
        (301, {"Location": "ws://127.0.0.1:1/"}, Cause.LOST, 0.0),
    ],
)
async def test_a_refused_upgrade_is_told_as_what_it_is(
    status: int, headers: dict[str, str], cause: Cause, shortest: float
) -> None:
    async with Stage() as stage:
        stage.refusal = (status, headers, b"no")
        async with stage.session() as session:
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason == f"the venue answered the upgrade with HTTP {status}"
            assert down.cause is cause
            assert down.retry_in is not None
            assert down.retry_in >= shortest


async def test_a_connection_that_is_closed_instead_of_upgraded_is_a_lost_link() -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with answering(slam) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue().venue, url=url, backoff=QUICK) as session:
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason.endswith("closed before the upgrade was answered")


async def test_an_answer_that_is_not_http_is_a_lost_link() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        await reader.read()
        writer.close()

    async with answering(babble) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue().venue, url=url, backoff=QUICK) as session:
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason.endswith("the upgrade was answered wrongly")


async def test_a_dial_that_leads_nowhere_is_ended_with_the_session() -> None:
    """Goal: no socket stays open behind a handshake that nobody waits for any more."""
    opened = asyncio.Event()
    ended = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        opened.set()
        await reader.read()
        ended.set()
        writer.close()

    async with answering(mute) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue().venue, url=url):
            await opened.wait()
        async with asyncio.timeout(1):
            await ended.wait()


async def test_tokens_are_fetched_for_each_attempt() -> None:
    venue = StagedVenue(fetches=True)
    async with Stage() as stage, stage.session(venue=venue, credentials=CREDENTIALS) as session:
        assert await next_of(session, Ready) == Ready(1)
        assert stage.upgrades[0].path == f"/?token={TOKEN}"
        assert stage.upgrades[0].headers["X-Signature"] == CREDENTIALS.api_secret
        stage.token_reply = (401, {}, b"no")
        stage.links[0].transport.abort()
        await next_of(session, Down)
        refused = await next_of(session, Down)
        assert isinstance(refused, Down)
        assert (refused.cause, refused.reason) == (Cause.REFUSED, "HTTP 401")
        stage.token_reply = (200, {}, b"fresh")
        assert await next_of(session, Ready) == Ready(3)


async def test_a_token_that_cannot_be_had_is_a_lost_link() -> None:
    venue = StagedVenue(fetches=True)
    async with Stage() as stage:
        stage.token_reply = (200, {}, b"x" * (1024 * 1024 + 1))
        async with stage.session(venue=venue) as session:
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason == "the reply has more than 1048576 bytes"
    session = venuewire.connect(venue.venue, url="ws://127.0.0.1:1/", backoff=QUICK)
    async with session:
        down = await next_of(session, Down)
        assert isinstance(down, Down)
        assert down.reason == "no HTTP reply: Connection refused"


async def test_a_token_that_does_not_come_is_a_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.close()

    monkeypatch.setattr(fetcher, "FETCH_TIMEOUT", 0.02)
    async with answering(mute) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue(fetches=True).venue, url=url) as session:
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason == "no HTTP reply within 0.02 s"
        await asyncio.sleep(0.1)


async def test_leaving_while_a_token_is_fetched_ends_the_fetch() -> None:
    asked = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with answering(mute) as port:
        url = f"ws://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue(fetches=True).venue, url=url) as session:
            await asked.wait()
        assert [type(update) for update in await rest_of(session)] == [Down]


async def test_frames_in_the_packet_of_the_upgrade_are_heard() -> None:
    """A venue that greets does so at once: with the handshake, in one segment."""
    async with Stage() as stage:
        frames = [
            b"\x81" + bytes((len(text),)) + text
            for text in (json.dumps({"op": "welcome", "reason": f"n{i}"}).encode() for i in "12")
        ]

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner = await asyncio.open_connection(*stage.address.split(":"))
            inner[1].write(await reader.readuntil(b"\r\n\r\n"))
            writer.write(await inner[0].readuntil(b"\r\n\r\n") + b"".join(frames))
            await reader.read(1)
            writer.close()
            inner[1].close()

        async with answering(greet) as port:
            url = f"ws://127.0.0.1:{port}/"
            async with venuewire.connect(StagedVenue().venue, url=url) as session:
                notices = [await next_of(session, venuewire.Notice) for _ in range(2)]
        assert notices == [venuewire.Notice("n1"), venuewire.Notice("n2")]


async def test_leaving_while_a_name_is_looked_up_ends_the_dial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = asyncio.Event()

    async def forever(*_: object, **__: object) -> None:
        looking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", forever)
    async with venuewire.connect(StagedVenue().venue, url="ws://venue.test/") as session:
        await looking.wait()
    assert [type(update) for update in await rest_of(session)] == [Down]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_leaving_while_a_socket_is_connected_ends_the_dial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connecting: list[socket.socket] = []
    began = asyncio.Event()

    async def forever(candidate: socket.socket, _address: object) -> None:
        connecting.append(candidate)
        began.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", forever)
    async with venuewire.connect(StagedVenue().venue, url="ws://127.0.0.1:1/"):
        await began.wait()
    assert [candidate.fileno() for candidate in connecting] == [-1]


async def test_a_venue_that_never_agrees_to_close_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_link, "CLOSE_TIMEOUT", 0.02)
    async with Stage() as stage:
        async with stage.session() as session:
            await session.ready(timeout=5)
            stage.links[0].transport.pause_reading()
        assert session.health.phase is venuewire.Phase.CLOSED
        stage.links[0].transport.resume_reading()
    monkeypatch.setattr(client_link, "CLOSE_TIMEOUT", 5.0)
    monkeypatch.setattr(client_driver, "CLOSE_TIMEOUT", 0.02)
    async with Stage() as stage:
        async with stage.session() as session:
            await session.ready(timeout=5)
            stage.links[0].transport.pause_reading()
        assert asyncio.all_tasks() >= {asyncio.current_task()}
        stage.links[0].transport.resume_reading()


async def test_a_bug_in_a_dialect_costs_the_link_and_tells_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"quoting {TOKEN}")

    async with Stage() as stage:
        session = stage.session()
        async with session:
            await session.subscribe("news", timeout=5)
            monkeypatch.setattr(session._kernel.strands[0], "_decode", fail)
            await stage.say("news", 1)
            down = await next_of(session, Down)
            assert isinstance(down, Down)
            assert down.reason.startswith("the link closed with 1")
            monkeypatch.undo()
            assert await next_of(session, Subscribed) == Subscribed("news")
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [error.splitlines()[0] for error in errors] == ["link 1 failed: RuntimeError"]
    assert TOKEN not in "".join(errors)


async def test_news_of_links_that_are_gone_is_dropped() -> None:
    """Commands of a session always name its current link; this is what holds if one did not."""
    async with Stage() as stage, stage.session() as session:
        await session.ready(timeout=5)
        session._kernel.commands += [
            SendFrame(7, b"{}"),
            SendPing(7, b""),
            CloseLink(7, 1000, ""),
        ]
        await session.ping()
        assert stage.heard == []
        session._kernel.commands.append(CloseLink(1, 1001, "", abort=True))
        session.want("news")
        with pytest.raises(venuewire.NotLive):
            await session.ping(timeout=0.01)
        session._kernel.commands += [SendFrame(1, b"{}"), SendPing(1, b"")]
        session.want("more")


async def test_an_attempt_that_fails_by_a_bug_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError(f"quoting {TOKEN}")

    session = venuewire.connect(StagedVenue(fetches=True).venue, url="ws://127.0.0.1:1/")
    monkeypatch.setattr(fetcher.Fetcher, "fetch", fail)
    async with session:
        await asyncio.sleep(0.01)
        assert session.health.phase is venuewire.Phase.FETCHING
    assert "an attempt to connect failed: RuntimeError" in caplog.text
    assert TOKEN not in caplog.text
