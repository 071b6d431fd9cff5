"""Limits hold for all workers together, and who may give orders is as with one process."""

import socket
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from integration.server.test_access import outward_address
from integration.workers.company import FUTURES, SPOT, Company, answers, company, until
from raw_peer import RawPeer, upgrade

CONFIG = """
[serve]
workers = 2
[limits]
connections = 8
connections_per_address = 6
turned_away = 4
[terms.kraken-futures]
max_sessions = 3
[terms.kucoin]
sessions_per_account = 1
[terms.kraken-spot]
max_connects = 2
"""


async def status_of(two: Company, path: str) -> int:
    async with await RawPeer.connect(two.base) as peer:
        peer.send(upgrade(path))
        return (await peer.reply_head())[0]


async def test_limits_hold_for_all_together(tmp_path: Path) -> None:
    config = tmp_path / "venue.toml"
    config.write_text(CONFIG)
    with company(tmp_path, "--config", str(config)) as two:
        async with two.entered(FUTURES, 3):
            assert [await status_of(two, FUTURES) for _ in range(3)] == [429] * 3
        assert [await status_of(two, SPOT) for _ in range(4)] == [101, 101, 429, 429]
        async with two.entered("/kraken-prime/ws/v1", 6) as peers:
            for _ in range(3):
                async with await RawPeer.connect(two.base) as peer:
                    status, _, body = await peer.reply()
                    assert (status, b"one address may have 6" in body) == (429, True)
            await peers[0].aclose()
            assert await status_of(two, "/kraken-prime/ws/v1") == 101


async def test_everybody_comes_again_who_has_left(tmp_path: Path) -> None:
    """Places are counted up and down without loss."""
    config = tmp_path / "venue.toml"
    config.write_text("[limits]\nconnections = 5\n")
    with company(tmp_path, "--config", str(config)) as two:
        for _ in range(20):
            async with AsyncExitStack() as stack:
                for _ in range(5):
                    peer = await RawPeer.connect(two.base)
                    await stack.enter_async_context(peer)
                    peer.send(upgrade(SPOT))
                    assert (await peer.reply_head())[0] == 101
                    assert await answers(peer)
        await until(lambda: is_alone(two))


async def is_alone(two: Company) -> bool:
    return sum((await two.connections()).values()) == 1


# Orders.

ORDER = "/control/state"


async def test_orders_are_for_this_machine_and_its_own_pages(two: Company) -> None:
    assert (await two.ask("GET", ORDER))[0] == 200
    for headers in (
        {"Origin": "http://elsewhere.example"},
        {"Host": "rebound.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
    ):
        status, answer = await two.ask("GET", ORDER, **headers)
        assert (status, answer["error"]["code"]) == (403, "forbidden"), headers


async def test_no_header_makes_another_machine_this_one(tmp_path: Path) -> None:
    address = outward_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    with company(tmp_path, "--listen", "0.0.0.0:0") as two:
        port = two.base.rpartition(":")[2]
        forged = {"Client": "127.0.0.1", "X-Forwarded-For": "127.0.0.1", "Host": "localhost"}
        async with aiohttp.ClientSession() as client:
            for headers in ({}, forged, {"Host": "localhost"}):
                url = f"http://{address}:{port}{ORDER}"
                async with client.get(url, headers=headers) as reply:
                    assert reply.status == 403
        assert (await two.ask("GET", ORDER))[0] == 200


async def test_a_token_lets_in_and_is_no_workers_business(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("sixteen-or-more-letters")
    with company(tmp_path, "--control-token-file", str(file)) as two:
        wrong = {"Authorization": "Bearer something-else-entirely"}
        right = {"Authorization": "Bearer sixteen-or-more-letters"}
        assert (await two.ask("GET", ORDER, **wrong))[0] == 401
        assert (await two.ask("GET", ORDER, **right))[0] == 200
        assert b"sixteen" not in b"".join(map(known_of, two.workers))


def known_of(pid: int) -> bytes:
    """What anybody may read of a process."""
    there = Path(f"/proc/{pid}")
    return (there / "environ").read_bytes() + (there / "cmdline").read_bytes()


async def test_a_port_that_is_taken_is_told_before_a_worker_begins(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(AssertionError, match="cannot listen on"),
            company(tmp_path, "--listen", listen),
        ):
            pass
