"""Tokens: self-contained, signed, of one market, and old after a day."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import at
from venues.kucoin.desk import ALICE, TICKER, Desk, futures
from venuewire.core.server_session import Rejection
from venuewire.venues.kucoin.token import EXPIRED, INVALID, Bearer, Tokens

DAY = 86_400.0


def tokens(market: str = "kucoin", key: bytes = b"key") -> Tokens:
    return Tokens(market, key, DAY, Random(0))


def test_a_token_says_whose_it_is() -> None:
    bearer = tokens().check(tokens().issue("alice", at(0)), at(1))
    assert isinstance(bearer, Bearer)
    assert (bearer.market, bearer.key) == ("kucoin", "alice")


def test_a_token_is_valid_for_only_24_hours() -> None:
    """ "The token is valid for only 24 hours" """
    token = tokens().issue(None, at(0))
    assert isinstance(tokens().check(token, at(DAY - 1)), Bearer)
    assert tokens().check(token, at(DAY)) == EXPIRED


def test_another_key_proves_nothing() -> None:
    assert tokens().check(tokens(key=b"other").issue(None, at(0)), at(0)) == INVALID


def test_markets_cannot_be_mixed() -> None:
    assert tokens().check(tokens("kucoin-futures").issue(None, at(0)), at(0)) == INVALID


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "====", "a" * 100])
def test_what_never_was_a_token_is_invalid(token: str) -> None:
    assert tokens().check(token, at(0)) == INVALID


@given(st.text(), st.integers(0, 200))
def test_a_changed_token_is_invalid(noise: str, position: int) -> None:
    token = tokens().issue("alice", at(0))
    changed = token[:position] + noise + token[position:]
    checked = tokens().check(changed, at(0))
    assert checked == INVALID or checked == tokens().check(token, at(0))


def test_venues_that_share_a_key_accept_each_others_tokens() -> None:
    here, there = Desk(token_key="shared"), Desk(token_key="shared")
    caller = there.upgrade(f"token={here.token(ALICE)}&connectId=a")
    assert caller.heard() == [{"id": "a", "type": "welcome"}]


def test_a_shared_key_does_not_make_the_markets_one() -> None:
    spot = Desk(token_key="shared")
    caller = futures(token_key="shared").upgrade(f"token={spot.token()}")
    assert [frame["data"] for frame in caller.heard()] == [INVALID]


def test_tokens_show_no_key() -> None:
    assert repr(tokens(key=b"hush")) == "Tokens(kucoin)"


def test_time_an_operator_lets_pass_ends_tokens_and_sessions_and_not_signatures() -> None:
    desk = Desk()
    old, caller = desk.token(ALICE), desk.enter(ALICE)
    desk.floor.let_pass(DAY)
    assert [frame["data"] for frame in desk.upgrade(f"token={old}").heard()] == [EXPIRED]
    caller.wait(0)
    assert caller.closed is not None
    assert desk.enter(ALICE).closed is None


def test_who_is_turned_away_in_the_first_frame_is_known_as_such() -> None:
    desk = Desk()
    assert desk.upgrade("token=stolen").session.rejection == Rejection(401, INVALID)
    assert desk.enter().session.rejection is None


def test_subscriptions_are_told_as_topics() -> None:
    desk = Desk()
    caller = desk.enter(ALICE)
    for topic in (TICKER, "/account/balance"):
        caller.send({"id": "1", "type": "subscribe", "topic": topic, "privateChannel": True})
    assert desk.floor.subscriptions(caller.session) == ("/account/balance", TICKER)
