"""Kraken Futures against the documentation's own frames, on both sides.

The frames are copies of the pages named in each file. Nothing here knows how the library spells
them: it is held to these.
"""

from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from caller import Caller, call
from clock import VirtualClock
from venuewire.core.floor import Note
from venuewire.core.http import HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.messages import Announced, Challenge, Heartbeat, Refused, Subscribed
from venuewire.core.secrets import Account, Credentials
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures import KRAKEN_FUTURES
from venuewire.venues.kraken_futures.floor import KrakenFuturesFloor

FRAMES = Path(__file__).parent / "kraken_futures"
VECTOR = msgspec.json.decode((FRAMES / "challenge.json").read_bytes())["vector"]
KEY = "CMl2SeSn09Tz+2tWuzPiPUjaXEQRGq6qv5UaexXuQ3SnahDQU/gO3aT+"
CREDENTIALS = Credentials(KEY, VECTOR["api_secret"])
NOW = Instant(0.0, 1_534_262_349.627)


def golden(page: str) -> dict[str, Any]:
    frames: dict[str, Any] = msgspec.json.decode((FRAMES / f"{page}.json").read_bytes())
    return frames


class DocumentedRandom(Random):
    """Draws the challenge of the documentation's example."""

    text = golden("challenge")["success"]["message"]

    def getrandbits(self, k: int, /) -> int:
        return UUID(self.text).int


class VectorRandom(DocumentedRandom):
    """Draws the challenge of the public signature vector."""

    text = VECTOR["challenge"]


class EarlierClock(VirtualClock):
    """Begins one second before the documentation's heartbeat."""

    def __call__(self) -> Instant:
        return Instant(self.seconds, NOW.realtime + self.seconds)


def venue(rng: Random, **terms: Any) -> tuple[KrakenFuturesFloor, Caller]:
    clock = EarlierClock()
    chosen = replace(KRAKEN_FUTURES.terms("documented"), **terms)
    floor = KRAKEN_FUTURES.floor(chosen, [Account("alice", CREDENTIALS)], clock, rng)
    assert isinstance(floor, KrakenFuturesFloor)
    caller = call(floor, clock, "public", HttpRequest(method="GET", url="/ws/v1"))
    assert caller.heard() == [{"event": "info", "version": 1}]
    return floor, caller


def client() -> Any:
    dialect = KRAKEN_FUTURES.client(ClientOptions(credentials=CREDENTIALS))
    dialect.dial(None, 1, NOW)
    return dialect


def spoken(frame: bytes) -> Any:
    return msgspec.json.decode(frame)


def heard(frame: Any) -> Any:
    return client().decode(msgspec.json.encode(frame), NOW)


def test_the_venue_speaks_the_heartbeat_page() -> None:
    frames = golden("heartbeat")
    _, caller = venue(Random(0))
    assert caller.send(frames["request"]) == [frames["success"]]
    assert caller.wait(1.0) == [frames["snapshot"]]
    assert caller.send("{") == [frames["error"]]


def test_the_client_speaks_the_heartbeat_page() -> None:
    frames, dialect = golden("heartbeat"), client()
    [topic] = dialect.topics("heartbeat", {})
    assert spoken(dialect.subscribe([topic], 1, NOW)) == frames["request"]
    assert heard(frames["success"]) == Subscribed(channels=("heartbeat",))
    heartbeat = heard(frames["snapshot"])
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.message is not None
    assert heartbeat.message.data == frames["snapshot"]
    assert heard(frames["error"]) == Refused("Json Error")


def test_the_venue_speaks_the_challenge_page() -> None:
    frames = golden("challenge")
    _, caller = venue(DocumentedRandom())
    assert caller.send(frames["request"]) == [frames["success"]]
    assert caller.send({"event": "challenge"}) == [frames["error"]]


def test_the_client_speaks_the_challenge_page() -> None:
    frames = golden("challenge")
    assert spoken(client().challenge(NOW)) == frames["request"]
    assert heard(frames["success"]) == Challenge(frames["success"]["message"])


def test_the_public_signature_vector_logs_in() -> None:
    _, caller = venue(VectorRandom())
    caller.send({"event": "challenge", "api_key": KEY})
    request = golden("notifications")["request"] | {
        "original_challenge": VECTOR["challenge"],
        "signed_challenge": VECTOR["signed_challenge"],
    }
    assert caller.send(request)[0]["event"] == "subscribed"


def test_the_client_signs_the_public_vector() -> None:
    dialect = client()
    dialect.prove(VECTOR["challenge"])
    [topic] = dialect.topics("notifications_auth", {})
    for event in ("subscribe", "unsubscribe"):
        assert spoken(getattr(dialect, event)([topic], 1, NOW)) == {
            "event": event,
            "feed": "notifications_auth",
            "api_key": KEY,
            "original_challenge": VECTOR["challenge"],
            "signed_challenge": VECTOR["signed_challenge"],
        }


def signed(frame: dict[str, Any], dialect: Any) -> dict[str, Any]:
    """The example's frame with our signature: the example's secret is not published."""
    dialect.prove(frame["original_challenge"])
    own = spoken(dialect.subscribe(dialect.topics("notifications_auth", {}), 1, NOW))
    return {**frame, "signed_challenge": own["signed_challenge"]}


def test_the_venue_speaks_the_notifications_page() -> None:
    frames, dialect = golden("notifications"), client()
    floor, caller = venue(DocumentedRandom(), max_notifications=1)
    [told] = frames["snapshot"]["notifications"]
    note = {name: value for name, value in told.items() if name != "id"}
    for _ in range(told["id"]):
        floor.notify(Note(**note), NOW)
    caller.send(golden("challenge")["request"])
    answer = caller.send(signed(frames["request"], dialect))
    assert answer == [signed(frames["success"], dialect), frames["snapshot"]]
    assert caller.send({"event": "subscribe", "feed": "notification"}) == [frames["error"]]


def test_the_client_speaks_the_notifications_page() -> None:
    frames, dialect = golden("notifications"), client()
    dialect.prove(frames["request"]["original_challenge"])
    said = spoken(dialect.subscribe(dialect.topics("notifications_auth", {}), 1, NOW))
    assert said == signed(frames["request"], client())
    assert heard(frames["success"]) == Subscribed(channels=("notifications_auth",))
    assert heard(frames["error"]) == Refused("Invalid feed")
    announced = heard(frames["snapshot"])
    assert isinstance(announced, Announced)
    assert announced.outages == ()
    message = announced.message
    assert message is not None
    assert (message.channel, message.data) == ("notifications_auth", frames["snapshot"])


@pytest.mark.parametrize("page", ["heartbeat", "notifications", "challenge"])
def test_every_page_is_named(page: str) -> None:
    assert golden(page)["source"].startswith("https://docs.kraken.com/")
