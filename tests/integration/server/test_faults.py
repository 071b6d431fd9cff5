"""Faults of a running local venue: frames, on their way through real sockets."""

import asyncio
import json

import pytest

from integration.server.hardened import (
    FUTURES,
    SPOT,
    TICKER,
    answered,
    ask,
    elapsed,
    entered,
    silent,
    text,
)
from raw_peer import BINARY, CLOSE, PING, PONG, RawPeer, frame, until
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

# Frames.


async def test_a_fault_reaches_the_links_there_are_and_those_to_come() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        fault = venue.fault("mute-pongs")
        async with await entered(venue) as other:
            for each in (peer, other):
                ask(each, 1)
                await silent(each)
            assert venue.clear_faults(fault) == 1
            for each in (peer, other):
                ask(each, 2)
                await answered(each, 2)


async def test_late_answers_keep_their_order() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("latency:seconds=0.02,jitter=0.02")
        began = elapsed()
        for number in range(20):
            ask(peer, number)
        for number in range(20):
            await answered(peer, number)
        assert elapsed() - began >= 0.04


async def test_a_half_open_link_swallows_the_close_too() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("half-open")
        ask(peer, 1)
        assert await venue.cut(1001) == 1
        await silent(peer)
        assert venue.clear_faults() == 1
        assert await peer.closed() == 1001


async def test_a_client_s_close_is_swallowed() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("black-hole:way=up")
        peer.send(frame(b"\x03\xe8", CLOSE))
        await silent(peer)
        assert [session.closing for session in venue.sessions] == [None]


async def test_a_client_s_close_is_heard_late_and_answered_later() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("slow-close:seconds=0.03")
        began = elapsed()
        peer.send(frame(b"\x03\xe8", CLOSE))
        assert await peer.closed() == 1000
        assert elapsed() - began >= 0.06


async def test_slices_are_whole_messages_in_the_end() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("slice:size=5,pause=0.0001")
        ask(peer, 1)
        ask(peer, 2)
        await answered(peer, 1)
        await answered(peer, 2)


async def test_frames_are_doubled_and_binary() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        fault = venue.fault("duplicate:rate=1")
        ask(peer, 1)
        await answered(peer, 1)
        await answered(peer, 1)
        venue.clear_faults(fault)
        venue.fault("binary-frames:rate=1")
        ask(peer, 2)
        kind, payload = await peer.frame()
        assert (kind, json.loads(payload)["req_id"]) == (BINARY, 2)


async def test_requests_are_refused_exceed_and_change() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        for spec, reason in (
            ("subscribe-509:times=1", "Exceeded subscriptions per connection"),
            ("rate-limited:times=1", "Exceeded msg rate"),
            ("bad-symbol", "Currency pair not supported BTC/USD"),
        ):
            fault = venue.fault(spec)
            peer.send(frame(TICKER))
            said = await text(peer)
            assert (said["req_id"], said["success"], said["error"]) == (1, False, reason)
            venue.clear_faults(fault)


async def test_pushes_pass_the_gate() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("ack-without-data")
        peer.send(frame(TICKER))
        assert (await text(peer))["success"] is True
        assert await venue.publish("ticker:BTC/USD", {"bid": 1}) == 1
        await silent(peer)
        venue.clear_faults()
        await venue.publish("ticker:BTC/USD", {"bid": 2})
        assert (await text(peer))["data"][0]["bid"] == 2
        venue.fault("latency:seconds=0.001")
        await venue.publish("ticker:BTC/USD", {"bid": 3})
        assert (await text(peer))["data"][0]["bid"] == 3


@pytest.mark.parametrize(
    ("fault", "pong"), [("wrong-pongs", b"99907"), ("late-pongs:seconds=0.01", b"7")]
)
async def test_control_frames_pass_the_gate(fault: str, pong: bytes) -> None:
    async with LocalVenue(FUTURES) as venue, await entered(venue, FUTURES) as peer:
        venue.fault(fault)
        peer.send(frame(b"7", PING))
        assert await peer.frame() == (PONG, pong)


@pytest.mark.parametrize("fault", ["mute-pongs", "black-hole:way=up", "half-open"])
async def test_control_frames_are_lost(fault: str) -> None:
    async with LocalVenue(FUTURES) as venue, await entered(venue, FUTURES) as peer:
        venue.fault(fault)
        peer.send(frame(b"7", PING))
        await silent(peer)


@pytest.mark.parametrize("sent", [frame(b"7", PING), frame(b'{"event":"ping"}')])
async def test_a_link_is_cut_at_its_next_frame(sent: bytes) -> None:
    async with LocalVenue(FUTURES) as venue, await entered(venue, FUTURES) as peer:
        venue.fault("cut-after:seconds=0")
        peer.send(sent)
        assert await peer.closed() is None
        await until(lambda: not venue.sessions)


async def test_a_pong_can_be_the_last_straw() -> None:
    async with LocalVenue(FUTURES) as venue, await entered(venue, FUTURES) as peer:
        venue.fault("black-hole:way=up@0.02")
        venue.fault("latency:way=up,seconds=0.02")
        venue.fault("cut-after:seconds=0@0.01")
        peer.send(frame(b"7", PING))
        assert await peer.closed() is None


async def test_a_venue_that_does_not_read_reads_again() -> None:
    async with LocalVenue(SPOT) as venue, await entered(venue) as peer:
        venue.fault("never-reading@0+0.08")
        await asyncio.sleep(0.01)
        began = elapsed()
        for number in range(3):
            ask(peer, number)
        for number in range(3):
            await answered(peer, number)
        assert elapsed() - began > 0.03


async def test_what_waits_has_a_limit() -> None:
    limits = Limits(queued_bytes=300)
    async with LocalVenue(SPOT, limits=limits) as venue, await entered(venue) as peer:
        venue.fault("latency:seconds=5")
        for number in range(20):
            ask(peer, number)
        assert await peer.closed() is None


async def test_a_failure_of_ours_while_late_costs_one_link() -> None:
    async with LocalVenue(TOY) as venue:
        async with await RawPeer.upgraded(venue.base, "/toy/v1") as peer:
            venue.fault("latency:seconds=0.01,way=up")
            peer.send(frame(b'{"op":"crash"}'))
            assert await peer.closed() == 1011
        assert venue.tally.failures == 1
