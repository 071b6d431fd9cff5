"""Workers that die, and are missed; a primary that dies, and is not survived; an end for all."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from integration.cli.test_commands import ENVIRONMENT
from integration.workers.company import (
    FUTURES,
    SPOT,
    Company,
    answers,
    company,
    is_alive,
    say,
    told,
    until,
)
from raw_peer import RawPeer
from venuewire.cli.worker import worker_command
from venuewire.core.errors import ConfigurationError
from venuewire.server import crew, mate
from venuewire.server.primary import Primary


async def test_a_worker_that_is_killed_takes_its_sessions_and_no_others_and_comes_back(
    tmp_path: Path,
) -> None:
    with company(tmp_path) as two:
        await two.order("POST", "notify", {"note": "hello"})
        async with two.entered(SPOT, 10) as peers:
            victim, survivor = two.workers
            os.kill(victim, signal.SIGKILL)
            alive = await asyncio.gather(*map(answers, peers))
            assert (alive.count(True), alive.count(False)) == (5, 5)
            await until(lambda: len(two.workers) == 2 and victim not in two.workers)
            assert survivor in two.workers
            await until(lambda: "killed by SIGKILL" in two.log)
            assert await two.order("GET", "sessions") is not None
            assert (await two.order("GET", "sessions"))["total"] == 5
            assert (await two.order("GET", "tally"))["admitted"] == 10
        await until(lambda: both_serve(two))
        await shows_the_notification(two)
        events = (await two.order("GET", "journal"))["events"]
        [lost] = [event for event in events if event["what"] == "worker_lost"]
        assert (lost["heard"], lost["reason"]) == (5, "was killed by SIGKILL")
        assert two.end() == 0
        assert two.log.count("\n") == 1
        assert "lost with it: 5 sessions" in two.log


async def both_serve(two: Company) -> bool:
    async with two.entered(SPOT, 4) as peers:
        assert all([await answers(peer) for peer in peers])
        connections = await two.connections()
        return len(connections) == 2 and 0 not in connections.values()


async def shows_the_notification(two: Company) -> None:
    """The new worker knows what was said before it came."""
    key = two.credentials["kraken-futures"]
    async with two.entered(FUTURES, 4) as peers:
        for peer in peers:
            say(peer, {"event": "challenge", "api_key": key["api_key"]})
            assert (await told(peer, lambda told: told.get("event") == "challenge"))["message"]
    assert len((await two.order("GET", "notifications"))["notifications"]) == 1


async def test_no_worker_survives_its_primary(tmp_path: Path) -> None:
    with company(tmp_path) as two:
        workers = two.workers
        assert len(workers) == 2
        async with two.entered(SPOT, 4) as peers:
            two.end(signal.SIGKILL)
            await until(lambda: not any(map(is_alive, workers)))
            assert [await peer.closed() for peer in peers] == [None] * 4
        with pytest.raises(ConnectionRefusedError):
            await RawPeer.connect(two.base)


async def test_a_stuck_worker_does_not_survive_its_primary_either(tmp_path: Path) -> None:
    with company(tmp_path) as two:
        workers = two.workers
        os.kill(workers[0], signal.SIGSTOP)
        two.end(signal.SIGKILL)
        await until(lambda: not any(map(is_alive, workers)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_at_the_end_all_are_told_and_nobody_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    with company(tmp_path) as two:
        workers = two.workers
        async with two.entered(SPOT, 4) as peers, two.entered(FUTURES, 4) as others:
            for pid in workers:
                os.kill(
                    pid, number
                )  # As a terminal or a service's stop does: it is for the primary.
            two.process.send_signal(number)
            assert [await peer.closed() for peer in peers + others] == [1001] * 8
        await until(lambda: two.process.poll() is not None)
        assert two.process.returncode == 0
        assert not any(map(is_alive, workers))
        assert two.log == ""


async def test_while_it_drains_health_says_so_and_clients_are_served(tmp_path: Path) -> None:
    with company(tmp_path, "--drain-delay", "60") as two:
        async with two.entered(SPOT, 2) as peers:
            two.process.send_signal(signal.SIGTERM)
            await until(lambda: is_unhealthy(two))
            assert await two.ask("GET", "/healthz") == (503, {"status": "draining"})
            assert all([await answers(peer) for peer in peers])


async def is_unhealthy(two: Company) -> bool:
    return (await two.ask("GET", "/healthz"))[0] == 503


def primary(command: list[str]) -> Primary:
    return Primary("kraken-spot", workers=2, command=command, environment=ENVIRONMENT)


async def test_workers_that_cannot_begin_are_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(crew, "_FIRST_PAUSE", 0.01)
    venue = primary([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(ConfigurationError, match=r"worker \d cannot begin: it ended 5 times"):
        await venue.start()
    assert "ended with status 3" in caplog.text
    await venue.aclose()


async def test_a_command_that_is_not_there_is_told() -> None:
    venue = primary(["/nowhere/python"])
    with pytest.raises(ConfigurationError, match="cannot begin"):
        await venue.start()
    await venue.aclose()


async def test_a_worker_that_does_not_answer_is_killed_and_another_begins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits for all workers waits no longer than that."""
    monkeypatch.setattr(crew, "PATIENCE", 1.0)
    monkeypatch.setattr(crew, "_ROUND", 0.2)
    async with primary(worker_command(None)) as venue:
        stuck = venue.crew.mates[0]
        pid = stuck.pid
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(30):
            assert await venue.publish("status", {"system": "maintenance"}) == 0
        assert stuck.phase is mate.Phase.GONE
        assert not is_alive(pid)
        assert "does not answer: killed" in caplog.text
        await until(lambda: {each.phase for each in venue.crew.mates} == {mate.Phase.OPEN})
        for _ in range(2):  # What was said while one was stuck is known to both.
            async with await RawPeer.upgraded(venue.base, SPOT) as peer:
                assert (await told(peer))["data"][0]["system"] == "maintenance"
