"""Yardstick: the least a server on our own parts can do. picows sends each frame back, no JSON.

It runs on uvloop, as a server that is to be fast would.
"""

import asyncio

import picows
import uvloop

from bench.servers.ready import announce


class Echo(picows.WSListener):
    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type is picows.WSMsgType.TEXT:
            transport.send(picows.WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type is picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()


async def main() -> None:
    server = await picows.ws_create_server(lambda _: Echo(), "127.0.0.1", 0)
    announce(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
