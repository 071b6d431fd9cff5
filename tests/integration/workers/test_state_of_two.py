"""One process writes, however many serve: `kill -9` of workers, and of the primary, takes nothing
back that was acknowledged.

Method: as in `integration.server.test_kills`, with two workers, one of which is killed now and
then.
"""

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from integration.server.test_kills import CLIENTS, CONFIG, Client, asking, compare_all
from integration.server.venue_forge import Forge
from integration.workers.company import Company, company, until

KILLS: Final = int(os.environ.get("VENUEWIRE_KILLS", "3"))
LONGEST: Final = 0.3
"""Seconds from the first request to the kill."""


async def test_nothing_acknowledged_is_lost_when_the_primary_dies(tmp_path: Path) -> None:
    rng = Random(KILLS)
    clients = [Client(f"c{number}", rng) for number in range(CLIENTS)]
    config = tmp_path / "venue.toml"
    config.write_text(CONFIG)
    arguments = ("--listen", "127.0.0.1:0", "--config", str(config), "--workers", "2")
    with Forge(*arguments, "--state", str(tmp_path / "venue.db")) as forge:
        for _ in range(KILLS):
            forge.start()
            base = forge.ready()
            async with aiohttp.ClientSession() as http:
                ask = asking(http, base)
                await compare_all(clients, ask, base)
                busy = [asyncio.create_task(client.ask_on(ask)) for client in clients]
                await asyncio.sleep(rng.uniform(0.05, LONGEST))
                forge.kill()
                await asyncio.gather(*busy)
    assert min(client.answered for client in clients) > 0


def has_come_back(two: Company, before: list[int]) -> bool:
    return len(two.workers) == 2 and two.workers != before


async def test_nothing_acknowledged_is_lost_when_workers_die(tmp_path: Path) -> None:
    """Nor do two workers ever know different things: each is asked in turn."""
    rng = Random(KILLS)
    clients = [Client(f"c{number}", rng) for number in range(CLIENTS)]
    config = tmp_path / "venue.toml"
    config.write_text(CONFIG)
    state = ("--config", str(config), "--state", str(tmp_path / "venue.db"))
    with company(tmp_path, *state) as two:
        for _ in range(KILLS):
            async with aiohttp.ClientSession() as http:
                ask = asking(http, two.base)
                busy = [asyncio.create_task(client.ask_on(ask)) for client in clients]
                await asyncio.sleep(rng.uniform(0.05, LONGEST))
                there = two.workers
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(there), signal.SIGKILL)
                for task in busy:
                    task.cancel()
                await asyncio.gather(*busy, return_exceptions=True)
            await until(partial(has_come_back, two, there))
            for _ in range(2):
                async with aiohttp.ClientSession() as http:
                    await compare_all(clients, asking(http, two.base), two.base)
        assert two.end() == 0
    assert min(client.answered for client in clients) > 0
