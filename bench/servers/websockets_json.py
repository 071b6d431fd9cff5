"""Yardstick: the same pong as most would write it, on `websockets` and the standard library.

Compression is off: it would not pay for frames this small.
"""

import asyncio
import json
from datetime import UTC, datetime

from websockets.asyncio.server import ServerConnection, serve

from bench.servers.ready import announce, security


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def answer(link: ServerConnection) -> None:
    async for text in link:
        time_in = stamp()
        request = json.loads(text)
        if request["method"] == "ping":
            pong = {
                "method": "pong",
                "req_id": request["req_id"],
                "time_in": time_in,
                "time_out": stamp(),
            }
            await link.send(json.dumps(pong))


async def main() -> None:
    async with serve(answer, "127.0.0.1", 0, compression=None, ssl=security()) as server:
        announce(next(iter(server.sockets)).getsockname()[1])
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
