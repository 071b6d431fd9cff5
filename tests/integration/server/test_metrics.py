"""`/metrics` and `/healthz`: what whoever runs a local venue asks it."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.server.test_orders import subscribed
from raw_peer import RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue, vitals
from venuewire.transport.limits import Limits

PAGE = Path(__file__, "../../../../docs/how-to/run-as-a-service.md").resolve().read_text()
NAMED = set(re.findall(r"`(venuewire_[a-z_]+)`", PAGE))


async def scraped(venue: LocalVenue) -> dict[str, float]:
    """Samples by name and the values of their labels, in the order of the labels' names."""
    async with aiohttp.ClientSession() as client, client.get(f"{venue.base}/metrics") as reply:
        assert reply.status == 200
        assert reply.content_type == "text/plain"
        text = await reply.text()
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_happened_is_counted_by_venue() -> None:
    async with LocalVenue(TOY, terms={"max_sessions": 2}) as venue:
        peer, other = [await subscribed(venue) for _ in range(2)]
        async with await RawPeer.connect(venue.base) as third:
            third.send(upgrade("/toy/v1"))
            assert (await third.reply())[0] == 429
        await venue.publish("news", "1")
        heard = [await each.frame() for each in (peer, other)]
        venue.fault("latency@600")
        other.send(frame(b"", 0x8))
        assert await other.closed() == 1000
        await until(lambda: len(venue.sessions) == 1)
        told = await scraped(venue)
    assert told["venuewire_sessions,toy"] == 1
    assert told["venuewire_sessions_opened_total,toy"] == 2
    assert told["venuewire_sessions_refused_total,429,toy"] == 1
    assert told["venuewire_sessions_closed_total,1000,toy"] == 1
    assert told["venuewire_subscriptions,toy"] == 1
    assert told["venuewire_received_frames_total,toy"] == 3
    assert told["venuewire_received_bytes_total,toy"] == 2 * len(
        '{"op":"subscribe","channel":"news"}'
    )
    assert told["venuewire_sent_frames_total,toy"] == 4
    assert told["venuewire_sent_bytes_total,toy"] > sum(len(payload) for _, payload in heard)
    assert told["venuewire_pushes_total,toy"] == 1
    assert told["venuewire_publications_total,toy"] == 1
    assert told["venuewire_faults_active,toy"] == 0
    assert told["process_resident_memory_bytes"] > 1e6
    assert told["process_open_fds"] > 3
    assert told["venuewire_connections"] >= 2
    await peer.aclose()
    await other.aclose()


async def test_sessions_are_told_by_phase_with_what_waits_for_them() -> None:
    roomy = Limits(queued_bytes=2**30)
    async with LocalVenue(TOY, terms={"idle_timeout": 1000.0}, limits=roomy) as venue:
        peers = [await subscribed(venue) for _ in range(3)]
        await venue.cut(4000, session=2)
        assert await peers[1].closed() == 4000
        peers[2].read_nothing()
        payload = '"' + "x" * 1_000_000 + '"'
        [_, _, slow] = venue.sessions
        assert slow.link is not None
        while not (waiting := slow.link.queued):
            await venue.publish("news", payload)
        slow.heard_at -= 500
        told = await scraped(venue)
    name = "venuewire_session_phases"
    assert [told[f"{name},{phase},toy"] for phase in ("opening", "open", "closing")] == [0, 2, 1]
    assert told["venuewire_queued_bytes,toy"] >= told["venuewire_most_queued_bytes,toy"] > 0
    assert told["venuewire_most_queued_bytes,toy"] == waiting
    assert 500 <= told["venuewire_longest_silent_seconds,toy"] < 600
    for peer in peers:
        await peer.aclose()


async def test_pings_and_silence_are_counted() -> None:
    async with LocalVenue(TOY, terms={"idle_timeout": 0.3}) as venue:
        peer = await subscribed(venue)
        for _ in range(3):
            peer.send(frame(b"", 0x9))
            assert (await peer.frame())[0] == 0xA
        await peer.closed()
        await peer.aclose()
        await until(lambda: not venue.sessions)
        async with await subscribed(venue) as leaver:
            leaver.send(frame(b"", 0x8))
            await leaver.closed()
        await until(lambda: not venue.sessions)
        told = await scraped(venue)
    assert told["venuewire_websocket_pings_total,toy"] == 3
    assert told["venuewire_idle_sessions_ended_total,toy"] == 1
    assert told["venuewire_deadline_lateness_seconds_count"] >= 1
    assert told["venuewire_deadline_lateness_seconds_sum"] >= 0
    assert told["venuewire_loop_turn_seconds"] >= 0
    assert told["venuewire_most_connections"] > 100
    assert [name for name in told if name.startswith("venuewire_info,")]


async def test_looking_at_many_sessions_gives_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vitals, "BATCH", 1)
    async with LocalVenue(TOY) as venue:
        peers = [await RawPeer.upgraded(venue.base, "/toy/v1") for _ in range(3)]
        await until(lambda: len(venue.sessions) == 3)
        looking = asyncio.ensure_future(vitals.look(venue._halls.values(), venue._premises))
        turns = 0
        while not looking.done():
            turns += 1
            await asyncio.sleep(0)
        assert sum((await looking).venues["toy"].phases.values()) == 3
        assert turns >= 4
        for peer in peers:
            await peer.aclose()


async def test_the_page_is_what_prometheus_takes() -> None:
    """Each sample belongs to a family that says what it is, once; counters end in `_total`."""
    async with (
        LocalVenue("all") as venue,
        aiohttp.ClientSession() as client,
        client.get(f"{venue.base}/metrics") as reply,
    ):
        kind, text = reply.headers["content-type"], await reply.text()
    assert kind.startswith("text/plain; version=")
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    samples = [(each.name, *each.labels.items()) for family in families for each in family.samples]
    assert len(samples) == len(set(samples))
    for family in families:
        assert family.documentation, family.name
        assert family.type in {"counter", "gauge", "summary", "info"}, family.name
        ends = {
            "counter": {"_total"},
            "summary": {"_count", "_sum"},
        }.get(family.type, {""})
        for sample in family.samples:
            assert sample.name.removeprefix(family.name) in ends, sample
            assert re.fullmatch(r"[a-z_]+", sample.name)
            assert set(sample.labels) <= {"venue", "code", "status", "phase", "version"}
    assert len(re.findall("^# HELP ", text, re.MULTILINE)) == len(families)
    assert len(re.findall("^# TYPE ", text, re.MULTILINE)) == len(families)


async def test_requests_that_reach_no_venue_are_counted_by_status() -> None:
    async with LocalVenue(TOY, limits=Limits(connections=2, turned_away=1)) as venue:
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(upgrade("/toy/v1", Sec_WebSocket_Version="8"))
            assert (await peer.reply())[0] == 426
            await peer.ended()
        async with await RawPeer.connect(venue.base) as peer:
            peer.send(b"{}")
            assert (await peer.reply())[0] == 400
            await peer.ended()
        await until(lambda: venue.state.connections == 0)
        crowd = [await RawPeer.connect(venue.base) for _ in range(4)]
        assert (await crowd[2].reply())[0] == 503
        assert await crowd[3].ended() == b""
        for peer in crowd:
            await peer.aclose()
        await until(lambda: venue.state.connections == 0)
        told = await scraped(venue)
    refused = "venuewire_handshakes_refused_total"
    assert [told[f"{refused},{status}"] for status in (426, 400, 503, 0)] == [1, 1, 1, 1]


async def test_two_venues_in_one_process_count_apart() -> None:
    async with LocalVenue(TOY) as first, LocalVenue(TOY) as second:
        peer = await subscribed(first)
        assert (await scraped(first))["venuewire_sessions,toy"] == 1
        assert (await scraped(second))["venuewire_sessions,toy"] == 0
        await peer.aclose()


async def test_no_label_is_a_clients_word() -> None:
    async with LocalVenue(TOY) as venue:
        peer = await subscribed(venue, "canary")
        peer.send(frame(b"\x0f\xa1canary", 0x8))
        await peer.closed()
        await until(lambda: not venue.sessions)
        told = await scraped(venue)
        assert told["venuewire_sessions_closed_total,other,toy"] == 1
        assert "canary" not in str(told)
        await peer.aclose()


async def test_health_says_503_while_draining_and_service_goes_on() -> None:
    async with LocalVenue(TOY) as venue, aiohttp.ClientSession() as client:
        for on, status, word in ((False, 200, "ok"), (True, 503, "draining"), (False, 200, "ok")):
            async with client.post(f"{venue.base}/control/drain", json={"draining": on}) as reply:
                assert await reply.json() == {"draining": on}
            async with client.get(f"{venue.base}/healthz") as reply:
                assert (reply.status, await reply.json()) == (status, {"status": word})
            await (await subscribed(venue)).aclose()


async def test_what_the_documentation_names_is_what_there_is() -> None:
    async with (
        LocalVenue(TOY) as venue,
        aiohttp.ClientSession() as client,
        client.get(f"{venue.base}/metrics") as reply,
    ):
        told = set(re.findall(r"^# TYPE (venuewire_\w+) ", await reply.text(), re.MULTILINE))
    of_several = {name for name in NAMED if name.startswith("venuewire_worker")}
    assert told == NAMED - of_several
    assert of_several, "integration/workers has them"
