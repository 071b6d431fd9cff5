"""What all sessions of one local venue share."""

from random import Random

import pytest

from clock import at
from parrot import UPGRADE, cage, caller
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import ELAPSED, Floor, Note, Publication, Subscribers
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import Closing, Rejection, ServerSession
from venuewire.core.terms import Terms


def test_a_push_names_its_hearers_and_skips_those_who_are_leaving() -> None:
    floor, clock = cage()
    stays, leaves = (floor.admit("", UPGRADE, clock()) for _ in range(2))
    assert isinstance(stays, ServerSession)
    assert isinstance(leaves, ServerSession)
    leaves.close(1000)
    assert floor.push(b"1", [stays, leaves]) == 1
    assert floor.pushes[0].sessions == (stays,)
    assert floor.push(b"1", [leaves]) == 0
    assert len(floor.pushes) == 1


def test_a_floor_says_what_it_cannot_do() -> None:
    floor = Floor(Terms(), [Account("me", Credentials("k", "s"))], clock=at, rng=Random(0))  # type: ignore[arg-type]
    assert list(floor.accounts) == ["k"]
    with pytest.raises(NotImplementedError):
        floor.admit("", UPGRADE, at(0))
    with pytest.raises(NotImplementedError):
        floor.answer("", UPGRADE, at(0))
    with pytest.raises(NotImplementedError):
        floor.publish(Publication(channel="a", payload=b"1"), at(0))
    with pytest.raises(LocalProtocolError, match="no notifications"):
        floor.notify(Note(note="hello"), at(0))


def test_subscribers_are_a_set_and_leave_no_trace() -> None:
    subscribers, session = Subscribers(), caller().session
    assert subscribers.add("a", session)
    assert not subscribers.add("a", session)
    assert subscribers.add("b", session)
    assert subscribers.count(session) == 2
    assert subscribers.keys(session) == {"a", "b"}
    assert subscribers.remove("a", session)
    assert not subscribers.remove("a", session)
    assert subscribers.remove("b", session)
    assert not subscribers.remove("b", session)
    assert subscribers.count(session) == 0
    subscribers.leave(session)
    assert subscribers.of("a") == ()


def test_one_who_leaves_takes_nobody_along() -> None:
    subscribers = Subscribers()
    stays, leaves = caller().session, caller().session
    subscribers.add("a", stays)
    subscribers.add("a", leaves)
    subscribers.leave(leaves)
    assert subscribers.of("a") == (stays,)


def test_what_begins_and_what_is_given_up_is_noticed_and_leaving_is_not() -> None:
    subscribers, session = Subscribers(), caller().session
    noticed: list[tuple[object, bool]] = []
    subscribers.noticed = lambda _, key, begins: noticed.append((key, begins))
    for _ in range(2):
        subscribers.add("a", session)
    subscribers.add("b", session)
    for _ in range(2):
        subscribers.remove("a", session)
    subscribers.leave(session)
    assert noticed == [("a", True), ("b", True), ("a", False)]


def test_a_floor_tells_what_each_session_hears_and_how_much_all_of_them() -> None:
    floor, clock = cage()
    first, second = (floor.admit("", UPGRADE, clock()) for _ in range(2))
    assert isinstance(first, ServerSession)
    assert isinstance(second, ServerSession)
    for key in ("b", "a"):
        floor.subscribers.add(key, first)
    floor.subscribers.add("a", second)
    assert floor.subscriptions(first) == ("a", "b")
    assert floor.held == 3


def test_time_that_passes_at_once_makes_older_and_not_silent() -> None:
    """The clock that stamps frames does not move: the clients' have not moved either."""
    talker = caller(Terms(lifetime=86_400, idle_timeout=60))
    talker.heard()
    talker.floor.let_pass(86_399)
    assert talker.wait(0.5) == []
    assert talker.floor.aged(at(1)) == at(86_400)
    assert talker.clock() == at(0.5)
    talker.wait(1)
    assert talker.closed == 1001


# Accounts, and what outlives a process.


def bare(**terms: int) -> Floor:
    return Floor(Terms(**terms), [Account("me", Credentials("k", "s"))], clock=at, rng=Random(0))  # type: ignore[arg-type]


def test_a_floor_that_says_nothing_of_it_keeps_nothing() -> None:
    floor = bare()
    assert floor.notifications == ()
    assert floor.withdraw(1) is False
    with pytest.raises(NotImplementedError):
        floor.kept(("a",))
    with pytest.raises(LocalProtocolError, match="keeps nothing"):
        floor.restore(("a",), b"1", at(0))


def test_how_far_time_was_let_pass_outlives_the_process() -> None:
    floor, fresh = bare(), bare()
    floor.let_pass(5.5)
    assert list(floor.changed) == [ELAPSED]
    assert floor.touches == 1
    value = floor.keep(ELAPSED)
    assert value is not None
    fresh.take_back(ELAPSED, value, at(0))
    assert fresh.aged(at(1)) == at(6.5)


@pytest.mark.parametrize("value", [b"-1", b'"a"', b"{"])
def test_a_time_that_is_none_is_refused(value: bytes) -> None:
    floor = bare()
    with pytest.raises(LocalProtocolError, match="elapsed"):
        floor.take_back(ELAPSED, value, at(0))
    assert floor.elapsed == 0.0


def test_other_terms_are_for_what_comes_and_the_edition_stands() -> None:
    floor = bare(max_connects=1)
    assert floor.crowded("a", at(0)) is None
    floor.adopt(Terms(edition="observed", lifetime=5.0, max_connects=1))
    assert floor.terms == Terms(lifetime=5.0, max_connects=1)
    assert floor.crowded("a", at(1)) == 59, "the same budget goes on"
    floor.adopt(Terms(max_connects=2))
    assert [floor.crowded("a", at(1)) for _ in range(3)] == [None, None, 60]


def test_a_number_that_another_process_has_given_is_taken() -> None:
    floor = bare()
    floor.count_from(7)
    assert [floor.number(), floor.number()] == [7, 8]


def test_a_floor_without_rejections_makes_none() -> None:
    with pytest.raises(NotImplementedError):
        bare().reject(UPGRADE, Rejection(1, "no"), at(0))


def test_what_a_venue_keeps_is_its_own() -> None:
    floor = bare()
    with pytest.raises(NotImplementedError):
        floor.keep(("a",))
    with pytest.raises(LocalProtocolError, match="keeps nothing"):
        floor.take_back(("a",), b"1", at(0))


def test_a_revoked_key_ends_what_it_has_opened() -> None:
    floor = bare(revoked_close=4001)
    sessions = [caller().session for _ in range(3)]
    for session in sessions:
        floor.holders.add("k", session)
    sessions[0].close(1000)
    floor.leave(sessions[1])
    assert floor.revoke("k", at(0)) == (sessions[2],)
    assert sessions[2].closing == Closing(4001, "key revoked")
    assert floor.accounts == {}


def test_what_changed_last_is_named_last_and_once() -> None:
    floor = bare()
    for key in ("a", "b", "a"):
        floor.touch(key, 1)
    assert list(floor.changed) == [("b", 1), ("a", 1)]
