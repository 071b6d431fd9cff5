"""Yardstick: the same pong by someone who cares for speed, on `aiohttp`, `orjson` and uvloop."""

import asyncio
from datetime import UTC, datetime

import orjson
import uvloop
from aiohttp import WSMsgType, web

from bench.servers.ready import announce, security


async def answer(request: web.Request) -> web.WebSocketResponse:
    link = web.WebSocketResponse(compress=False)
    await link.prepare(request)
    async for frame in link:
        time_in = datetime.now(UTC)
        if frame.type is not WSMsgType.TEXT:
            continue
        ping = orjson.loads(frame.data)
        if ping["method"] == "ping":
            pong = {
                "method": "pong",
                "req_id": ping["req_id"],
                "time_in": time_in,
                "time_out": datetime.now(UTC),
            }
            await link.send_str(orjson.dumps(pong, option=orjson.OPT_UTC_Z).decode())
    return link


async def main() -> None:
    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=security())
    await site.start()
    announce(runner.addresses[0][1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
