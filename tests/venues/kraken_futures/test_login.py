"""The Challenge page, and who may hear private feeds."""

import re
from typing import Any

import pytest

from caller import Caller
from venues.kraken_futures.futures import (
    ALICE,
    BOB,
    LOGIN_FAILED,
    PRIVATE,
    Futures,
    challenge,
    feeds,
    login,
    proof,
    subscribe,
    unsubscribe,
)
from venuewire.core.secrets import Account, Credentials

UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_a_challenge_is_a_uuid_and_new_each_time(caller: Caller) -> None:
    first, second = challenge(caller), challenge(caller)
    assert UUID_TEXT.fullmatch(first)
    assert UUID_TEXT.fullmatch(second)
    assert first != second


def test_any_api_key_is_given_a_challenge(caller: Caller) -> None:
    stranger = Account("nobody", Credentials("stranger", ALICE.credentials.api_secret))
    request = subscribe("fills", **login(caller, stranger))
    [refused] = caller.send(request)
    assert refused["message"] == LOGIN_FAILED


@pytest.mark.parametrize("key", [{}, {"api_key": 7}, {"api_key": None}, {"api_key": ["k"]}])
def test_a_challenge_without_a_key_is_a_json_error(
    venue: Futures, caller: Caller, key: dict[str, Any]
) -> None:
    assert caller.send({"event": "challenge", **key}) == [venue.refusal("Json Error")]


def test_one_challenge_serves_every_request_of_its_connection(caller: Caller) -> None:
    proven = login(caller)
    for feed in PRIVATE:
        assert feeds(caller.send(subscribe(feed, **proven)))[0] == "subscribed"
    for feed in PRIVATE:
        assert feeds(caller.send(unsubscribe(feed, **proven))) == ["unsubscribed"]


def test_a_later_challenge_leaves_an_earlier_one_valid(caller: Caller) -> None:
    first, second = challenge(caller), challenge(caller)
    assert caller.send(subscribe("fills", **proof(first)))[0]["event"] == "subscribed"
    assert caller.send(subscribe("balances", **proof(second)))[0]["event"] == "subscribed"


def test_two_accounts_may_share_a_connection(caller: Caller) -> None:
    alice, bob = login(caller, ALICE), login(caller, BOB)
    for proven, name in ((alice, "alice"), (bob, "bob")):
        ack, snapshot = caller.send(subscribe("fills", **proven))
        assert (ack["event"], snapshot["account"]) == ("subscribed", name)


def test_a_challenge_is_bound_to_the_key_it_was_issued_for(caller: Caller) -> None:
    text = challenge(caller, ALICE)
    [refused] = caller.send(subscribe("fills", **proof(text, BOB)))
    assert refused["message"] == LOGIN_FAILED


def test_a_challenge_is_bound_to_its_connection(venue: Futures) -> None:
    one, other = venue.join(), venue.join()
    stolen = login(one)
    assert other.send(subscribe("fills", **stolen)) == [venue.refusal(LOGIN_FAILED)]


BAD_PROOFS: dict[str, dict[str, Any]] = {
    "wrong key": {"api_key": "bob-key"},
    "unknown key": {"api_key": "nobody"},
    "wrong signature": {"signed_challenge": "AAAA"},
    "signature that is not ascii": {"signed_challenge": "é€"},
    "never issued": {"original_challenge": "226aee50-88fc-4618-a42a-34f7709570b2"},
    "key of a wrong type": {"api_key": 1},
    "challenge of a wrong type": {"original_challenge": ["x"]},
    "signature of a wrong type": {"signed_challenge": {"a": 1}},
    "null": {"signed_challenge": None},
}


@pytest.mark.parametrize("event", [subscribe, unsubscribe])
@pytest.mark.parametrize("bad", BAD_PROOFS.values(), ids=BAD_PROOFS)
def test_a_bad_proof_is_refused_without_saying_why_and_nothing_changes(
    venue: Futures, caller: Caller, event: Any, bad: dict[str, Any]
) -> None:
    proven = login(caller)
    caller.send(subscribe("fills", **proven))
    for feed in ("fills", "balances"):
        answer = caller.send(event(feed, **(proven | bad)))
        assert answer == [venue.refusal(LOGIN_FAILED)]
    assert venue.publish("fills", {"fills": []}) == 1
    assert venue.publish("balances", {}) == 0
    assert caller.closed is None


@pytest.mark.parametrize("event", [subscribe, unsubscribe])
@pytest.mark.parametrize("missing", ["api_key", "original_challenge", "signed_challenge", ""])
def test_authentication_is_required(
    venue: Futures, caller: Caller, event: Any, missing: str
) -> None:
    """ "Authentication is required", for each of the three fields, and for all of them."""
    proven = {name: value for name, value in login(caller).items() if missing not in {name, ""}}
    for feed in PRIVATE:
        assert caller.send(event(feed, **proven)) == [venue.refusal(LOGIN_FAILED)]
    assert caller.closed is None


def test_outstanding_challenges_are_bounded() -> None:
    caller = Futures(max_challenges=2).join()
    first, second, third = (login(caller) for _ in range(3))
    assert caller.send(subscribe("fills", **first))[0]["message"] == LOGIN_FAILED
    assert caller.send(subscribe("fills", **second))[0]["event"] == "subscribed"
    assert caller.send(subscribe("balances", **third))[0]["event"] == "subscribed"


def test_challenges_of_unknown_keys_displace_nobody() -> None:
    caller = Futures(max_challenges=1).join()
    proven = login(caller)
    caller.send({"event": "challenge", "api_key": "x" * 1000})
    assert caller.send(subscribe("fills", **proven))[0]["event"] == "subscribed"


def test_a_challenge_may_be_made_to_expire() -> None:
    caller = Futures(challenge_lifetime=30.0).join()
    proven = login(caller)
    caller.wait(30.0)
    assert caller.send(subscribe("fills", **proven))[0]["event"] == "subscribed"
    caller.wait(0.5)
    assert caller.send(subscribe("balances", **proven))[0]["message"] == LOGIN_FAILED


def test_time_an_operator_lets_pass_ends_challenges_that_expire() -> None:
    venue = Futures(challenge_lifetime=30.0)
    caller = venue.join()
    proven = login(caller)
    venue.floor.let_pass(31)
    assert caller.send(subscribe("fills", **proven))[0]["event"] == "error"
    assert caller.send(subscribe("fills", **login(caller)))[0]["event"] == "subscribed"


def test_subscriptions_are_told_by_feed_and_product() -> None:
    venue = Futures()
    caller = venue.join()
    caller.send(subscribe("ticker", "PI_XBTUSD"))
    caller.send(subscribe("heartbeat"))
    caller.send(subscribe("fills", **login(caller)))
    told = venue.floor.subscriptions(caller.session)
    assert told == ("fills", "heartbeat", "ticker:PI_XBTUSD")
