"""The documentation's own examples of Kraken Spot, held against both halves of the dialect.

Law: a golden frame is what the page shows, copied; neither half may change a key, an order or a
digit of it.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from venuewire.core.http import HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.messages import Heartbeat, Pong, Welcome
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import KRAKEN_SPOT

FRAMES = Path(__file__).parent / "kraken_spot"
START = Instant(0.0, 1.0)


def golden(name: str) -> Any:
    return msgspec.json.decode((FRAMES / f"{name}.json").read_bytes())


def compact(frame: Any) -> bytes:
    return msgspec.json.encode(frame)


def moment(stamp: str) -> Instant:
    return Instant(0.0, datetime.fromisoformat(stamp).timestamp())


def opened(edition: Edition, clock: Iterator[Instant], rng: Random) -> ServerSession:
    floor = KRAKEN_SPOT.floor(KRAKEN_SPOT.terms(edition), (), lambda: next(clock), rng)
    session = floor.admit("public", HttpRequest(method="GET", url="/v2"), START)
    assert isinstance(session, ServerSession)
    session.open(START)
    return session


@pytest.mark.parametrize("edition", ["documented", "observed"])
def test_the_venue_answers_the_request_with_the_response(edition: Edition) -> None:
    example = golden("ping")
    sent = moment(example["response"]["time_out"])
    session = opened(edition, iter([sent, sent]), Random(0))
    session.outbox.clear()
    for _ in range(2):
        session.receive(compact(example["request"]), moment(example["response"]["time_in"]))
    assert session.outbox == [compact(example["response"])] * 2


def test_the_client_sends_the_request_and_understands_the_response() -> None:
    example, client = golden("ping"), KRAKEN_SPOT.client(ClientOptions())
    assert client.ping(101, START) == compact(example["request"])
    assert client.decode(compact(example["response"]), START) == Pong(101)


def test_the_request_may_be_written_as_the_page_writes_it() -> None:
    session = opened("documented", iter([START]), Random(0))
    session.outbox.clear()
    session.receive(b'{\n    "method": "ping",\n    "req_id": 101\n}', START)
    assert b'"req_id":101,' in session.outbox[0]


class Drawn(Random):
    """Draws the connection id of the page's example."""

    def getrandbits(self, k: int, /) -> int:
        bits: int = golden("status")["message"]["data"][0]["connection_id"] % 2**k
        return bits


def test_the_venue_greets_with_the_status_of_the_page() -> None:
    session = opened("documented", iter(()), Drawn())
    assert session.outbox == [compact(golden("status")["message"])]


def test_the_client_understands_status_and_heartbeat() -> None:
    client = KRAKEN_SPOT.client(ClientOptions())
    assert client.decode(compact(golden("status")["message"]), START) == Welcome()
    assert client.decode(compact(golden("heartbeat")["message"]), START) == Heartbeat()


def test_the_venue_sends_the_heartbeat_of_the_page() -> None:
    session = opened("documented", iter([START]), Random(0))
    wish = {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}
    session.receive(compact(wish), START)
    session.outbox.clear()
    session.wake(Instant(1.0, 2.0))
    assert session.outbox == [compact(golden("heartbeat")["message"])]
