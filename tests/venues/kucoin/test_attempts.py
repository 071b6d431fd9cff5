"""What two attempts to connect share, which is nothing; and which of two answers counts."""

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from clock import at
from venues.kucoin.desk import Desk, asking, refusal
from venuewire.core.errors import AccessRefused
from venuewire.core.http import HttpReply
from venuewire.core.venue import ClientOptions
from venuewire.venues.kucoin import KUCOIN


def grant(token: str, status: int = 200, code: str = "200000") -> HttpReply:
    server = {
        "endpoint": "wss://ws-api-spot.kucoin.com/",
        "pingInterval": 18_000,
        "pingTimeout": 10_000,
    }
    reply = {"code": code, "data": {"token": token, "instanceServers": [server]}}
    return HttpReply(status=status, body=msgspec.json.encode(reply))


def test_each_dial_shows_the_token_it_was_granted() -> None:
    client = KUCOIN.client(ClientOptions())
    for link, token in enumerate(("first", "second"), 1):
        request, _ = client.dial(grant(token), link, at(link))
        assert parse_qs(urlsplit(request.url).query)["token"] == [token]


def test_code_comes_before_the_http_status() -> None:
    client = KUCOIN.client(ClientOptions())
    request, _ = client.dial(grant("t0k3n", status=403), 1, at(0))
    assert "token=t0k3n" in request.url
    with pytest.raises(AccessRefused):
        client.dial(grant("t0k3n", status=200, code="400003"), 2, at(0))


def test_an_error_comes_without_being_asked_for(desk: Desk) -> None:
    """ "response" asks for an ack; an error always comes, when giving up too."""
    caller = desk.enter()
    for response in (True, False):
        request = asking("/market/ticker:btc", type="unsubscribe", response=response)
        (said,) = caller.send(request)
        assert said == refusal(400, said["data"])
    assert caller.send(asking(type="unsubscribe", response=False)) == []
