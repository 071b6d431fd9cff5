"""Getting in: the three headers, whom each edition believes, and the greeting."""

import re
from typing import Any

import msgspec
import pytest

from caller import Caller, call, knock
from clock import VirtualClock
from venues.kraken_prime.prime import (
    ALICE,
    BOB,
    NOW,
    cancel,
    headers,
    join,
    local_venue,
    ping,
    subscribe,
    upgrade,
)
from venuewire.core.errors import ConfigurationError
from venuewire.core.floor import Floor
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition, Terms
from venuewire.venues.kraken_prime import KRAKEN_PRIME
from venuewire.venues.kraken_prime.floor import KrakenPrimeFloor
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms


def refused(floor: Floor, clock: VirtualClock, named: dict[str, str]) -> str:
    """The cause, of an upgrade that must be refused."""
    reply = knock(floor, clock, "public", upgrade(named))
    assert isinstance(reply, HttpReply)
    assert reply.status == 401
    assert reply.headers["content-type"] == "application/json"
    body = msgspec.json.decode(reply.body)
    assert list(body) == ["error"]
    assert not floor.sessions
    return str(body["error"])


def admitted(floor: Floor, clock: VirtualClock, named: dict[str, str]) -> Caller:
    return call(floor, clock, "public", upgrade(named))


def test_hello_comes_first_unasked(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    [hello] = admitted(floor, clock, headers()).heard()
    assert list(hello) == ["type", "ts", "session_id"]
    assert (hello["type"], hello["ts"]) == ("hello", NOW)
    assert re.fullmatch(r"[A-Z0-9]{13}", hello["session_id"])


def test_session_ids_differ(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    ids = [admitted(floor, clock, headers()).heard()[0]["session_id"] for _ in range(20)]
    assert len(set(ids)) == 20


def test_documented_admits_an_upgrade_without_headers_as_anonymous() -> None:
    floor, clock = local_venue("documented")
    caller = join(floor, clock, account=None)
    assert caller.send(ping())[0]["type"] == "Pong"
    assert caller.send(subscribe(3, "MarketDataSnapshot:BTC-USD"))[0]["initial"] is True
    [answer] = caller.send(subscribe(4, "Order"))
    assert answer["error"]["code"] >= 1000
    assert caller.closed is None


def test_observed_requires_headers_always() -> None:
    assert "required" in refused(*local_venue("observed"), {})


@pytest.mark.parametrize("missing", ["apikey", "apisign", "apitimestamp"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_some_headers_but_not_all_are_refused(edition: Edition, missing: str, how: str) -> None:
    named = headers()
    named[missing] = ""
    if how == "absent":
        del named[missing]
    assert "required" in refused(*local_venue(edition), named)


def test_an_unknown_key_is_refused(edition: Edition) -> None:
    stranger = Account("mallory", Credentials("mallory-key", "not-a-real-secret"))
    assert "ApiKey" in refused(*local_venue(edition), headers(stranger))


@pytest.mark.parametrize("signature", ["AAAA", "***", "é", "\udcff", "-_-_"])
def test_a_wrong_signature_is_refused(edition: Edition, signature: str) -> None:
    named = {**headers(), "apisign": signature}
    assert "ApiSign" in refused(*local_venue(edition), named)


def test_another_accounts_signature_is_refused(edition: Edition) -> None:
    named = {**headers(BOB), "apikey": ALICE.credentials.api_key}
    assert "ApiSign" in refused(*local_venue(edition), named)


def test_no_refusal_contains_a_secret_or_a_signature(edition: Edition) -> None:
    named = {**headers(BOB), "apikey": ALICE.credentials.api_key}
    cause = refused(*local_venue(edition), named)
    assert named["apisign"] not in cause
    assert ALICE.credentials.api_secret not in cause


@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_timestamp_within_the_window_is_accepted(edition: Edition, seconds: int) -> None:
    floor, clock = local_venue(edition)
    clock.seconds = seconds
    admitted(floor, clock, headers())


@pytest.mark.parametrize("seconds", [-31, 31])
def test_a_timestamp_outside_the_window_is_refused(edition: Edition, seconds: int) -> None:
    floor, clock = local_venue(edition)
    clock.seconds = seconds
    assert "30 s" in refused(floor, clock, headers())


def test_the_window_is_a_setting() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(timestamp_window=5.0))
    clock.seconds = 6
    assert "5 s" in refused(floor, clock, headers())


@pytest.mark.parametrize("digits", range(10))
def test_a_timestamp_may_have_0_to_9_fractional_digits(edition: Edition, digits: int) -> None:
    fraction = "." + "1" * digits if digits else ""
    stamp = f"2023-11-14T22:13:20{fraction}Z"
    admitted(*local_venue(edition), headers(timestamp=stamp))


@pytest.mark.parametrize(
    "stamp",
    [
        "now",
        "1700000000",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.0000000000Z",
        "2023-11-14T22:13:20+00:00",
        "2023-11-14 22:13:20Z",
        "2023-02-30T22:13:20Z",
        "2023-11-14T25:13:20Z",
        "0000-11-14T22:13:20Z",
        "2023-11-14T22:13:20.000000Z\n",
        "\u0662\u0660\u0662\u0663-11-14T22:13:20Z",
    ],
)
def test_an_unreadable_timestamp_is_refused(edition: Edition, stamp: str) -> None:
    assert "form" in refused(*local_venue(edition), headers(timestamp=stamp))


@pytest.mark.parametrize("fault", ["key", "timestamp"])
def test_documented_refuses_bad_headers_rather_than_taking_them_for_anonymous(fault: str) -> None:
    named = {**headers(), f"api{fault}": "wrong"}
    refused(*local_venue("documented"), named)


@pytest.mark.parametrize(
    ("host", "signed"),
    [
        ("wss.prime.kraken.com", "wss.prime.kraken.com"),
        ("wss.sandbox.prime.kraken.com", "wss.sandbox.prime.kraken.com"),
        ("127.0.0.1:9010", "127.0.0.1"),
        ("LOCALHOST:9010", "localhost"),
        ("[::1]:9010", "::1"),
        ("[::ABCD]:9010", "::abcd"),
        ("127.0.0.1:9010", "wss.prime.kraken.com"),
    ],
)
@pytest.mark.parametrize("path", ["/ws/v1", "/kraken-prime/ws/v1"])
def test_the_signed_host_is_the_logical_one_or_that_of_the_request_without_its_port(
    edition: Edition, host: str, signed: str, path: str
) -> None:
    floor, clock = local_venue(edition)
    named = {**headers(host=signed, path=path), "host": host}
    caller = call(floor, clock, "public", upgrade(named, "/kraken-prime/ws/v1"))
    assert len(caller.heard()) == 1


def test_a_request_without_a_host_may_be_signed_for_the_logical_one(edition: Edition) -> None:
    named = headers()
    del named["host"]
    admitted(*local_venue(edition), named)


def test_the_logical_host_is_a_setting() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(logical_host="prime.test"))
    admitted(floor, clock, {**headers(host="prime.test"), "host": "127.0.0.1"})


@pytest.mark.parametrize("where", [{"host": "elsewhere.test"}, {"path": "/ws/v2"}])
def test_a_signature_for_another_place_is_refused(edition: Edition, where: Any) -> None:
    named = {**headers(**where), "host": "wss.prime.kraken.com"}
    assert "ApiSign" in refused(*local_venue(edition), named)


def test_a_key_may_have_several_sessions(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    first, second = join(floor, clock), join(floor, clock)
    assert first.session.number != second.session.number
    assert set(floor.sessions) == {first.session.number, second.session.number}


def test_sessions_beyond_the_limit_are_refused_until_one_leaves(edition: Edition) -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(edition=edition, max_sessions=1))
    first = join(floor, clock)
    reply = knock(floor, clock, "public", upgrade(headers()))
    assert isinstance(reply, HttpReply)
    assert reply.status == 429
    first.session.lost()
    join(floor, clock)


def test_a_session_that_is_lost_leaves_nothing_behind(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    caller, other = join(floor, clock), join(floor, clock)
    for someone in (caller, other):
        someone.send(subscribe(1, "MarketDataSnapshot:BTC-USD", "Order"))
    other.send(subscribe(2, "Balance"))
    other.send(cancel(2))
    caller.session.lost()
    other.session.lost()
    assert isinstance(floor, KrakenPrimeFloor)
    assert not floor.sessions
    assert not floor._hearers


def test_a_session_lost_before_it_opened_leaves_the_floor(edition: Edition) -> None:
    floor, clock = local_venue(edition)
    session = floor.admit("public", upgrade(headers()), clock())
    assert not isinstance(session, HttpReply)
    session.lost()
    assert not floor.sessions


def test_there_is_no_http_door() -> None:
    floor, clock = local_venue()
    assert floor.answer("public", HttpRequest(method="GET", url="/"), clock()).status == 404


def test_the_terms_must_be_this_venues() -> None:
    with pytest.raises(ConfigurationError, match="KrakenPrimeTerms"):
        local_venue(terms=Terms())


def test_the_demo_account_is_let_in() -> None:
    named = headers(Account("demo", KRAKEN_PRIME.demo))
    floor, clock = local_venue()
    assert "unknown" in refused(floor, clock, named)
    demo_floor = KRAKEN_PRIME.floor(
        KRAKEN_PRIME.terms("observed"), [Account("demo", KRAKEN_PRIME.demo)], clock, floor.rng
    )
    admitted(demo_floor, clock, named)


@pytest.mark.parametrize(
    "credentials",
    [Credentials("kéy", "secret"), Credentials("k\n", "secret"), Credentials("my-key", "sécret")],
)
def test_an_account_nobody_could_sign_for_is_a_configuration_error(
    credentials: Credentials,
) -> None:
    floor, clock = local_venue()
    with pytest.raises(ConfigurationError) as caught:
        KRAKEN_PRIME.floor(floor.terms, [Account("odd", credentials)], clock, floor.rng)
    for part in (credentials.api_key, "sécret"):
        assert part not in str(caught.value)


@pytest.mark.parametrize("limit", ["idle_timeout", "lifetime"])
def test_limits_this_venue_does_not_have_can_be_set(limit: str) -> None:
    terms = KrakenPrimeTerms(**{limit: 60.0})  # type: ignore[arg-type]
    caller = join(*local_venue(terms=terms))
    assert caller.wait(59) == []
    assert caller.closed is None
    caller.wait(2)
    assert caller.closed == 1000


def test_no_heartbeat_is_sent_even_when_asked(edition: Edition) -> None:
    caller = join(*local_venue(edition))
    caller.session.beat_from(1.0)
    caller.clock.seconds = 1.0
    caller.session.wake(caller.clock())
    assert caller.heard() == []


def test_a_request_limit_can_be_set_and_is_answered_by_errors() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(max_requests=1))
    caller = join(floor, clock)
    assert caller.send(ping())[0]["type"] == "Pong"
    [answer] = caller.send(ping())
    assert (answer["type"], answer["reqid"]) == ("error", 2)
    assert answer["error"]["code"] >= 1000
    assert "reqid" not in caller.send("{")[0]
    assert caller.closed is None
    clock.seconds = 1.0
    assert caller.send(ping())[0]["type"] == "Pong"


def too_many(floor: Floor, clock: VirtualClock, account: Account) -> tuple[str, float | None]:
    reply = knock(floor, clock, "public", upgrade(headers(account)))
    assert isinstance(reply, HttpReply)
    assert reply.status == 429
    return msgspec.json.decode(reply.body)["error"], reply.retry_after


def test_sessions_of_an_account_can_be_limited() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(sessions_per_account=2))
    first = join(floor, clock, ALICE)
    join(floor, clock, ALICE)
    assert too_many(floor, clock, ALICE) == ("too many sessions of this account", 1)
    join(floor, clock, BOB)
    join(floor, clock, None)
    first.session.lost()
    join(floor, clock, ALICE)


def test_connects_from_one_address_can_be_limited() -> None:
    floor, clock = local_venue(terms=KrakenPrimeTerms(max_connects=1))
    join(floor, clock, ALICE)
    assert too_many(floor, clock, BOB) == ("too many sessions", 60)


def test_an_upgrade_is_good_again_unless_replays_are_refused(edition: Edition) -> None:
    """Nor in the other alphabet of base64, which would be another signature."""
    floor, clock = local_venue(terms=KrakenPrimeTerms(edition=edition, refuses_replays=True))
    admitted(floor, clock, headers()).session.lost()
    respelled = {**headers(), "apisign": headers()["apisign"].translate(str.maketrans("+/", "-_"))}
    for again in (headers(), respelled):
        assert refused(floor, clock, again) == "ApiTimestamp has been used before"
    floor, clock = local_venue(edition)
    for _ in range(2):
        admitted(floor, clock, headers())
