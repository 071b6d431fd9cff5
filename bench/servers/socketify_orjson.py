"""Yardstick: the same pong on `socketify`, which is uWebSockets, written in C++, under Python."""

import os
import signal
from datetime import UTC, datetime
from typing import Any

import orjson
from socketify import App, OpCode

from bench.servers.ready import announce


def answer(link: Any, text: str | bytes, _: OpCode) -> None:
    time_in = datetime.now(UTC)
    ping = orjson.loads(text)
    if ping["method"] == "ping":
        pong = {
            "method": "pong",
            "req_id": ping["req_id"],
            "time_in": time_in,
            "time_out": datetime.now(UTC),
        }
        link.send(orjson.dumps(pong, option=orjson.OPT_UTC_Z), OpCode.TEXT)


def leave(*_: object) -> None:
    os._exit(0)  # Its own end waits for its loop.


def main() -> None:
    signal.signal(signal.SIGTERM, leave)
    application = App()
    application.ws("/*", {"compression": 0, "idle_timeout": 60, "message": answer})
    application.listen({"host": "127.0.0.1", "port": 0}, lambda bound: announce(bound.port))
    application.run()


if __name__ == "__main__":
    main()
