"""What a frame is to a session, as every venue's idiom reads it."""

import pytest

from venuewire.core.idiom import Role, Wrong
from venuewire.core.venue import Venue
from venuewire.venues import venues

UNREADABLE = (b"", b"{", b"[]", b'"x"', b"\xff", b'{"type":1,"method":1,"event":1}')

SAID = {
    "kucoin": {
        b'{"id":"a","type":"welcome"}': (Role.WELCOME, ""),
        b'{"id":"1","type":"pong","timestamp":1}': (Role.PONG, ""),
        b'{"id":"1","type":"ack"}': (Role.ACK, ""),
        b'{"id":"1","type":"error","code":404,"data":"no"}': (Role.REFUSAL, ""),
        b'{"topic":"/a:b","type":"message","subject":"s","data":1}': (Role.MESSAGE, "/a:b"),
        b'{"type":"notice"}': (Role.OTHER, ""),
    },
    "kraken-spot": {
        b'{"channel":"status","type":"update","data":[]}': (Role.WELCOME, ""),
        b'{"channel":"heartbeat"}': (Role.HEARTBEAT, ""),
        b'{"method":"pong","req_id":1}': (Role.PONG, ""),
        b'{"method":"subscribe","success":true,"result":{"channel":"ticker"}}': (Role.ACK, ""),
        b'{"method":"subscribe","success":false,"error":"no"}': (Role.REFUSAL, ""),
        b'{"channel":"ticker","data":[{"symbol":"BTC/USD"}]}': (Role.MESSAGE, "ticker:BTC/USD"),
        b'{"channel":"ticker","data":[]}': (Role.MESSAGE, "ticker"),
        b'{"channel":"balances","data":[{}]}': (Role.MESSAGE, "balances"),
        b'{"channel":"novelty","data":[]}': (Role.MESSAGE, "novelty"),
        b'{"method":"novelty"}': (Role.OTHER, ""),
    },
    "kraken-futures": {
        b'{"event":"info","version":1}': (Role.WELCOME, ""),
        b'{"event":"challenge","message":"x"}': (Role.CHALLENGE, ""),
        b'{"event":"subscribed","feed":"heartbeat"}': (Role.ACK, ""),
        b'{"event":"alert","message":"no"}': (Role.REFUSAL, ""),
        b'{"event":"pong"}': (Role.PONG, ""),
        b'{"feed":"heartbeat","time":1}': (Role.HEARTBEAT, ""),
        b'{"feed":"ticker","product_id":"PI_XBTUSD"}': (Role.MESSAGE, "ticker:PI_XBTUSD"),
        b'{"feed":"fills_snapshot"}': (Role.MESSAGE, "fills"),
        b"{}": (Role.OTHER, ""),
    },
    "kraken-prime": {
        b'{"type":"hello"}': (Role.WELCOME, ""),
        b'{"type":"Pong","reqid":1}': (Role.PONG, ""),
        b'{"type":"error","reqid":1}': (Role.REFUSAL, ""),
        b'{"type":"Balance","reqid":1,"initial":true,"data":[]}': (Role.ACK, "Balance"),
        b'{"type":"Balance","reqid":1,"data":[]}': (Role.MESSAGE, "Balance"),
        b'{"type":"Balance"}': (Role.OTHER, ""),
    },
}
ASKED = {
    "kucoin": {b'{"type":"ping"}': Role.PING, b'{"type":"subscribe"}': Role.REQUEST},
    "kraken-spot": {b'{"method":"ping"}': Role.PING, b'{"method":"unsubscribe"}': Role.REQUEST},
    "kraken-futures": {b'{"event":"ping"}': Role.PING, b'{"event":"challenge"}': Role.CHALLENGE},
    "kraken-prime": {b'{"type":"Ping"}': Role.PING, b'{"type":"cancel"}': Role.REQUEST},
}
REQUESTS = {
    "kucoin": b'{"id":"12","type":"subscribe"}',
    "kraken-spot": b'{"method":"subscribe","req_id":12}',
    "kraken-futures": b'{"event":"subscribe","feed":"ticker"}',
    "kraken-prime": b'{"type":"subscribe","reqid":12}',
}
every_venue = pytest.mark.parametrize("venue", [venues()[name] for name in SAID], ids=list(SAID))


@every_venue
def test_what_a_venue_says(venue: Venue) -> None:
    assert venue.idiom is not None
    for payload, (role, channel) in SAID[venue.name].items():
        reading = venue.idiom.downstream(payload)
        assert (reading.role, reading.channel) == (role, channel), payload
        assert role in venue.idiom.roles | {Role.OTHER}


@every_venue
def test_what_a_client_says(venue: Venue) -> None:
    assert venue.idiom is not None
    for payload, role in ASKED[venue.name].items():
        assert venue.idiom.upstream(payload).role is role


@every_venue
def test_nonsense_is_something_else(venue: Venue) -> None:
    assert venue.idiom is not None
    for payload in UNREADABLE:
        assert venue.idiom.upstream(payload).role is Role.OTHER
        assert venue.idiom.downstream(payload).role is Role.OTHER


@every_venue
@pytest.mark.parametrize("wrong", Wrong)
@pytest.mark.parametrize("request_", [b"", b"{", b"named"], ids=["none", "unreadable", "named"])
def test_a_forged_refusal_is_a_refusal(venue: Venue, wrong: Wrong, request_: bytes) -> None:
    assert venue.idiom is not None
    asked = REQUESTS[venue.name] if request_ == b"named" else request_
    forged = venue.idiom.refuse(asked, wrong)
    assert venue.idiom.downstream(forged).role is Role.REFUSAL
    assert (b"12" in forged) is (b"12" in asked)


@pytest.mark.parametrize(
    ("name", "payload", "misaddressed"),
    [
        ("kucoin", b'{"id":"12","type":"ack"}', b'{"id":"999012","type":"ack"}'),
        ("kraken-spot", b'{"req_id":12,"success":true}', b'{"req_id":999012,"success":true}'),
        ("kraken-futures", b'{"feed":"ticker"}', b'{"feed":"settlements"}'),
        ("kraken-prime", b'{"reqid":12,"type":"Pong"}', b'{"reqid":999012,"type":"Pong"}'),
    ],
)
def test_what_is_misaddressed_names_another_request(
    name: str, payload: bytes, misaddressed: bytes
) -> None:
    idiom = venues()[name].idiom
    assert idiom is not None
    assert idiom.misaddress(payload) == misaddressed


def test_who_gave_no_id_is_answered_without_one() -> None:
    idiom = venues()["kraken-spot"].idiom
    assert idiom is not None
    assert b"req_id" not in idiom.refuse(b'{"method":"subscribe"}', Wrong.LIMIT)
