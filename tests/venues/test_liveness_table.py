"""The table of ARCHITECTURE.md, which says by which bounds each venue's links are judged, and what
the dialects do by default: liveness is on without being asked for."""

import re
from pathlib import Path

import pytest

from clock import at
from venuewire.core.http import HttpReply
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.venue import ClientOptions
from venuewire.venues import venue

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
GRANT = HttpReply(
    status=200,
    body=b'{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"wss://e.kucoin.com/",'
    b'"encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}',
)
BY_DEFAULT = {
    "kraken-spot": LivenessPolicy(
        ping_interval=30.0, ping_timeout=3.0, silence_timeout=3.0, silence_while_subscribed=True
    ),
    "kraken-futures": LivenessPolicy(
        ping_interval=20.0, ping_timeout=5.0, silence_timeout=60.0, silence_beats=3.0
    ),
    "kraken-prime": LivenessPolicy(ping_interval=10.0, ping_timeout=5.0),
    "kucoin": LivenessPolicy(ping_interval=9.0, ping_timeout=10.0),
    "kucoin-futures": LivenessPolicy(ping_interval=9.0, ping_timeout=10.0),
}
IN_THE_TABLE = {
    "kraken-spot": [30, 3, 3],
    "kraken-futures": [20, 3, 5],
    "kraken-prime": [10, 5, 5],
    "kucoin": [9],
}
"""The row's numbers, in their order."""


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_links_are_judged_by_default(name: str) -> None:
    dialect = venue(name).client(ClientOptions(private=False))
    _, profile = dialect.dial(GRANT, 1, at(0))
    assert profile.liveness == BY_DEFAULT[name]


@pytest.mark.parametrize("name", IN_THE_TABLE)
def test_the_table_says_so(name: str) -> None:
    [row] = re.findall(rf"^\| {name} \|(.*)$", ARCHITECTURE.read_text(), re.MULTILINE)
    assert [int(number) for number in re.findall(r"\d+", row)] == IN_THE_TABLE[name]
