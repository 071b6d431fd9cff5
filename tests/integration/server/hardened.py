"""Somebody who looks at a local venue's faults, byte by byte."""

import asyncio
import json
from typing import Any

import pytest

from raw_peer import TEXT, RawPeer, frame
from venuewire.server import LocalVenue

SPOT, FUTURES = "kraken-spot", "kraken-futures"
PATHS = {SPOT: "/kraken-spot/v2", FUTURES: "/kraken-futures/ws/v1"}
TICKER = (
    b'{"method":"subscribe","req_id":1,"params":{"channel":"ticker","symbol":["BTC/USD"],'
    b'"snapshot":false}}'
)
TOKEN_DOOR = "/kucoin/api/v1/bullet-public"


async def entered(venue: LocalVenue, name: str = SPOT) -> RawPeer:
    """Upgraded and greeted."""
    peer = await RawPeer.upgraded(venue.base, PATHS[name])
    await peer.frame()
    return peer


def ask(peer: RawPeer, number: int) -> None:
    peer.send(frame(b'{"method":"ping","req_id":%d}' % number))


async def text(peer: RawPeer) -> Any:
    kind, payload = await peer.frame()
    assert kind == TEXT
    return json.loads(payload)


async def answered(peer: RawPeer, number: int) -> None:
    assert (await text(peer))["req_id"] == number


async def silent(peer: RawPeer) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(peer.reader.readexactly(1), 0.05)


def elapsed() -> float:
    return asyncio.get_running_loop().time()
