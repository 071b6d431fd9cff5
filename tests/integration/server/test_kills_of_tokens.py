"""`kill -9` at any moment: a request that was answered is good for nothing afterwards, and the
token it brought is.

Method: as in `test_kills`, with a client that fetches tokens: Kraken Spot's, whose last request is
replayed after each restart, and KuCoin's, which open a session then.
"""

import asyncio
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp
import pytest
import websockets

from integration.server.test_kills import LONGEST
from integration.server.venue_forge import Forge
from raw_peer import until
from venues.kraken_spot.local import signed
from venuewire.core.errors import NotKept
from venuewire.demo import CREDENTIALS
from venuewire.server import LocalVenue
from venuewire.transport.store import Store

KILLS: Final = 6
CONFIG: Final = """
[serve]
venues = ["kraken-spot", "kucoin"]
"""
_nonces = count(1)


class Visitor:
    """Fetches tokens, and knows which it was given."""

    def __init__(self, base: str, http: aiohttp.ClientSession) -> None:
        self._base, self._http = base, http
        self.used: list[str] = []
        """Nonces that were answered."""
        self.tokens: list[str] = []

    def has_a_token(self) -> bool:
        return bool(self.tokens)

    async def fetch_on(self) -> None:
        with suppress(aiohttp.ClientError, ConnectionError):
            while True:
                nonce = str(next(_nonces))
                assert (await self.ask(nonce))["error"] == []
                self.used.append(nonce)
                url = f"{self._base}/kucoin/api/v1/bullet-public"
                async with self._http.post(url) as reply:
                    self.tokens.append((await reply.json())["data"]["token"])

    async def ask(self, nonce: str) -> Any:
        request = signed(CREDENTIALS["kraken-spot"], nonce)
        headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
        url = f"{self._base}{request.url}"
        async with self._http.post(url, data=request.body, headers=headers) as reply:
            return await reply.json()


async def opens(base: str, token: str) -> bool:
    url = f"ws{base.removeprefix('http')}/kucoin/?token={token}"
    async with asyncio.timeout(10), websockets.connect(url) as link:
        return b'"welcome"' in (await link.recv(decode=False))


async def test_no_answered_request_is_good_again_and_no_given_token_is_worthless(
    tmp_path: Path,
) -> None:
    rng = Random(KILLS)
    config = tmp_path / "venue.toml"
    config.write_text(CONFIG)
    arguments = ("--listen", "127.0.0.1:0", "--config", str(config))
    used: list[str] = []
    tokens: list[str] = []
    with Forge(*arguments, "--state", str(tmp_path / "venue.db")) as forge:
        for _ in range(KILLS):
            forge.start()
            base = forge.ready()
            async with aiohttp.ClientSession() as http:
                visitor = Visitor(base, http)
                if used:
                    assert (await visitor.ask(used[-1]))["error"] == ["EAPI:Invalid nonce"]
                    assert await opens(base, tokens[-1])
                    assert await opens(base, tokens[0])
                busy = asyncio.create_task(visitor.fetch_on())
                await until(visitor.has_a_token)
                await asyncio.sleep(rng.uniform(0, LONGEST))
                forge.kill()
                await busy
            used += visitor.used
            tokens += visitor.tokens


async def test_a_token_is_not_given_before_its_nonce_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of that is the client's business."""

    def fail(*_: object) -> None:
        raise NotKept("the disk is full")

    async def ask(nonce: str) -> tuple[int, Any]:
        request = signed(venue.credentials, nonce)
        headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
        async with client.post(venue.base + request.url, data=request.body, headers=headers) as got:
            return got.status, await got.json()

    async with (
        LocalVenue("kraken-spot", state=tmp_path / "venue.db") as venue,
        aiohttp.ClientSession() as client,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", fail)
            status, answer = await ask("1")
            assert (status, answer["error"]["code"]) == (500, "internal")
            assert "disk" not in answer["error"]["message"]
        assert await ask("1") == (200, {"error": ["EAPI:Invalid nonce"]})
        assert (await ask("2"))[1]["error"] == []
