"""`/metrics` and `/healthz`: what whoever runs a local venue asks it."""

import re
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from integration.server.test_orders import subscribed
from raw_peer import RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.server import LocalVenue
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
    assert told == NAMED
