"""TLS at the local venue: what is spoken, under which names, and who dawdles."""

import asyncio
import gc
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
import websockets

from raw_peer import until
from toy_venue import TOY
from venuewire.cli.config import Config
from venuewire.cli.loop import report_error
from venuewire.cli.serve import ServeOptions, local_venue
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

AUTHORITY = trustme.CA()
NAMES = ("ws.kraken.com", "ws-auth.kraken.com", "futures.kraken.com", "wss.prime.kraken.com")


def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def port_of(venue: LocalVenue) -> int:
    return int(venue.base.rpartition(":")[2])


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("wss://ws.kraken.com/v2", '"channel":"status"'),
        ("wss://ws-auth.kraken.com/v2", '"channel":"status"'),
        ("wss://futures.kraken.com/ws/v1", '"event":"info"'),
        ("wss://wss.prime.kraken.com/ws/v1", '"type":"hello"'),
    ],
)
async def test_a_venues_own_name_and_url_work_over_tls(url: str, first: str) -> None:
    """As with that name in `/etc/hosts`: the certificate is checked for it, and `Host` leads to the
    venue's own path."""
    async with (
        LocalVenue("all", ssl_context=server_context(*NAMES)) as venue,
        websockets.connect(
            url, host="127.0.0.1", port=port_of(venue), ssl=client_context()
        ) as link,
    ):
        assert first in str(await link.recv())
        assert len(venue.sessions) == 1


async def test_the_name_of_no_venue_is_not_in_the_certificate() -> None:
    async with LocalVenue(TOY, ssl_context=server_context(*NAMES)) as venue:
        with pytest.raises(ssl.SSLCertVerificationError):
            await websockets.connect(
                "wss://ws.toy.example/v1",
                host="127.0.0.1",
                port=port_of(venue),
                ssl=client_context(),
            )
        assert not venue.sessions


def test_serve_speaks_nothing_older_than_tls_1_2(tmp_path: Path) -> None:
    issued = AUTHORITY.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    issued.private_key_pem.write_to_path(str(key))
    options = ServeOptions(listen="127.0.0.1:0", tls_cert=certificate, tls_key=key)
    venue = local_venue(options, Config())
    assert venue.configuration.ssl_context is not None
    assert venue.configuration.ssl_context.minimum_version == ssl.TLSVersion.TLSv1_2


async def test_a_handshake_may_not_take_too_long() -> None:
    """Nobody is connected yet, and the descriptor is given back all the same."""
    async with LocalVenue(
        TOY, ssl_context=server_context("127.0.0.1"), limits=Limits(tls_timeout=0.2)
    ) as venue:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(venue))
        writer.write(b"\x16\x03\x01")
        async with asyncio.timeout(30):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        assert venue.state.connections == 0


async def test_handshakes_count_as_connections() -> None:
    limits = Limits(connections=2, turned_away=0)
    async with LocalVenue(TOY, ssl_context=server_context("127.0.0.1"), limits=limits) as venue:
        crowd = [await asyncio.open_connection("127.0.0.1", port_of(venue)) for _ in range(3)]
        await until(lambda: venue._premises.refused == {0: 1})
        for _, writer in crowd:
            writer.transport.abort()


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b""])
async def test_what_is_no_handshake_is_dropped_and_no_error_of_ours(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_exception_handler(report_error)  # As `serve` does.
    async with LocalVenue(TOY, ssl_context=server_context("127.0.0.1")) as venue:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(venue))
        writer.write(said)
        writer.write_eof()
        async with asyncio.timeout(30):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()
        url = f"wss://127.0.0.1:{port_of(venue)}/toy/v1"
        async with websockets.connect(url, ssl=client_context()) as link:
            await link.send('{"op":"ping","id":1}')
            assert await link.recv() == '{"op":"pong","id":1}'
    gc.collect()  # An exception that nobody asked for is told when its task is.
    assert not caplog.records
