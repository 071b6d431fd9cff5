"""The load for clients: enough of a Kraken Spot to be subscribed to, then tickers without end.

Each connection has a thread, which writes prebuilt chunks whenever the reader has taken the last,
and between two chunks what it owes: acknowledgments and pongs. Every ticker is 200 bytes.
"""

import json
import select
import socket
import threading
from typing import Any

from bench.frames import CLOSE, PING, PONG, TEXT, Frames, frame, welcome
from bench.servers.ready import announce

_STAMP = "2026-01-01T00:00:00.000000Z"
_PAYLOAD = 200
_CHUNK = 320
"""Tickers written at once: about 64 KiB."""
_STATUS = {
    "channel": "status",
    "type": "update",
    "data": [
        {"version": "2.0.0", "system": "online", "api_version": "v2", "connection_id": 2**63 + 1}
    ],
}


def ticker(number: int) -> bytes:
    quote = {
        "symbol": "BTC/USD",
        "bid": 64_000 + number,
        "bid_qty": 0.25,
        "ask": 64_001 + number,
        "ask_qty": 1.5,
        "last": 64_000.5,
        "volume": 1234.5,
        "low": 63_000,
        "high": 65_000,
        "change": 12.5,
    }
    message = {"channel": "ticker", "type": "update", "data": [quote]}
    text = json.dumps(message, separators=(",", ":")).encode()
    if len(text) > _PAYLOAD:
        raise ValueError(f"{len(text)} bytes are too many for a ticker")
    return text[:-1].ljust(_PAYLOAD - 1) + b"}"


class Listener:
    """One client."""

    def __init__(self, peer: socket.socket, chunk: bytes) -> None:
        self.peer, self.chunk = peer, chunk
        self.frames = Frames()
        self.owed = frame(_encode(_STATUS))
        self.writing = memoryview(b"")
        self.subscribed = self.gone = False

    def run(self) -> None:
        try:
            welcome(self.peer)
            self.peer.setblocking(False)
            while not self.gone:
                self._turn()
        except ConnectionError:
            pass  # A client that has seen enough just leaves.
        finally:
            self.peer.close()

    def _turn(self) -> None:
        if not self.writing:
            self.writing, self.owed = memoryview(self.owed), b""
        if not self.writing and self.subscribed:
            self.writing = memoryview(self.chunk)
        writers = [self.peer] if self.writing else []
        readable, writable, _ = select.select([self.peer], writers, [])
        if readable:
            self._read()
        if writable:
            self.writing = self.writing[self.peer.send(self.writing) :]

    def _read(self) -> None:
        received = self.peer.recv(1 << 16)
        self.gone = not received
        for opcode, payload in self.frames.feed(received):
            if opcode == TEXT:
                self._answer(json.loads(payload))
            elif opcode == PING:
                self.owed += frame(payload, PONG)
            elif opcode == CLOSE:
                self.owed += frame(payload, CLOSE)
                self.subscribed = False

    def _answer(self, request: dict[str, Any]) -> None:
        times = {"time_in": _STAMP, "time_out": _STAMP}
        if "req_id" in request:
            times["req_id"] = request["req_id"]
        if request["method"] == "ping":
            self.owed += frame(_encode({"method": "pong", **times}))
        elif request["method"] == "subscribe":
            for symbol in request["params"]["symbol"]:
                result = {"channel": "ticker", "symbol": symbol, "snapshot": True}
                reply = {"method": "subscribe", "success": True, "result": result, **times}
                self.owed += frame(_encode(reply))
            self.subscribed = True


def _encode(message: Any) -> bytes:
    return json.dumps(message).encode()


def main() -> None:
    chunk = b"".join(frame(ticker(number)) for number in range(_CHUNK))
    with socket.create_server(("127.0.0.1", 0)) as server:
        announce(server.getsockname()[1])
        while True:
            peer, _ = server.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Listener(peer, chunk).run, daemon=True).start()


if __name__ == "__main__":
    main()
