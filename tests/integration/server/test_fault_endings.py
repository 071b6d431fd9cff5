"""Faults of a running local venue: its doors, the end of sessions, and the operator's orders."""

import asyncio
from typing import Any

import aiohttp
import pytest

from integration.server.hardened import (
    PATHS,
    SPOT,
    TOKEN_DOOR,
    answered,
    ask,
    elapsed,
    entered,
    silent,
    text,
)
from raw_peer import RawPeer, upgrade
from venuewire.core.errors import ConfigurationError
from venuewire.server import LocalVenue

# Endings.


@pytest.mark.parametrize(("fault", "code"), [("close-1001", 1001), ("close-1013", 1013)])
async def test_sessions_are_closed(fault: str, code: int) -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault(fault)
        assert await peer.closed() == code


async def test_sessions_lose_their_connection() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("close-1006")
        assert await peer.reader.read() == b""


async def test_sessions_are_reset() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("reset")
        with pytest.raises(ConnectionResetError):
            await peer.reader.read()


async def test_a_session_is_cut_early_by_the_venue_s_rule() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("cut-24h:seconds=0.05")
        assert await peer.closed() == 1000
        async with await entered(venue) as other:
            assert await other.closed() == 1000


async def test_a_maintenance_is_told_and_happens() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("maintenance:notice=0.03,downtime=0.1")
        assert (await text(peer))["data"][0]["system"] == "maintenance"
        assert await peer.closed() == 1001
        async with await RawPeer.connect(venue.base) as other:
            other.send(upgrade(PATHS[SPOT]))
            status, headers, _ = await other.reply()
            assert (status, headers["retry-after"]) == (503, "1")


async def test_the_calendar_of_a_venue_can_be_wrong() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        ask(peer, 1)
        right = (await text(peer))["time_in"]
        venue.fault("clock-skew:seconds=-400000000")
        ask(peer, 2)
        assert (await text(peer))["time_in"] < right[:2] + "20"
        async with await entered(venue) as other:
            ask(other, 3)
            said = await text(other)
            assert max(said["time_in"], said["time_out"]) < right
        venue.clear_faults()
        ask(peer, 4)
        assert (await text(peer))["time_in"] >= right


# Doors.


async def knocked(venue: LocalVenue) -> RawPeer:
    peer = await RawPeer.connect(venue.base)
    peer.send(upgrade(PATHS[SPOT]))
    return peer


async def test_upgrades_are_refused() -> None:
    async with LocalVenue(SPOT, faults=["http-429:retry_after=9,times=1"]) as venue:
        async with await knocked(venue) as peer:
            status, headers, _ = await peer.reply()
            assert (status, headers["retry-after"]) == (429, "9")
        async with await entered(venue):
            pass


async def test_upgrades_are_slow() -> None:
    async with LocalVenue(SPOT, faults=["slow-handshake:seconds=0.05"]) as venue:
        began = elapsed()
        async with await entered(venue) as peer:
            assert elapsed() - began >= 0.05
            ask(peer, 1)
            await answered(peer, 1)


async def test_who_leaves_while_waiting_is_not_admitted() -> None:
    async with LocalVenue(SPOT, faults=["slow-handshake:seconds=0.05"]) as venue:
        async with await knocked(venue):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.06)
        assert venue.tally.admitted == 0


async def test_upgrades_are_never_answered() -> None:
    async with (
        LocalVenue(SPOT, faults=["handshake-never"]) as venue,
        await knocked(venue) as peer,
    ):
        await silent(peer)


async def test_connections_are_reset() -> None:
    async with LocalVenue(SPOT, "kucoin", faults=["refuse-connection"]) as venue:
        async with await knocked(venue) as peer:
            with pytest.raises(ConnectionResetError):
                await peer.reader.read()
        async with aiohttp.ClientSession() as client:
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.post(venue.base + TOKEN_DOOR)


async def test_tokens_are_refused_slow_or_never_granted() -> None:
    async with LocalVenue("kucoin") as venue, aiohttp.ClientSession() as client:
        fault = venue.fault("token-down")
        async with client.post(venue.base + TOKEN_DOOR) as reply:
            assert reply.status == 503
        venue.clear_faults(fault)
        venue.fault("token-slow:seconds=0.05")
        began = elapsed()
        async with client.post(venue.base + TOKEN_DOOR) as reply:
            assert (reply.status, elapsed() - began >= 0.05) == (200, True)


# Which there are.


async def test_faults_are_listed_from_before_the_start_to_after_their_end() -> None:
    venue = LocalVenue(SPOT, "kucoin", faults=["mute-heartbeats", "latency@0+0.01"])
    assert [fault.state for fault in venue.faults] == ["waiting"] * 3
    fault = venue.fault("kucoin/half-open@60")
    assert venue.clear_faults(99) == 0
    async with venue:
        listed = [(each.id, each.venue, each.fault, each.state) for each in venue.faults]
        assert listed == [
            (1, SPOT, "mute-heartbeats", "active"),
            (2, SPOT, "latency@0+0.01", "active"),
            (2, "kucoin", "latency@0+0.01", "active"),
            (3, "kucoin", "half-open@60", "waiting"),
        ]
        await asyncio.sleep(0.02)
        assert [each.state for each in venue.faults if each.id == 2] == ["over", "over"]
        assert venue.clear_faults(fault) == 1
        assert venue.fault("flaky-morning", venue=SPOT) == 4
        assert sum(each.id == 4 for each in venue.faults) == 6
        assert venue.clear_faults() == 9
        assert venue.faults == ()


async def test_faults_that_were_cleared_before_the_start_never_begin() -> None:
    venue = LocalVenue(SPOT, faults=["half-open"])
    assert venue.clear_faults(1) == 1
    async with venue:
        assert venue.faults == ()


@pytest.mark.parametrize(
    ("spec", "venue", "said"),
    [
        ("nonsense", None, "no fault is called"),
        ("mute-heartbeats", "kucoin", "kucoin has no heartbeat"),
        ("challenge-never", None, "kraken-spot has no challenge; kucoin has no challenge"),
        ("kucoin/half-open", SPOT, "is for kucoin, and not for kraken-spot"),
        ("kraken-prime/half-open", None, "'kraken-prime' is not here"),
    ],
)
async def test_what_makes_no_sense_is_said(spec: str, venue: str | None, said: str) -> None:
    local = LocalVenue(SPOT, "kucoin")
    with pytest.raises(ConfigurationError, match=said):
        local.fault(spec, venue=venue)
    assert local.faults == ()


async def test_a_link_without_faults_passes_no_gate() -> None:
    """They cost nothing before the first, and nothing again after the last."""
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        link = venue.sessions[0].link
        assert link.traffic is None
        venue.fault("latency:seconds=0.001")
        assert link.traffic is not None
        ask(peer, 1)
        await answered(peer, 1)
        venue.clear_faults()
        assert link.traffic is None
        ask(peer, 2)
        await answered(peer, 2)


# Orders over HTTP.


async def order(venue: LocalVenue, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{venue.base}/control/{path}", json=body) as reply,
    ):
        return reply.status, await reply.json()


async def test_faults_over_http() -> None:
    async with LocalVenue(SPOT) as venue:
        assert await order(venue, "POST", "faults", {"fault": "half-open@3"}) == (200, {"id": 1})
        said = {"fault": "latency", "venue": SPOT}
        assert await order(venue, "POST", "faults", said) == (200, {"id": 2})
        listed = [
            {"id": 1, "venue": SPOT, "fault": "half-open@3", "state": "waiting"},
            {"id": 2, "venue": SPOT, "fault": "latency", "state": "active"},
        ]
        assert await order(venue, "GET", "faults") == (200, {"faults": listed})
        assert await order(venue, "DELETE", "faults?id=1") == (200, {"cleared": 1})
        status, answer = await order(venue, "DELETE", "faults?id=1")
        assert (status, answer["error"]["code"]) == (404, "unknown_fault")
        assert await order(venue, "DELETE", "faults") == (200, {"cleared": 1})


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"fault": "nonsense"}, 422, "impossible"),
        ({"fault": "latency", "venue": "nowhere"}, 404, "unknown_venue"),
        ({"spec": "latency"}, 400, "bad_request"),
    ],
)
async def test_bad_orders_are_explained(body: Any, status: int, kind: str) -> None:
    async with LocalVenue(SPOT) as venue:
        got, answer = await order(venue, "POST", "faults", body)
        assert (got, answer["error"]["code"]) == (status, kind)
