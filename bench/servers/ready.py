"""What a server of this folder prints when it listens: the line `bench.measure` waits for."""

import json


def announce(port: int) -> None:
    print(json.dumps({"event": "ready", "url": f"ws://127.0.0.1:{port}/"}), flush=True)
