"""What a server of this folder prints when it listens: the line `bench.measure` waits for; and its
TLS, where it is told a certificate and a key.
"""

import json
import ssl
import sys


def announce(port: int) -> None:
    print(json.dumps({"event": "ready", "url": f"ws://127.0.0.1:{port}/"}), flush=True)


def security() -> ssl.SSLContext | None:
    """None without arguments on the command line."""
    if len(sys.argv) == 1:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    return context
