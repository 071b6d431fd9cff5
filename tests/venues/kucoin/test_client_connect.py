"""How our client gets connected to KuCoin, on either market: token, endpoint, intervals."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from clock import at
from venues.kucoin.desk import ALICE, Desk, futures
from venuewire.core.dialect import ClientDialect
from venuewire.core.errors import (
    AccessRefused,
    ConfigurationError,
    LocalProtocolError,
    UnreadableFrame,
)
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.messages import Accepted, Pong, Welcome
from venuewire.core.venue import ClientOptions, Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES, VENUES, wire

NOW = at(0)


def client(venue: Venue = KUCOIN, **options: Any) -> ClientDialect:
    return venue.client(ClientOptions(**options))


def private(**options: Any) -> ClientDialect:
    return client(credentials=ALICE.credentials, **options)


def grant(
    endpoint: str = "wss://ws-api-spot.kucoin.com/",
    interval: float = 18_000,
    timeout: float = 10_000,
    granted: str = "t0k3n",
) -> HttpReply:
    server = {
        "endpoint": endpoint,
        "encrypt": True,
        "protocol": "websocket",
        "pingInterval": interval,
        "pingTimeout": timeout,
    }
    granting = {"token": granted, "instanceServers": [server]}
    return body({"code": "200000", "data": granting})


def body(value: Any, status: int = 200, **headers: str) -> HttpReply:
    encoded = value if isinstance(value, bytes) else msgspec.json.encode(value)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpReply(status=status, body=encoded, headers=named)


@pytest.mark.parametrize(
    ("venue", "url"),
    [
        (KUCOIN, "https://api.kucoin.com/api/v1/bullet-public"),
        (KUCOIN_FUTURES, "https://api-futures.kucoin.com/api/v1/bullet-public"),
    ],
)
def test_a_token_is_asked_for_at_the_markets_own_base(venue: Venue, url: str) -> None:
    request = client(venue).bootstrap(NOW)
    assert request is not None
    assert (request.method, request.url, request.body) == ("POST", url, b"")
    assert not any(name.startswith("KC-") for name in request.headers)


def test_with_credentials_the_token_is_private_and_freshly_signed() -> None:
    dialect = private(url="http://127.0.0.1:9010/kucoin/")
    first, second = dialect.bootstrap(at(0)), dialect.bootstrap(at(1))
    assert first is not None
    assert second is not None
    assert first.url == "http://127.0.0.1:9010/kucoin/api/v1/bullet-private"
    assert first.headers["KC-API-KEY-VERSION"] == "3"
    assert first.headers["KC-API-SIGN"] != second.headers["KC-API-SIGN"]


def test_a_public_session_may_be_asked_for_despite_credentials() -> None:
    request = private(private=False).bootstrap(NOW)
    assert request is not None
    assert request.url.endswith("bullet-public")


def test_a_private_session_needs_credentials() -> None:
    with pytest.raises(ConfigurationError, match="credentials"):
        client(private=True)


@pytest.mark.parametrize("url", ["wss://ws-api-spot.kucoin.com", "api.kucoin.com"])
def test_the_url_is_an_http_base(url: str) -> None:
    with pytest.raises(ConfigurationError, match="HTTP base"):
        client(url=url)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("wss://ws-api-spot.kucoin.com/", "wss://ws-api-spot.kucoin.com/?token="),
        ("wss://ws-api-spot.kucoin.com", "wss://ws-api-spot.kucoin.com?token="),
        ("wss://push.kucoin.com/endpoint", "wss://push.kucoin.com/endpoint?token="),
        ("ws://127.0.0.1:1/?a=b", "ws://127.0.0.1:1/?a=b&token="),
    ],
)
def test_token_and_connect_id_are_added_to_the_endpoint(endpoint: str, url: str) -> None:
    request, _ = client(tag="my tag").dial(grant(endpoint, granted="a=/+&b"), 7, NOW)
    assert request.url == url + "a%3D%2F%2B%26b&connectId=my%20tag-7"


def test_nothing_is_sent_before_the_welcome() -> None:
    """ "The connection will only be available once the welcome message has been received" """
    _, profile = client().dial(grant(), 1, NOW)
    assert profile.welcomes
    assert not profile.challenges


def test_connect_ids_are_unique() -> None:
    """ "The connection ID is a unique value taken from the client side." """
    dialect = client()
    urls = {dialect.dial(grant(), link, NOW)[0].url for link in (1, 2)}
    assert len(urls) == 2


def test_the_first_server_is_taken() -> None:
    reply = msgspec.json.decode(grant().body)
    other = dict(reply["data"]["instanceServers"][0], endpoint="wss://other.kucoin.com/")
    reply["data"]["instanceServers"].append(other)
    assert "//ws-api-spot." in client().dial(body(reply), 1, NOW)[0].url


@pytest.mark.parametrize(
    ("interval", "wanted", "chosen"),
    [
        (18_000, None, 9.0),
        (18_000, 12.0, 12.0),
        (18_000, 17.0, 17.0),
        (18_000, 18.0, 17.0),
        (18_000, 0.5, 0.5),
        (50_000, None, 9.0),
        (6_000, None, 5.0),
        (1_000, None, 0.5),
        (18, None, 0.009),
    ],
)
def test_the_ping_interval_is_in_milliseconds_and_never_late(
    interval: int, wanted: float | None, chosen: float
) -> None:
    """ "Send heartbeats at or before pingInterval." """
    _, profile = client(ping_interval=wanted).dial(grant(interval=interval), 1, NOW)
    assert profile.liveness.ping_interval == pytest.approx(chosen)


@pytest.mark.parametrize("wanted", [0.0, -1.0, 18.1, float("nan")])
def test_a_ping_interval_the_venue_forbids_is_refused(wanted: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"{wanted:g} s .* 18 s"):
        client(ping_interval=wanted).dial(grant(), 1, NOW)


def test_the_ping_timeout_is_the_venues() -> None:
    _, profile = client(silence_timeout=30.0).dial(grant(timeout=7_500), 1, NOW)
    assert profile.liveness.ping_timeout == 7.5
    assert profile.liveness.silence_timeout == 30.0


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("code", ["400001", "400003", "400005", "400009"])
def test_refused_credentials_are_known_by_the_code(status: int, code: str) -> None:
    with pytest.raises(AccessRefused, match=f"{code} no") as refused:
        client().dial(body({"code": code, "msg": "no"}, status), 1, NOW)
    assert refused.value.auth


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (body({"code": "429000", "msg": "slow down"}, 429, retry_after="7"), 7.0),
        (body({"code": "429000", "msg": "slow down"}, 200), None),
        (body({"code": "429000"}, 429, gw_ratelimit_reset="1500"), 1.5),
        (body({"code": "429000"}, 429, gw_ratelimit_reset="soon"), None),
        (body(b"<html>", 429, retry_after="3"), 3.0),
        (body(b"<html>", 503, retry_after="30"), 30.0),
        (body(b"<html>", 502), None),
        (body({"code": "500000", "msg": "internal"}, 500), None),
        (body({"code": "40000", "msg": "what"}, 400), None),
    ],
)
def test_other_refusals_do_not_blame_the_credentials(reply: HttpReply, wait: float | None) -> None:
    with pytest.raises(AccessRefused) as refused:
        client().dial(reply, 1, NOW)
    assert not refused.value.auth
    assert refused.value.retry_after == wait


@pytest.mark.parametrize(
    "reply",
    [
        None,
        body(b""),
        body(b"<html>"),
        body(b"[" * 100_000),
        body({"code": 200000}),
        body({"code": "200000"}),
        body({"code": "200000", "data": {"token": "t", "instanceServers": []}}),
        grant("https://ws-api-spot.kucoin.com"),
        grant(interval=0),
        grant(timeout=-1),
    ],
)
def test_a_reply_that_makes_no_sense_is_unreadable(reply: HttpReply | None) -> None:
    with pytest.raises(UnreadableFrame):
        client().dial(reply, 1, NOW)


def test_no_repr_shows_a_token() -> None:
    granted = wire.read_token_reply(grant(granted="hush").body)
    assert "hush" not in repr(granted)


def test_no_error_quotes_a_token() -> None:
    with pytest.raises(UnreadableFrame) as error:
        client().dial(body(b'{"code":"200000","data":{"token":"hush"'), 1, NOW)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("secret", [True, False])
def test_client_and_local_venue_agree(venue: Venue, secret: bool) -> None:
    desk = Desk() if venue is KUCOIN else futures()
    url = f"http://127.0.0.1:9010{venue.endpoint}"
    dialect = client(venue, url=url, credentials=ALICE.credentials if secret else None)
    wanted = dialect.bootstrap(desk.clock())
    assert wanted is not None
    asked = HttpRequest(
        method=wanted.method,
        url=urlsplit(wanted.url).path,
        headers={
            "host": "127.0.0.1:9010",
            **{name.lower(): text for name, text in wanted.headers.items()},
        },
        body=wanted.body,
    )
    door = "token-private" if secret else "token-public"
    assert asked.url in {each.local for each in venue.doors if each.name == door}
    upgrade, _ = dialect.dial(desk.post(asked, door), 1, desk.clock())
    parts = urlsplit(upgrade.url)
    assert parts.path in {each.local for each in venue.doors if each.kind == "websocket"}
    assert parse_qs(parts.query)["connectId"] == ["venuewire-1"]
    caller = desk.upgrade(parts.query)
    (welcome,) = caller.raw()
    assert dialect.decode(welcome, NOW) == Welcome()
    for channel in venue.watched if secret else venue.watched[:1]:
        (topic,) = dialect.topics(channel, {})
        (answer,) = caller.send(dialect.subscribe([topic], 5, NOW).decode())
        assert dialect.decode(msgspec.json.encode(answer), NOW) == Accepted(5)
    pong = caller.send((dialect.ping(6, NOW) or b"").decode())
    assert dialect.decode(msgspec.json.encode(pong[0]), NOW) == Pong(6)


def test_there_is_no_challenge() -> None:
    with pytest.raises(LocalProtocolError):
        client().challenge(NOW)
    with pytest.raises(LocalProtocolError):
        client().prove("challenge")
