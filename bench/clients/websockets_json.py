"""Yardstick: the client most would write, `async for` over `websockets`, and json."""

import asyncio
import json

from websockets.asyncio.client import connect

from bench.clients.meter import Meter

_SUBSCRIBE = {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD"]}}


async def main() -> None:
    meter = Meter()
    async with connect(meter.url, compression=None) as link:
        await link.send(json.dumps(_SUBSCRIBE))
        async for text in link:
            message = json.loads(text)
            if message.get("channel") == "ticker" and message["data"] and meter.tick():
                link.transport.abort()  # A polite end would wait for what still floods in.
                return


if __name__ == "__main__":
    asyncio.run(main())
