"""One says it, many hear it; and one who does not read is nobody else's problem."""

import asyncio

import pytest
import websockets

from raw_peer import TEXT, RawPeer, frame, until
from toy_venue import TOY
from venuewire.server import LocalVenue
from venuewire.transport.limits import Limits

SUBSCRIBE = '{"op":"subscribe","channel":"news"}'
PATH = "/toy/v1"


async def subscribed(venue: LocalVenue) -> websockets.ClientConnection:
    link = await websockets.connect(venue.url)
    await link.send(SUBSCRIBE)
    await link.recv()
    return link


async def test_the_operator_speaks_to_fifty() -> None:
    async with LocalVenue(TOY) as venue:
        links = [await subscribed(venue) for _ in range(50)]
        assert await venue.publish("news", {"price": 1}) == 50
        assert await venue.publish("news", '{"price": 2}') == 50
        assert await venue.publish("elsewhere", b"3") == 0
        for link in links:
            assert await link.recv() == '{"op":"news","channel":"news","data":{"price":1}}'
            assert await link.recv() == '{"op":"news","channel":"news","data":{"price":2}}'
        await asyncio.gather(*(link.close() for link in links))


async def test_one_client_speaks_to_others() -> None:
    async with LocalVenue(TOY) as venue:
        links = [await subscribed(venue) for _ in range(3)]
        await links[0].send('{"op":"publish","channel":"news","data":[1]}')
        assert await links[0].recv() == '{"op":"published","heard":2}'
        for link in links[1:]:
            assert await link.recv() == '{"op":"news","channel":"news","data":[1]}'
        await asyncio.gather(*(link.close() for link in links))


async def test_who_has_left_hears_nothing() -> None:
    async with LocalVenue(TOY) as venue:
        link = await subscribed(venue)
        await link.close()
        await until(lambda: not venue.sessions)
        assert await venue.publish("news", "1") == 0


async def test_who_cannot_be_written_to_is_nobody_elses_problem() -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    async with LocalVenue(TOY) as venue:
        links = [await subscribed(venue) for _ in range(3)]
        first = next(iter(venue._halls["toy"].floor.sessions.values()))
        first.carry = fail
        assert await venue.publish("news", "1") == 3
        with pytest.raises(websockets.ConnectionClosedError):
            await links[0].recv()
        for link in links[1:]:
            assert await link.recv() == '{"op":"news","channel":"news","data":1}'
        assert venue.tally.failures == 1
        await asyncio.gather(*(link.close() for link in links))


async def test_who_does_not_read_is_cut_off_and_the_others_do_not_wait() -> None:
    limits = Limits(queued_bytes=256 * 1024)
    async with LocalVenue(TOY, limits=limits) as venue:
        reader = await subscribed(venue)
        async with await RawPeer.upgraded(venue.base, PATH) as deaf:
            deaf.read_nothing()
            deaf.send(frame(SUBSCRIBE.encode()))
            floor = venue._halls["toy"].floor
            await until(lambda: len(floor.subscribers.of("news")) == 2)
            big = '"%s"' % ("x" * 100_000)
            heard = [await venue.publish("news", big)]
            while venue.tally.slow == 0:
                assert len(await reader.recv()) > 100_000
                heard.append(await venue.publish("news", big))
                assert len(heard) < 1000
            assert await reader.recv()
            await asyncio.sleep(0)
            assert await venue.publish("news", "1") == 1
            assert await reader.recv() == '{"op":"news","channel":"news","data":1}'
            assert len(venue.sessions) == 1
        await reader.close()


async def test_who_reads_slowly_gets_everything() -> None:
    """Below the limit, what is queued arrives when the client comes back to it."""
    async with LocalVenue(TOY) as venue, await RawPeer.upgraded(venue.base, PATH) as peer:
        peer.read_nothing()
        peer.send(frame(b'{"op":"fill","size":900000}') * 3)
        await asyncio.sleep(0.05)
        peer.read_again()
        for _ in range(3):
            kind, payload = await peer.frame()
            assert (kind, len(payload)) == (TEXT, 900_000 + len('{"op":"filling","text":""}'))
        assert venue.tally.slow == 0


async def test_who_asks_for_more_than_it_reads_is_cut_off() -> None:
    limits = Limits(queued_bytes=1 << 20)
    async with LocalVenue(TOY, limits=limits) as venue:
        async with await RawPeer.upgraded(venue.base, PATH) as peer:
            peer.read_nothing()
            for _ in range(40):
                peer.send(frame(b'{"op":"fill","size":1000000}'))
            await until(lambda: venue.tally.slow == 1)
        await until(lambda: not venue.sessions)
