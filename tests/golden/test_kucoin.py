"""KuCoin against the documentation's own frames, on both sides.

The frames are copies of the page named in each file. Nothing here knows how the library spells
them: it is held to these.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from caller import Caller, call, floor_of
from clock import EPOCH
from venuewire.core.dialect import ClientDialect
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.messages import Accepted, Pong, Welcome
from venuewire.core.terms import Edition
from venuewire.core.venue import ClientOptions, Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES

FRAMES = Path(__file__).parent / "kucoin"
CONNECT_ID = "hQvf8jkno"
NOW = Instant(0.0, EPOCH)

Market = Literal["spot", "futures"]
VENUES: dict[Market, Venue] = {"spot": KUCOIN, "futures": KUCOIN_FUTURES}
BOTH: list[Market] = ["spot", "futures"]


def golden(name: str) -> dict[str, Any]:
    frames: dict[str, Any] = msgspec.json.decode((FRAMES / f"{name}.json").read_bytes())
    return frames


def welcomed(venue: Venue, edition: Edition = "documented") -> Caller:
    """A session at the local venue, its welcome not yet read."""
    floor, clock = floor_of(venue, edition=edition)
    asked = HttpRequest(method="POST", url=f"{venue.endpoint}/api/v1/bullet-public")
    granted = msgspec.json.decode(floor.answer("token-public", asked, clock()).body)["data"]
    query = golden("welcome")["query"].replace("xxxxx", CONNECT_ID)
    query = query.replace("xxx", granted["token"])
    upgrade = HttpRequest(method="GET", url=f"{venue.endpoint}/?{query}")
    return call(floor, clock, "session", upgrade)


def ready(venue: Venue) -> Caller:
    caller = welcomed(venue)
    caller.heard()
    return caller


def client(venue: Venue = KUCOIN) -> ClientDialect:
    return venue.client(ClientOptions())


def read(frame: Any, venue: Venue = KUCOIN) -> Any:
    return client(venue).decode(msgspec.json.encode(frame), NOW)


@pytest.mark.parametrize("market", BOTH)
@pytest.mark.parametrize("edition", ["documented", "observed"])
def test_the_venue_welcomes(market: Market, edition: Edition) -> None:
    assert welcomed(VENUES[market], edition).heard() == [golden("welcome")["welcome"]]


def test_the_client_understands_the_welcome() -> None:
    assert read(golden("welcome")["welcome"]) == Welcome()


@pytest.mark.parametrize("market", BOTH)
def test_the_venue_answers_the_ping(market: Market) -> None:
    caller, frames = ready(VENUES[market]), golden("heartbeat")
    stamp = frames["pong"]["timestamp"]
    caller.clock.seconds = stamp / 1e6 - EPOCH
    (pong,) = caller.send(frames["ping"])
    assert list(pong) == list(frames["pong"])
    assert pong["timestamp"] == pytest.approx(stamp, abs=2)
    assert pong == {**frames["pong"], "timestamp": pong["timestamp"]}


def test_the_client_understands_the_pong() -> None:
    assert read(golden("heartbeat")["pong"]) == Pong(1545910590801)


def test_the_client_pings_as_documented() -> None:
    frame = client().ping(1545910590801, NOW)
    assert frame is not None
    assert msgspec.json.decode(frame) == golden("heartbeat")["ping"]


def test_the_documented_seconds_are_milliseconds_on_the_wire() -> None:
    frames = golden("heartbeat")
    floor, clock = floor_of(KUCOIN)
    asked = HttpRequest(method="POST", url="/kucoin/api/v1/bullet-public")
    reply = floor.answer("token-public", asked, clock())
    (server,) = msgspec.json.decode(reply.body)["data"]["instanceServers"]
    for name in ("pingInterval", "pingTimeout"):
        assert server[name] == frames[name] * 1000
    _, profile = client().dial(HttpReply(status=200, body=reply.body), 1, NOW)
    assert profile.liveness.ping_timeout == frames["pingTimeout"]


@pytest.mark.parametrize("market", BOTH)
@pytest.mark.parametrize("name", ["subscribe", "unsubscribe"])
def test_the_venue_acknowledges(market: Market, name: str) -> None:
    frames = golden(name)
    assert ready(VENUES[market]).send(frames[market]) == [frames["ack"]]


@pytest.mark.parametrize("market", BOTH)
@pytest.mark.parametrize("name", ["subscribe", "unsubscribe"])
def test_the_client_asks_as_documented(market: Market, name: str) -> None:
    """With a text as id, where the page has once a number and once a text."""
    asked = golden(name)[market]
    dialect = client(VENUES[market])
    (batch,) = dialect.batches(dialect.topics(asked["topic"], {}))
    speak = dialect.subscribe if name == "subscribe" else dialect.unsubscribe
    frame = msgspec.json.decode(speak(batch, int(asked["id"]), NOW))
    assert frame == {**asked, "id": str(asked["id"])}


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe"])
def test_the_client_understands_the_ack(name: str) -> None:
    ack = golden(name)["ack"]
    assert read(ack) == Accepted(int(ack["id"]))
