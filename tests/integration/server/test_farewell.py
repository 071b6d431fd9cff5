"""What clients are told when a venue ends."""

import json
from typing import Any

import websockets

from venuewire.server import LocalVenue


async def heard_to_the_end(link: websockets.ClientConnection) -> tuple[list[Any], int | None]:
    """All frames, and the close code."""
    return [json.loads(text) async for text in link], link.close_code


def systems(frames: list[Any]) -> list[str]:
    return [frame["data"][0]["system"] for frame in frames if frame.get("channel") == "status"]


async def test_a_drained_kraken_spot_tells_of_maintenance_before_it_closes() -> None:
    venue = await LocalVenue("kraken-spot").start()
    link = await websockets.connect(venue.url)
    venue.drain()
    await venue.aclose()
    frames, code = await heard_to_the_end(link)
    assert (systems(frames), code) == (["online", "maintenance"], 1001)


async def test_a_venue_that_just_ends_only_closes() -> None:
    """Or a client in a test, whose venue is begun anew, would wait as long as after maintenance."""
    venue = await LocalVenue("kraken-spot").start()
    link = await websockets.connect(venue.url)
    await venue.aclose()
    frames, code = await heard_to_the_end(link)
    assert (systems(frames), code) == (["online"], 1001)


async def test_it_comes_back_as_it_was(tmp_path: Any) -> None:
    for _ in range(2):
        venue = await LocalVenue("kraken-spot", state=tmp_path / "state").start()
        async with websockets.connect(venue.url) as link:
            assert systems([json.loads(await link.recv())]) == ["online"]
            venue.drain()
        await venue.aclose()


async def test_where_a_venue_has_no_way_of_telling_it_only_closes() -> None:
    venue = await LocalVenue("kraken-futures").start()
    link = await websockets.connect(venue.url)
    venue.drain()
    await venue.aclose()
    frames, code = await heard_to_the_end(link)
    assert ([frame["event"] for frame in frames], code) == (["info"], 1001)
