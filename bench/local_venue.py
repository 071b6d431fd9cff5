"""The local venue as a measured process: all venues on one port, all limits on (`venue.toml`)."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from bench.measure import Server, serving

_CONFIG = Path(__file__).parent / "venue.toml"
_RUN = "import sys; from venuewire.cli import main; sys.exit(main())"
COMMAND = (
    *(sys.executable, "-c", _RUN, "serve", "--listen", "127.0.0.1:0"),
    *("--json", "--config", str(_CONFIG)),
)


@contextmanager
def local_venue(core: int, *more: str) -> Iterator[Server]:
    """`more` is added to the command line."""
    with serving((*COMMAND, *more), core) as server:
        yield server


def target(server: Server, venue: str) -> str:
    """What an upgrade request to a venue asks for; at KuCoin with a fresh token."""
    endpoint = str(server.told["endpoints"][venue])
    path = urlsplit(endpoint).path
    if not endpoint.startswith("http"):
        return path
    token = post(f"{endpoint}/api/v1/bullet-public")["data"]["token"]
    return f"{path}/?token={token}&connectId=bench"


def post(url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """The JSON of the answer; `body` is JSON too, unless it is bytes."""
    sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    told = {"Content-Type": "application/json"} | (headers or {})
    with urlopen(Request(url, sent, told), timeout=10) as answer:  # noqa: S310 - our own
        return json.load(answer)
