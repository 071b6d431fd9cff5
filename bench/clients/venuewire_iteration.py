"""Our client through `async for`."""

import asyncio

import venuewire
from bench.clients.meter import Meter


async def main() -> None:
    meter = Meter()
    as_it_came = not meter.decoding
    async with venuewire.connect("kraken-spot", url=meter.url) as session:
        await session.subscribe("ticker:BTC/USD")
        async for update in session:
            ticker = isinstance(update, venuewire.Message) and (as_it_came or update.data)
            if ticker and meter.tick():
                return


if __name__ == "__main__":
    asyncio.run(main())
