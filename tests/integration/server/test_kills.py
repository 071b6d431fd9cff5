"""`kill -9` at any moment: what was acknowledged is there afterwards.

Goal: no account, revocation, notification, withdrawal or publication is lost once its HTTP answer
has come; what was asked and not answered may have happened, or not, and nothing else may.
Method: several clients ask without pause, `venuewire serve --state` is killed at a random moment,
of its start too, begins again, and is compared with what the clients know. VENUEWIRE_KILLS=1000 in
the environment kills more often.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp
import msgspec
import websockets

from integration.server.venue_forge import Forge

KILLS: Final = int(os.environ.get("VENUEWIRE_KILLS", "30"))
CLIENTS: Final = 4
LONGEST: Final = 0.12
"""Seconds from the start, or from the first request, to the kill."""
CONFIG: Final = """
[serve]
venues = ["kraken-futures"]
[terms.kraken-futures]
max_notifications = 100000
"""

Ask = Callable[..., Awaitable[Any]]


class Client:
    """What one client was told, and the one thing it has asked and was not told."""

    def __init__(self, name: str, rng: Random) -> None:
        self.name = name
        self.asked = 0
        self.answered = 0
        self._rng = rng
        self._accounts: dict[str, str] = {}
        """Names, by the name of the key."""
        self._notes: dict[int, str] = {}
        self._ids: set[int] = set()
        self._published = 0
        self._doubt: tuple[str, Any] = ("", None)

    async def ask_on(self, ask: Ask) -> None:
        """Until it is not answered."""
        deeds = (self._add, self._revoke, self._notify, self._withdraw, self._publish)
        with suppress(aiohttp.ClientError, ConnectionError):
            while True:
                await self._rng.choice(deeds)(ask)
                self._doubt = ("", None)
                self.answered += 1

    def _new(self) -> str:
        self.asked += 1
        return f"{self.name}-{self.asked}"

    async def _add(self, ask: Ask) -> None:
        name = self._new()
        self._doubt = ("added", name)
        answer = await ask("POST", "accounts", json={"name": name})
        self._accounts[answer["account"]["key"]] = name

    async def _revoke(self, ask: Ask) -> None:
        if not self._accounts:
            return
        key, name = self._rng.choice(list(self._accounts.items()))
        self._doubt = ("revoked", key)
        answer = await ask("DELETE", "accounts", params={"name": name, "key": key})
        assert answer == {"revoked": 1}
        del self._accounts[key]

    async def _notify(self, ask: Ask) -> None:
        note = self._new()
        self._doubt = ("notified", note)
        answer = await ask("POST", "notify", json={"note": note})
        assert answer["id"] not in self._ids
        self._ids.add(answer["id"])
        self._notes[answer["id"]] = note

    async def _withdraw(self, ask: Ask) -> None:
        if not self._notes:
            return
        number = self._rng.choice(list(self._notes))
        self._doubt = ("withdrawn", number)
        assert await ask("DELETE", f"notifications?id={number}") == {"withdrawn": 1}
        del self._notes[number]

    async def _publish(self, ask: Ask) -> None:
        number = self._published + 1
        self._doubt = ("published", number)
        said = {
            "venue": "kraken-futures",
            "channel": f"ticker:{self.product}",
            "payload": {"bid": number},
        }
        await ask("POST", "publish", json=said)
        self._published = number

    @property
    def product(self) -> str:
        return f"PI_{self.name.upper()}USD"

    @property
    def has_published(self) -> bool:
        return self._published > 0

    # Afterwards.

    def compare(self, accounts: list[Any], notes: list[Any], shown: dict[str, int]) -> None:
        """With what is there now, which is from here on what is known."""
        there = {one["key"]: one["name"] for one in accounts if self._is_mine(one["name"])}
        self._accounts = self._settled(self._accounts, there, "added", "revoked")
        noted = {one["id"]: one["note"] for one in notes if self._is_mine(one["note"])}
        self._notes = self._settled(self._notes, noted, "notified", "withdrawn")
        self._ids.update(noted)
        what, number = self._doubt
        if self.has_published:
            possible = {self._published, number if what == "published" else self._published}
            assert shown[self.product] in possible
            self._published = shown[self.product]
        self._doubt = ("", None)

    def _settled(
        self, known: dict[Any, str], there: dict[Any, str], came: str, went: str
    ) -> dict[Any, str]:
        what, which = self._doubt
        lost = known.keys() - there.keys()
        assert lost <= ({which} if what == went else set()), f"lost: {lost}"
        unknown = [there[key] for key in there.keys() - known.keys()]
        assert unknown in ([], [which] if what == came else []), f"unknown: {unknown}"
        return there

    def _is_mine(self, name: str) -> bool:
        return name.startswith(f"{self.name}-")


async def compare_all(clients: list[Client], ask: Ask, base: str) -> None:
    accounts = (await ask("GET", "accounts"))["accounts"]
    assert accounts[0]["name"] == "demo"
    notes = (await ask("GET", "notifications"))["notifications"]
    shown = await tickers(base, [one.product for one in clients if one.has_published])
    for client in clients:
        client.compare(accounts, notes, shown)


async def tickers(base: str, products: list[str]) -> dict[str, int]:
    """What a new subscriber is shown."""
    shown: dict[str, int] = {}
    url = f"ws{base.removeprefix('http')}/kraken-futures/ws/v1"
    async with asyncio.timeout(10), websockets.connect(url) as link:
        for product in products:
            asked = {"event": "subscribe", "feed": "ticker", "product_ids": [product]}
            await link.send(msgspec.json.encode(asked).decode())
        while len(shown) < len(products):
            frame = msgspec.json.decode(await link.recv())
            assert frame.get("event") != "error", frame
            if "event" not in frame:
                shown[frame["product_id"]] = frame["bid"]
    return shown


def asking(http: aiohttp.ClientSession, base: str) -> Ask:
    async def ask(method: str, path: str, **options: Any) -> Any:
        async with http.request(method, f"{base}/control/{path}", **options) as reply:
            answer = await reply.json()
            assert reply.status == 200, answer
            return answer

    return ask


async def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rng = Random(KILLS)
    clients = [Client(f"c{number}", rng) for number in range(CLIENTS)]
    config = tmp_path / "venue.toml"
    config.write_text(CONFIG)
    arguments = ("--listen", "127.0.0.1:0", "--config", str(config))
    with Forge(*arguments, "--state", str(tmp_path / "venue.db")) as forge:
        for _ in range(KILLS):
            forge.start()
            if rng.random() < 0.2:
                await asyncio.sleep(rng.uniform(0, LONGEST))
                forge.kill()
                continue
            base = forge.ready()
            async with aiohttp.ClientSession() as http:
                ask = asking(http, base)
                await compare_all(clients, ask, base)
                busy = [asyncio.create_task(client.ask_on(ask)) for client in clients]
                await asyncio.sleep(rng.uniform(0, LONGEST))
                forge.kill()
                await asyncio.gather(*busy)
        forge.start()
        base = forge.ready()
        async with aiohttp.ClientSession() as http:
            await compare_all(clients, asking(http, base), base)
    assert all(client.answered > 0 for client in clients)
