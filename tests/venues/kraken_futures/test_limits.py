"""Idle clients, fast clients, too many of them, and who is let in at all."""

from base64 import b64encode
from random import Random

import pytest

from caller import Caller, floor_of, knock
from clock import VirtualClock
from venues.kraken_futures.futures import ALICE, UPGRADE, Futures, feeds, subscribe
from venuewire.core.errors import ConfigurationError
from venuewire.core.http import HttpReply
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition, Terms
from venuewire.venues.kraken_futures import KRAKEN_FUTURES


def test_a_client_that_says_nothing_for_60_seconds_is_dropped(caller: Caller) -> None:
    caller.wait(59.9)
    assert caller.closed is None
    caller.wait(0.1)
    assert caller.closed == 1000


def test_any_frame_of_the_client_keeps_the_session(caller: Caller) -> None:
    for text in ('{"event":"ping"}', "nonsense", '{"event":"subscribe","feed":"ticker"}'):
        caller.wait(59.0)
        caller.send(text)
    caller.wait(59.9)
    assert caller.closed is None


def test_a_websocket_ping_keeps_the_session(caller: Caller) -> None:
    for _ in range(3):
        caller.wait(59.0)
        caller.session.pinged(caller.clock())
    assert caller.closed is None


def test_hearing_heartbeats_does_not_keep_the_session(caller: Caller) -> None:
    caller.send(subscribe("heartbeat"))
    caller.wait(60.0)
    assert caller.closed == 1000


def test_100_requests_in_a_second_are_served_and_no_more(caller: Caller) -> None:
    for _ in range(100):
        assert caller.send({"event": "ping"}) == [{"event": "pong"}]
    assert caller.send({"event": "ping"}) == []
    assert caller.closed == 1008


def test_the_next_second_has_requests_of_its_own(caller: Caller) -> None:
    for _ in range(3):
        for _ in range(100):
            caller.send({"event": "ping"})
        caller.wait(1.0)
    assert caller.closed is None


def test_a_lifetime_may_be_set() -> None:
    caller = Futures(lifetime=5.0).join()
    caller.wait(5.0)
    assert caller.closed == 1000


def test_close_codes_are_terms() -> None:
    idle = Futures(idle_close=4000).join()
    idle.wait(60.0)
    fast = Futures(rate_close=4001, max_requests=1).join()
    fast.send("")
    fast.send("")
    assert (idle.closed, fast.closed) == (4000, 4001)


def test_subscriptions_of_a_session_are_bounded(edition: Edition) -> None:
    venue = Futures(edition, max_subscriptions=2)
    caller = venue.join()
    caller.send(subscribe("ticker", "PI_XBTUSD", "PI_ETHUSD"))
    full = venue.refusal("Too many subscriptions")
    assert caller.send(subscribe("heartbeat")) == [full]
    assert caller.send(subscribe("ticker", "PF_XBTUSD")) == [full]
    assert caller.wait(5.0) == [], "nor do heartbeats begin"
    again = caller.send(subscribe("ticker", "PI_XBTUSD"))
    assert feeds(again)[-1] == "ticker", "what one holds already takes no room"
    assert venue.floor.subscribers.count(caller.session) == 2


def test_products_in_a_request_are_bounded(edition: Edition) -> None:
    venue = Futures(edition, max_request_products=2)
    caller = venue.join()
    products = ("PI_XBTUSD", "PI_ETHUSD", "PF_XBTUSD")
    refused = venue.refusal("Too many products in one request")
    assert caller.send(subscribe("ticker", *products)) == [refused]
    assert feeds(caller.send(subscribe("ticker", *products[:2])))[-2:] == ["ticker", "ticker"]


def test_more_than_100_connections_are_refused_until_one_leaves(venue: Futures) -> None:
    callers = [venue.join() for _ in range(100)]
    refused = knock(venue.floor, venue.clock, "public", UPGRADE)
    assert isinstance(refused, HttpReply)
    assert (refused.status, refused.retry_after) == (429, 1)
    callers[0].session.lost()
    venue.join()


def test_connects_from_one_address_can_be_limited() -> None:
    venue = Futures(max_connects=1, connects_window=30.0)
    venue.join()
    venue.clock.seconds += 9.5
    refused = knock(venue.floor, venue.clock, "public", UPGRADE)
    assert isinstance(refused, HttpReply)
    assert (refused.status, refused.retry_after) == (429, 21)
    venue.clock.seconds += 20.5
    venue.join()


def test_a_session_lost_before_it_opened_is_forgotten(venue: Futures) -> None:
    session = venue.floor.admit("public", UPGRADE, venue.clock())
    assert not isinstance(session, HttpReply)
    session.lost()
    assert venue.floor.sessions == {}


def test_there_is_one_door(venue: Futures) -> None:
    refused = venue.floor.admit("private", UPGRADE, venue.clock())
    assert isinstance(refused, HttpReply)
    assert refused.status == 404
    assert venue.floor.answer("public", UPGRADE, venue.clock()).status == 404


def test_the_same_seed_gives_the_same_challenges() -> None:
    first, second = (Futures().floor.challenge() for _ in range(2))
    assert first == second


def test_a_floor_needs_its_own_terms() -> None:
    with pytest.raises(ConfigurationError, match="KrakenFuturesTerms"):
        floor_of(KRAKEN_FUTURES, terms=Terms())


@pytest.mark.parametrize("secret", ["", "not base64!", "é", "====", "YWJ"])
def test_an_account_with_a_bad_secret_is_named_and_the_secret_is_not(secret: str) -> None:
    account = Account("mallory", Credentials("key", secret))
    with pytest.raises(ConfigurationError, match="account 'mallory'") as raised:
        KRAKEN_FUTURES.floor(
            KRAKEN_FUTURES.terms("documented"), [account], VirtualClock(), Random()
        )
    assert not secret or secret not in str(raised.value)


def test_several_keys_of_one_account_are_one_account() -> None:
    second = Account("alice", Credentials("second", b64encode(b"s" * 64).decode()))
    floor, _ = floor_of(KRAKEN_FUTURES, ALICE, second)
    assert isinstance(floor, type(Futures().floor))
    assert len(floor.signers) == 2


def test_the_demo_account_is_let_in() -> None:
    floor, _ = floor_of(KRAKEN_FUTURES)
    assert list(floor.accounts) == [KRAKEN_FUTURES.demo.api_key]
