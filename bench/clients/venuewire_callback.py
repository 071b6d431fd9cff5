"""Our client through a callback."""

import asyncio

import venuewire
from bench.clients.meter import Meter


async def main() -> None:
    meter, enough = Meter(), asyncio.Event()
    as_it_came = not meter.decoding

    def hear(message: venuewire.Message) -> None:
        if (as_it_came or message.data) and meter.tick():
            enough.set()

    async with venuewire.connect("kraken-spot", url=meter.url, on_message=hear) as session:
        await session.subscribe("ticker:BTC/USD")
        await enough.wait()


if __name__ == "__main__":
    asyncio.run(main())
