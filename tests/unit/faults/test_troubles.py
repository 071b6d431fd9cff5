"""What faults do to a venue's doors, calendar and sessions."""

from random import Random

import pytest

from clock import VirtualClock, at
from toy_venue import TOY
from venuewire.core.errors import ConfigurationError
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.idiom import Role, Wrong
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.venue import Door, Venue
from venuewire.faults.fault import Never, Say, Slam
from venuewire.faults.rule import HangUp
from venuewire.faults.spec import parse
from venuewire.faults.troubles import NO_IDIOM, Troubles, Welcomed, announce
from venuewire.venues import venues

KUCOIN = venues()["kucoin"]


def troubled(*specs: str, venue: Venue = KUCOIN) -> Troubles:
    troubles = Troubles(venue, Random(1))
    for number, spec in enumerate(specs, 1):
        troubles.add(parse(spec), number, 100.0)
    return troubles


def door(kind: str, venue: Venue = KUCOIN) -> Door:
    return next(door for door in venue.doors if door.kind == kind)


def knock(troubles: Troubles, kind: str, url: str = "/", **headers: str) -> object:
    request = HttpRequest(method="GET", url=url, headers=headers)
    return troubles.receive(door(kind, troubles.venue), request, 101.0)


def status(answer: object) -> int:
    assert isinstance(answer, HttpReply)
    return answer.status


def test_waits_add_up_until_a_refusal() -> None:
    troubles = troubled("slow-handshake:seconds=2", "slow-handshake:seconds=3", "http-503:times=1")
    assert status(knock(troubles, "websocket")) == 503
    welcomed = knock(troubles, "websocket")
    assert isinstance(welcomed, Welcomed)
    assert welcomed.wait == 5.0


@pytest.mark.parametrize("name", ["slow-handshake", "handshake-never", "http-401", "half-open"])
def test_faults_of_upgrades_leave_tokens_alone(name: str) -> None:
    assert isinstance(knock(troubled(name), "http"), Welcomed)


@pytest.mark.parametrize("name", ["token-down", "token-slow", "token-expired", "latency"])
def test_faults_of_tokens_leave_upgrades_alone(name: str) -> None:
    welcomed = knock(troubled(name), "websocket")
    assert welcomed == Welcomed(HttpRequest(method="GET", url="/"))


def test_connections_are_refused_or_never_answered() -> None:
    assert isinstance(knock(troubled("refuse-connection"), "http"), Slam)
    assert isinstance(knock(troubled("handshake-never"), "websocket"), Never)
    troubles = troubled("refuse-connection:times=1")
    assert isinstance(knock(troubles, "websocket"), Slam)
    assert isinstance(knock(troubles, "websocket"), Welcomed)


def test_a_bad_token_is_put_in_its_place() -> None:
    troubles = troubled("token-expired:times=1")
    first, second = (knock(troubles, "websocket", "/?token=good&connectId=1") for _ in range(2))
    assert isinstance(first, Welcomed)
    assert first.request.url == "/?token=expired&connectId=1"
    assert isinstance(second, Welcomed)
    assert second.request.url == "/?token=good&connectId=1"


def test_replies_of_the_token_door() -> None:
    names = ("token-down", "token-401", "token-429", "token-garbled")
    assert [status(knock(troubled(name), "http")) for name in names] == [503, 401, 429, 200]
    assert isinstance(knock(troubled("token-slow:seconds=4"), "http"), Welcomed)


def test_a_revoked_key_is_refused_where_it_is_shown() -> None:
    troubles = troubled("key-revoked")
    assert status(knock(troubles, "http", **{"kc-api-key": "mine"})) == 401
    assert isinstance(knock(troubles, "http"), Welcomed)
    assert troubles.due(100.0) == [HangUp(1008, "key revoked")]


def test_maintenance_is_announced_happens_and_passes() -> None:
    troubles = troubled("maintenance:notice=5,downtime=60")
    (said,) = troubles.due(100.0)
    assert isinstance(said, Say)
    assert (said.minutes, said.effective_in) == (1, 5.0)
    assert isinstance(knock(troubles, "websocket"), Welcomed)
    assert troubles.deadline(100.0) == 105.0
    assert troubles.due(105.0) == [HangUp(1001, "maintenance")]
    request = HttpRequest(method="GET", url="/")
    during = troubles.receive(door("http"), request, 110.0)
    assert isinstance(during, HttpReply)
    assert during.retry_after == 55
    assert isinstance(troubles.receive(door("http"), request, 165.0), Welcomed)
    assert [type(deed) for deed in troubles.due(165.0)] == [Say]
    assert troubles.deadline(165.0) is None


def test_what_a_fault_would_do_after_its_end_is_not_done() -> None:
    troubles = troubled("maintenance:notice=5@0+3", "close-1001@2")
    assert [type(deed) for deed in troubles.due(200.0)] == [Say, HangUp]


def test_beginnings_and_ends_are_deadlines() -> None:
    troubles = troubled("half-open@10+5", "latency@20")
    assert [troubles.deadline(now) for now in (100.0, 110.0, 115.0)] == [110.0, 115.0, 120.0]
    assert troubles.deadline(120.0) is None
    states = [[t.state(now) for t in troubles] for now in (100.0, 112.0, 120.0)]
    assert states == [["waiting", "waiting"], ["active", "waiting"], ["over", "active"]]


def test_the_calendar_is_wrong_and_the_other_clock_is_not() -> None:
    troubles = troubled("clock-skew:seconds=-30", "clock-jump:seconds=100,every=10")
    skews = {s: troubles.clock(at(s)).realtime - at(s).realtime for s in (99, 101, 111, 121)}
    assert skews == {99: 0, 101: 70, 111: -30, 121: 70}
    assert troubles.clock(at(101)).monotonic == 101
    assert troubled().clock(now := at(1)) is now


def test_sessions_are_cut_early() -> None:
    clock = VirtualClock()
    floor = KUCOIN.floor(KUCOIN.terms("documented"), [], clock, Random(1))
    admitted = floor.admit("session", HttpRequest(method="GET", url="/"), clock())
    assert isinstance(admitted, ServerSession)
    troubled("latency").shorten(admitted, 0.0, 101.0)
    assert admitted.cut_at == 86_400.0
    troubled("cut-24h:seconds=300").shorten(admitted, 50.0, 101.0)
    assert admitted.cut_at == admitted.deadline == 350.0
    admitted.close(1000)
    troubled("cut-24h:seconds=3").shorten(admitted, 50.0, 101.0)
    assert admitted.cut_at == 350.0


@pytest.mark.parametrize(
    ("name", "venue", "reason"),
    [
        ("mute-heartbeats", "kucoin", "kucoin has no heartbeat"),
        ("challenge-never", "kraken-spot", "kraken-spot has no challenge"),
        ("token-down", "kraken-prime", "kraken-prime grants no token"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, venue: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        troubled(name, venue=venues()[venue])


def test_a_venue_without_an_idiom_has_the_faults_that_need_none() -> None:
    with pytest.raises(ConfigurationError, match="toy has no pong"):
        troubled("mute-pongs", venue=TOY)
    assert len(troubled("half-open", "key-revoked", venue=TOY)) == 2
    assert NO_IDIOM.upstream(b"{}").role is Role.OTHER
    assert NO_IDIOM.refuse(b"{}", Wrong.KEY) == b""
    assert NO_IDIOM.misaddress(b"{}") == b"{}"


@pytest.mark.parametrize("name", venues())
def test_a_venue_tells_of_its_maintenance_if_it_can(name: str) -> None:
    venue, clock = venues()[name], VirtualClock()
    accounts = [Account("demo", venue.demo)]
    floor = venue.floor(venue.terms("documented"), accounts, clock, Random(1))
    publication = venue.idiom.maintenance if venue.idiom else None
    announce(floor, Say("planned maintenance", 2, 5.0, publication), clock())
