"""Our client and our venue, frame by frame, in both editions: each accepts what the other says."""

import json

import pytest

from caller import Caller, call
from venues.kraken_prime.prime import ALICE, local_venue
from venuewire.core.dialect import ClientDialect
from venuewire.core.floor import Publication
from venuewire.core.http import HttpRequest
from venuewire.core.messages import FirstMessage, Message, Pong, Refused, Reply, Welcome
from venuewire.core.terms import Edition
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_prime import KRAKEN_PRIME

URLS = [
    None,
    "ws://127.0.0.1:9010/kraken-prime/ws/v1",
    "ws://[::1]:9010/kraken-prime/ws/v1",
    "wss://wss.sandbox.prime.kraken.com/ws/v1",
]


def connect(edition: Edition, url: str | None) -> tuple[ClientDialect, Caller]:
    floor, clock = local_venue(edition)
    client = KRAKEN_PRIME.client(ClientOptions(credentials=ALICE.credentials, url=url))
    clock.seconds = 0.9
    request, _ = client.dial(None, 1, clock())
    headers = {name.lower(): value for name, value in request.headers.items()}
    place, _, path = request.url.partition("//")[2].partition("/")
    received = HttpRequest(method="GET", url=f"/{path}", headers={**headers, "host": place})
    return client, call(floor, clock, "public", received)


def exchange(client: ClientDialect, caller: Caller, frame: bytes | None = None) -> list[Reply]:
    if frame is not None:
        caller.session.receive(frame, caller.clock())
    return [client.decode(said, caller.clock()) for said in caller.raw()]


@pytest.mark.parametrize("url", URLS)
def test_the_client_is_let_in_wherever_the_venue_stands(edition: Edition, url: str | None) -> None:
    client, caller = connect(edition, url)
    assert exchange(client, caller) == [Welcome()]


def test_a_ping_is_answered_by_its_pong(edition: Edition) -> None:
    client, caller = connect(edition, None)
    exchange(client, caller)
    assert exchange(client, caller, client.ping(1, caller.clock())) == [Pong(1)]


@pytest.mark.parametrize("channel", KRAKEN_PRIME.watched)
def test_a_watched_channel_from_first_message_to_cancel(edition: Edition, channel: str) -> None:
    client, caller = connect(edition, None)
    exchange(client, caller)
    topics, now = client.topics(channel, {"Depth": 1}), caller.clock()
    [first] = exchange(client, caller, client.subscribe(topics, 1, now))
    assert isinstance(first, FirstMessage)
    assert (first.id, first.message.sequence) == (1, 1)
    assert first.message.data

    publication = Publication(channel=channel, payload=b'[{"N":"1"}]')
    caller.floor.publish(publication, now)
    [update] = exchange(client, caller)
    assert isinstance(update, Message)
    assert (update.channel, update.sequence, update.data) == (channel, 2, [{"N": "1"}])

    assert exchange(client, caller, client.unsubscribe(topics, 2, now)) == []
    assert caller.floor.publish(publication, now) == 0


def test_a_refusal_names_its_request(edition: Edition) -> None:
    client, caller = connect(edition, None)
    exchange(client, caller)
    [refused] = exchange(client, caller, json.dumps({"reqid": 9, "type": "cancel"}).encode())
    assert isinstance(refused, Refused)
    assert refused.id == 9
    assert refused.code is not None
    assert refused.code >= 1000
