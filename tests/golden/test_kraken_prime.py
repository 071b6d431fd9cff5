"""Both ends of Kraken Prime are held to every example of its page, letter by letter.

Equal means: the same members with the same values, in the same order.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from caller import Caller, call, floor_of
from clock import EPOCH, at
from venuewire.core.http import HttpRequest
from venuewire.core.messages import Pong, Refused
from venuewire.core.secrets import Account
from venuewire.core.terms import Edition
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_prime import KRAKEN_PRIME

SENT = 1_705_123_052.0 - EPOCH
"""2024-01-13T05:17:32Z, when the examples are sent."""
ANSWERED = SENT + 0.002_500_5
"""When they are answered; the half microsecond survives a float."""

FOLDER = Path(__file__).parent / "kraken_prime"


def example(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())["frame"]


def members(frame: Any) -> Any:
    """The frame with the order of its members made visible."""
    if isinstance(frame, dict):
        return [(key, members(value)) for key, value in frame.items()]
    return [members(value) for value in frame] if isinstance(frame, list) else frame


def caller_at(edition: Edition, seconds: float) -> Caller:
    demo = KRAKEN_PRIME.demo
    floor, clock = floor_of(KRAKEN_PRIME, Account("demo", demo), edition=edition)
    clock.seconds = seconds
    client = KRAKEN_PRIME.client(ClientOptions(credentials=demo))
    request, _ = client.dial(None, 1, clock())
    headers = {name.lower(): value for name, value in request.headers.items()}
    caller = call(floor, clock, "public", HttpRequest(method="GET", url="/ws/v1", headers=headers))
    caller.raw()
    return caller


@pytest.mark.parametrize("edition", ["documented", "observed"])
@pytest.mark.parametrize(
    ("request_name", "answer_name"),
    [("ping", "pong"), ("ping_without_data", "missing_ping_data")],
)
def test_the_venue_answers_as_in_the_examples(
    edition: Edition, request_name: str, answer_name: str
) -> None:
    caller = caller_at(edition, ANSWERED)
    [answer] = caller.send(example(request_name))
    assert members(answer) == members(example(answer_name))


@pytest.mark.parametrize("edition", ["documented", "observed"])
def test_if_data_is_an_empty_array_the_same_error_is_returned(edition: Edition) -> None:
    caller = caller_at(edition, ANSWERED)
    [answer] = caller.send({**example("ping_without_data"), "data": []})
    assert members(answer) == members(example("missing_ping_data"))


def test_the_client_pings_as_in_the_example() -> None:
    client = KRAKEN_PRIME.client(ClientOptions())
    frame = client.ping(2, at(SENT))
    assert frame is not None
    assert members(json.loads(frame)) == members(example("ping"))


def test_the_client_understands_the_example_answers() -> None:
    client = KRAKEN_PRIME.client(ClientOptions())
    pong, error = (json.dumps(example(name)).encode() for name in ("pong", "missing_ping_data"))
    assert client.decode(pong, at(0)) == Pong(2)
    assert client.decode(error, at(0)) == Refused("missing Ping data", id=2, code=1)


def test_every_example_is_used() -> None:
    used = {"ping", "pong", "ping_without_data", "missing_ping_data"}
    assert {path.stem for path in FOLDER.glob("*.json")} == used
