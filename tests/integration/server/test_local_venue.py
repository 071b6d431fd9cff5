"""The local venue as a program sees it: options, addresses, and its end."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest
import trustme
import websockets
from msgspec.structs import replace

from raw_peer import CLOSE, RawPeer, frame
from toy_venue import TOY
from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.secrets import Account, Credentials
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

OTHER = replace(
    TOY,
    name="other",
    endpoint="/other",
    http_based=True,
    doors=tuple(replace(door, local=f"/other{door.local}", hosts=()) for door in TOY.doors),
)


# Where it is.


async def test_one_venue_has_a_url_and_credentials() -> None:
    async with LocalVenue(TOY) as venue:
        assert venue.base.startswith("http://127.0.0.1:")
        assert venue.url == venue.base.replace("http", "ws") + "/toy/v1"
        assert venue.credentials == TOY.demo


async def test_several_venues_have_endpoints() -> None:
    async with LocalVenue(TOY, OTHER) as venue:
        assert venue.endpoints == {
            "toy": venue.base.replace("http", "ws") + "/toy/v1",
            "other": venue.base + "/other",
        }
        assert venue.all_credentials == {"toy": TOY.demo, "other": TOY.demo}
        with pytest.raises(LocalProtocolError, match="several"):
            _ = venue.url
        with pytest.raises(LocalProtocolError, match="several"):
            await venue.publish("news", "1")
        assert await venue.publish("news", "1", venue="other") == 0


async def test_all_addresses_are_reached_by_loopback() -> None:
    async with LocalVenue(TOY, listen="0.0.0.0:0") as venue:
        assert venue.base.startswith("http://127.0.0.1:")
        await (await RawPeer.upgraded(venue.base, "/toy/v1")).aclose()


async def test_ipv6() -> None:
    async with LocalVenue(TOY, listen="[::1]:0") as venue:
        assert venue.base.startswith("http://[::1]:")
        async with websockets.connect(venue.url) as link:
            await link.send('{"op":"ping"}')
            assert await link.recv() == '{"op":"pong","id":0}'


def test_before_it_listens_it_has_no_address() -> None:
    venue = LocalVenue(TOY)
    assert repr(venue) == "LocalVenue(toy at no address yet)"
    with pytest.raises(LocalProtocolError, match="started"):
        _ = venue.url


async def test_accounts_take_the_demos_place() -> None:
    mine = Account("me", Credentials("mine", "hush"))
    async with LocalVenue(TOY, accounts=[mine]) as venue:
        assert venue.credentials == mine.credentials
        async with aiohttp.ClientSession() as client:
            url = f"{venue.base}/toy/token"
            assert (await client.post(url, headers={"X-Key": "mine"})).status == 200
            assert (await client.post(url, headers={"X-Key": "toy-key"})).status == 401


# Options.


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"listen": "localhost"}, "listen"),
        ({"listen": "localhost:http"}, "listen"),
        ({"listen": "::1:0"}, "listen"),
        ({"listen": "localhost:70000"}, "listen"),
        ({"edition": "imagined"}, "edition"),
        ({"terms": {"patience": 1.0}}, "patience"),
        ({"terms": {"toy": {"patience": 1.0}}}, "patience"),
        ({"terms": {"moon": {"idle_timeout": 1.0}}}, "moon"),
        ({"terms": {"idle_timeout": "long"}}, "idle_timeout"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], names: str) -> None:
    with pytest.raises(ConfigurationError, match=names):
        LocalVenue(TOY, **options)


def test_a_venue_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match="venues"):
        LocalVenue()


def test_an_unknown_venue_is_named() -> None:
    with pytest.raises(ConfigurationError, match="moon"):
        LocalVenue("moon")


def test_terms_are_for_all_or_for_one() -> None:
    both = LocalVenue(TOY, OTHER, terms={"idle_timeout": 5})
    assert [hall.floor.terms.idle_timeout for hall in both._halls.values()] == [5.0, 5.0]
    one = LocalVenue(TOY, OTHER, terms={"other": {"idle_timeout": None}})
    assert [hall.floor.terms.idle_timeout for hall in one._halls.values()] == [60.0, None]


def test_a_seed_repeats_itself() -> None:
    def draw(seed: int | None) -> float:
        return LocalVenue(TOY, seed=seed)._halls["toy"].floor.rng.random()

    assert draw(1) == draw(1) != draw(2)
    assert draw(None) != draw(None)


async def test_an_address_that_is_taken_is_named() -> None:
    async with LocalVenue(TOY) as venue:
        address = venue.base.removeprefix("http://")
        with pytest.raises(ConfigurationError, match=address):
            await LocalVenue(TOY, listen=address).start()


async def test_a_notification_has_an_id() -> None:
    async with LocalVenue(TOY, OTHER) as venue:
        first = await venue.notify("soon", venue="toy")
        assert await venue.notify("now", venue="toy", priority="high") == first + 1
        with pytest.raises(ConfigurationError, match="name one"):
            await venue.notify("whose?")
        with pytest.raises(ConfigurationError, match="moon"):
            await venue.publish("news", "1", venue="moon")


async def test_what_the_venue_cannot_say() -> None:
    async with LocalVenue(TOY) as venue:
        with pytest.raises(LocalProtocolError, match="JSON"):
            await venue.publish("news", "{")
        with pytest.raises(LocalProtocolError, match="payload"):
            await venue.publish("news", object())


# The end.


async def test_closing_tells_clients_to_go_away() -> None:
    venue = await LocalVenue(TOY).start()
    link = await websockets.connect(venue.url)
    await venue.aclose()
    with pytest.raises(websockets.ConnectionClosedOK) as caught:
        await link.recv()
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1001, "going away")
    with pytest.raises(ConnectionRefusedError):
        await RawPeer.connect(venue.base)
    await venue.aclose()


async def test_closing_does_not_wait_for_ever() -> None:
    """One client ignores our CLOSE, one never asked for anything, one keeps HTTP open."""
    venue = await LocalVenue(TOY, limits=Limits(drain_timeout=0.1)).start()
    stubborn = await RawPeer.upgraded(venue.base, "/toy/v1")
    silent = await RawPeer.connect(venue.base)
    idle = await RawPeer.connect(venue.base)
    idle.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    await idle.reply()
    async with asyncio.timeout(0.5):
        await venue.aclose()
    assert (await stubborn.frame())[0] == CLOSE
    for peer in (stubborn, silent, idle):
        assert await peer.ended() == b""
        await peer.aclose()
    assert venue.sessions == ()


@pytest.mark.parametrize(("abort", "code"), [(False, 1012), (True, None)])
async def test_all_sessions_can_be_cut(abort: bool, code: int | None) -> None:
    async with LocalVenue(TOY) as venue:
        peers = [await RawPeer.upgraded(venue.base, "/toy/v1") for _ in range(3)]
        assert await venue.cut(1012, abort=abort) == 3
        for peer in peers:
            assert await peer.closed() == code
            await peer.aclose()
        async with await RawPeer.upgraded(venue.base, "/toy/v1") as again:
            again.send(frame(b'{"op":"ping","id":1}'))
            assert (await again.frame())[1] == b'{"op":"pong","id":1}'


# TLS.


async def test_tls_for_both_protocols() -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    async with LocalVenue(TOY, ssl_context=server_context) as venue:
        assert venue.url.startswith("wss://127.0.0.1:")
        async with websockets.connect(venue.url, ssl=client_context) as link:
            await link.send('{"op":"fill","size":300000}')
            assert len(await link.recv()) > 300_000
            await link.send('{"op":"echo","text":"%s"}' % ("x" * 300_000))
            assert len(await link.recv()) > 300_000
        async with aiohttp.ClientSession() as client:
            reply = await client.post(
                f"{venue.base}/toy/token", ssl=client_context, headers={"X-Key": "toy-key"}
            )
            assert await reply.json() == {"token": "toy-toy-key", "secure": True}
            reply = await client.get(f"{venue.base}/control/sessions", ssl=client_context)
            assert reply.status == 200
