"""Yardstick: the same pong on `uvicorn` with its own sans-I/O WebSocket protocol, and uvloop."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import uvicorn
import uvloop

from bench.servers.ready import announce

Message = MutableMapping[str, Any]


def pong(text: str, time_in: datetime) -> str | None:
    ping = orjson.loads(text)
    if ping["method"] != "ping":
        return None
    answer = {
        "method": "pong",
        "req_id": ping["req_id"],
        "time_in": time_in,
        "time_out": datetime.now(UTC),
    }
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z).decode()


async def application(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (heard := await receive())["type"] == "websocket.receive":
        answer = pong(heard["text"], datetime.now(UTC))
        if answer is not None:
            await send({"type": "websocket.send", "text": answer})


async def main() -> None:
    config = uvicorn.Config(
        application,
        ws="websockets-sansio",
        http="httptools",
        lifespan="off",
        log_level="error",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - it offers nothing to wait for
            await asyncio.sleep(0.01)
        announce(listening.getsockname()[1])
        await serving


if __name__ == "__main__":
    uvloop.run(main())
