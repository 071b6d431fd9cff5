"""Keys that come, go, and may not do everything."""

import pytest

from venues.kraken_futures.futures import (
    ALICE,
    BOB,
    LOGIN_FAILED,
    Futures,
    challenge,
    feeds,
    login,
    proof,
    subscribe,
)
from venuewire.core.secrets import Account


def test_a_key_that_comes_later_may_log_in(venue: Futures) -> None:
    venue.floor.revoke("bob-key", venue.clock())
    caller = venue.join()
    assert caller.send(subscribe("fills", **login(caller, BOB))) == [venue.refusal(LOGIN_FAILED)]
    venue.floor.enroll(BOB)
    assert feeds(caller.send(subscribe("fills", **login(caller, BOB)))) == [
        "subscribed",
        "fills_snapshot",
    ]


def test_a_revoked_key_ends_the_sessions_that_proved_themselves_by_it(venue: Futures) -> None:
    alice, bob, nobody = venue.join(), venue.join(), venue.join()
    alice.send(subscribe("fills", **login(alice)))
    bob.send(subscribe("fills", **login(bob, BOB)))
    assert venue.floor.revoke("alice-key", venue.clock()) == (alice.session,)
    assert (alice.closed, bob.closed, nobody.closed) == (1008, None, None)


def test_a_session_that_has_left_already_is_not_ended_again(venue: Futures) -> None:
    alice, gone = venue.join(), venue.join()
    alice.send(subscribe("fills", **login(alice)))
    gone.send(subscribe("fills", **login(gone)))
    alice.session.close(1000)
    gone.session.lost()
    assert venue.floor.revoke("alice-key", venue.clock()) == ()


def test_a_challenge_issued_before_does_not_help(venue: Futures) -> None:
    caller = venue.join()
    issued = challenge(caller)
    venue.floor.revoke("alice-key", venue.clock())
    assert caller.send(subscribe("fills", **proof(issued))) == [venue.refusal(LOGIN_FAILED)]
    assert caller.closed is None


@pytest.mark.parametrize("permissions", [frozenset(), frozenset({"withdrawal"})])
def test_a_key_without_general_access_is_refused_as_any_failed_login(
    venue: Futures, permissions: frozenset[str]
) -> None:
    venue.floor.revoke("bob-key", venue.clock())
    venue.floor.enroll(Account("bob", BOB.credentials, permissions))
    caller = venue.join()
    assert caller.send(subscribe("fills", **login(caller, BOB))) == [venue.refusal(LOGIN_FAILED)]


def test_what_was_told_to_an_account_goes_with_its_last_key(venue: Futures) -> None:
    venue.publish("open_positions", {"positions": [1]}, "alice")
    venue.publish("open_positions", {"positions": [2]}, "bob")
    venue.floor.revoke("alice-key", venue.clock())
    venue.floor.enroll(ALICE)
    alice, bob = venue.join(), venue.join()
    assert alice.send(subscribe("open_positions", **login(alice)))[-1]["positions"] == []
    assert bob.send(subscribe("open_positions", **login(bob, BOB)))[-1]["positions"] == [2]
