"""TLS: for the link and for the token, with certificates that are trusted and that are not."""

import asyncio
import ssl

import trustme

import venuewire
from integration.client.staged_venue import QUICK, Stage, StagedVenue, next_of
from rude_server import answering
from venuewire import Down, Ready

AUTHORITY = trustme.CA()


def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def test_link_and_token_by_tls() -> None:
    async with (
        Stage(server_context("127.0.0.1")) as stage,
        stage.session(venue=StagedVenue(fetches=True), ssl_context=client_context()) as session,
    ):
        assert stage.url.startswith("wss")
        await session.subscribe("news", timeout=5)
        assert await session.ping() < 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_certificate_that_is_not_trusted_is_refused() -> None:
    for fetches in (False, True):
        venue = StagedVenue(fetches=fetches)
        async with Stage(server_context("127.0.0.1")) as stage, stage.session(venue=venue) as lost:
            down = await next_of(lost, Down, Ready)
            assert isinstance(down, Down)
            assert "unable to get local issuer certificate" in down.reason


async def test_a_certificate_of_somebody_else_is_refused() -> None:
    context = client_context()
    async with (
        Stage(server_context("venue.test")) as stage,
        stage.session(ssl_context=context) as lost,
    ):
        down = await next_of(lost, Down, Ready)
        assert isinstance(down, Down)
        assert "IP address mismatch" in down.reason


async def test_leaving_during_a_tls_handshake_ends_it() -> None:
    opened, ended = asyncio.Event(), asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.set()
        await reader.read()
        ended.set()
        writer.close()

    async with answering(mute) as port:
        url = f"wss://127.0.0.1:{port}/"
        async with venuewire.connect(StagedVenue().venue, url=url, backoff=QUICK):
            await opened.wait()
            await asyncio.sleep(0.01)
        async with asyncio.timeout(1):
            await ended.wait()
