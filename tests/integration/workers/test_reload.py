"""SIGHUP: `serve` reads its files again and lives by them, with one process and with two."""

import asyncio
import json
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from integration.workers.company import (
    FUTURES,
    SPOT,
    Company,
    answers,
    company,
    hears_fills,
    say,
    told,
    until,
)
from raw_peer import RawPeer, upgrade

ACCOUNT: Final = """
[[account]]
name = "{0}"
venue = "kraken-futures"
api_key = "key-of-{0}"
api_secret = "c2VjcmV0LXNlY3JldA=="
"""
SECRET: Final = "c2VjcmV0LXNlY3JldA=="
BEGINNING: Final = (
    "[serve]\nvenues = ['kraken-spot', 'kraken-futures']\n"
    "[limits]\nclose_timeout = 4.0\n[terms.kraken-futures]\nheartbeat_interval = 1.0\n"
    "[[fault]]\nspec = 'kraken-spot/latency:seconds=0.01'\n"
) + ACCOUNT.format("alice")


@pytest.fixture(params=[1, 2], ids=["alone", "two"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Company, Path]]:
    config = tmp_path / "venue.toml"
    config.write_text(BEGINNING)
    with company(tmp_path, "--config", str(config), workers=request.param) as made:
        yield made, config


async def events(made: Company, what: str) -> list[Any]:
    listed = (await made.order("GET", "journal?limit=1000"))["events"]
    return [event for event in listed if event["what"] == what]


async def reload(made: Company, what: str = "reloaded") -> str:
    """What it says of it."""
    before = len(await events(made, what))
    made.process.send_signal(signal.SIGHUP)

    async def has_happened() -> bool:
        return len(await events(made, what)) > before

    await until(has_happened)
    return "; ".join(event["reason"] for event in (await events(made, what))[before:])


async def knows(peer: RawPeer, name: str) -> bool:
    return await hears_fills(peer, f"key-of-{name}", SECRET)


async def test_what_can_change_changes_for_whoever_comes(file: tuple[Company, Path]) -> None:
    made, config = file
    changed = (BEGINNING.replace("4.0", "3.0").replace("interval = 1.0", "interval = 0.2")).replace(
        "latency:seconds=0.01", "mute-pongs"
    )
    changed = changed.replace(ACCOUNT.format("alice"), ACCOUNT.format("bob"))
    async with made.entered(FUTURES, 2) as old:
        assert all([await knows(peer, "alice") for peer in old])
        assert not await knows(old[0], "bob")
        config.write_text(changed)
        reason = await reload(made)
        for part in ("limits: close_timeout", "heartbeat_interval", "'alice'", "'bob'"):
            assert part in reason
        assert "fault kraken-spot/mute-pongs was begun" in reason
        assert (await made.order("GET", "state"))["limits"]["close_timeout"] == 3.0
        faults = (await made.order("GET", "faults"))["faults"]
        assert [fault["fault"] for fault in faults] == ["mute-pongs"]
        async with made.entered(FUTURES, 4) as new:
            for peer in new:
                assert await knows(peer, "bob")
                assert not await knows(peer, "alice")
                say(peer, {"event": "subscribe", "feed": "heartbeat"})
                await told(peer, lambda told: told.get("event") == "subscribed")
                began = asyncio.get_running_loop().time()
                for _ in range(3):
                    await told(peer, lambda told: told.get("feed") == "heartbeat")
                assert asyncio.get_running_loop().time() - began < 2.0
        assert [await peer.closed() for peer in old] == [1008, 1008]
        assert await reload(made) == "nothing"
    assert made.end() == 0
    assert made.log == ""


async def test_what_was_ordered_since_stays(file: tuple[Company, Path]) -> None:
    made, config = file
    await made.order("DELETE", "accounts?name=alice&venue=kraken-futures")
    await made.order("POST", "accounts", {"name": "carol", "venue": "kraken-futures"})
    config.write_text(BEGINNING + ACCOUNT.format("bob"))
    await reload(made)
    listed = (await made.order("GET", "accounts?venue=kraken-futures"))["accounts"]
    assert [one["name"] for one in listed] == ["carol", "bob"]
    config.write_text(BEGINNING.replace("c2VjcmV0LXNlY3JldA==", "b3RoZXItc2VjcmV0"))
    assert "'bob'" in await reload(made)
    listed = (await made.order("GET", "accounts?venue=kraken-futures"))["accounts"]
    assert [one["name"] for one in listed] == ["carol"], "alice has been revoked"


NO_GOOD: Final = (
    ("[limits]\nclose_timeout = 'soon'\n", "close_timeout"),
    ("[limits\n", "venue.toml"),
    ("[[account]]\nname = 'x'\n", "account"),
    ("[[fault]]\nspec = 'no-such-fault'\n", "no-such-fault"),
    ("[terms.kraken-futures]\nmax_session = 1\n", "max_session"),
    (ACCOUNT.format("eve").replace("c2VjcmV0LXNlY3JldA==", "not base64"), "eve"),
    (None, "No such file"),
)


async def test_a_file_that_is_no_good_changes_nothing(file: tuple[Company, Path]) -> None:
    made, config = file
    async with made.entered(SPOT, 2) as peers:
        state = await made.order("GET", "state")
        for text, says in NO_GOOD:
            if text is None:
                config.unlink()
            else:
                config.write_text("[serve]\nvenues = ['kraken-spot', 'kraken-futures']\n" + text)
            reason = await reload(made, "not_reloaded")
            assert says in reason
            assert "venue.toml" in reason
            assert "not base64" not in reason
        after = await made.order("GET", "state")
        assert after["limits"] == state["limits"]
        assert after["venues"] == state["venues"]
        assert all([await answers(peer) for peer in peers])
    assert made.end() == 0
    told = made.log.splitlines()
    assert len(told) == len(NO_GOOD)
    assert all(line.startswith("venuewire: nothing is reloaded: ") for line in told)


async def test_what_takes_a_restart_is_told_each_time(file: tuple[Company, Path]) -> None:
    made, config = file
    text = BEGINNING.replace("['kraken-spot', 'kraken-futures']", "['kraken-futures']")
    text = text.replace("[serve]\n", "[serve]\nstate = 'other.db'\n").replace("kraken-spot/", "")
    text = text.replace("[terms.kraken-futures]\n", "[terms.kraken-futures]\nmax_levels = 3\n")
    config.write_text(text)
    for _ in range(2):
        await reload(made)
    await until(lambda: made.log.count("\n") == 2)
    first, second = made.log.splitlines()
    assert first == second
    assert first == ("venuewire: this takes a restart: venues, state, max_levels of kraken-futures")
    assert made.end() == 0


def certificate(directory: Path, authority: trustme.CA) -> None:
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(directory / "key.pem")
    issued.cert_chain_pems[0].write_to_path(directory / "cert.pem")


async def serial_of(base: str, authority: trustme.CA) -> int:
    """Of the certificate that a client is shown."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    port = int(base.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown = writer.get_extra_info("peercert")
    writer.transport.abort()
    return int(shown["serialNumber"], 16)


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_certificate_and_a_token_are_read_again(tmp_path: Path, workers: int) -> None:
    authority = trustme.CA()
    certificate(tmp_path, authority)
    token = tmp_path / "token"
    token.write_text("sixteen-or-more-letters")
    files = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with company(tmp_path, *files, "--control-token-file", str(token), workers=workers) as made:
        assert made.base.startswith("https://")
        old = {await serial_of(made.base, authority) for _ in range(2)}
        assert len(old) == 1
        assert await status(made, authority, "sixteen-or-more-letters") == 200
        certificate(tmp_path, authority)
        token.write_text("another-long-enough-token")
        made.process.send_signal(signal.SIGHUP)

        async def is_new() -> bool:
            return await status(made, authority, "another-long-enough-token") == 200

        await until(is_new)
        new = {await serial_of(made.base, authority) for _ in range(4)}
        assert len(new) == 1
        assert not new & old
        assert await status(made, authority, "sixteen-or-more-letters") == 401
        (tmp_path / "cert.pem").write_text("no certificate at all")
        made.process.send_signal(signal.SIGHUP)
        await until(lambda: "nothing is reloaded: --tls-cert" in made.log)
        assert {await serial_of(made.base, authority) for _ in range(4)} == new


async def status(made: Company, authority: trustme.CA, token: str) -> int:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    port = int(made.base.rpartition(":")[2])
    peer = RawPeer(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
    head = f"GET /control/faults HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    async with peer:
        peer.send(f"{head}\r\n".encode())
        code, _, body = await peer.reply()
        json.loads(body)
        return code


async def test_sessions_over_tls_are_carried_by_workers(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate(tmp_path, authority)
    files = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with company(tmp_path, *files) as two:
        port = int(two.base.rpartition(":")[2])
        for _ in range(4):
            peer = RawPeer(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
            async with peer:
                peer.send(upgrade(SPOT))
                assert (await peer.reply_head())[0] == 101
                assert await answers(peer)
        assert two.end() == 0
        assert two.log == ""
