"""The venue's half of a session, and the floor it stands on."""

import pytest

from clock import at
from parrot import caller
from venuewire.core.server_session import Closing
from venuewire.core.terms import Terms


def test_a_dialect_greets_first() -> None:
    assert caller().heard() == ["hello"]


def test_a_silent_client_is_ended_the_venues_way() -> None:
    talker = caller(Terms(idle_timeout=60))
    assert talker.wait(59.9) == ["hello"]
    talker.send("x")
    assert talker.wait(59.9) == []
    assert talker.wait(0.2) == ["are you there?"]
    assert talker.closed == 1000
    assert talker.session.deadline is None


@pytest.mark.parametrize(("counts", "closed"), [(True, None), (False, 1000)])
def test_whether_a_control_ping_is_a_sign_of_life_is_a_term(
    counts: bool, closed: int | None
) -> None:
    pinger = caller(Terms(idle_timeout=60, control_ping_counts=counts))
    pinger.wait(59)
    pinger.session.pinged(pinger.clock())
    pinger.wait(1)
    assert pinger.closed == closed


def test_a_session_is_cut_at_the_end_of_its_lifetime_however_busy() -> None:
    talker = caller(Terms(lifetime=86_400, idle_timeout=50_000))
    for _ in range(2):
        talker.wait(43_199)
        talker.send("x")
    talker.wait(2)
    assert talker.session.closing == Closing(1001, abort=True)


def test_heartbeats_keep_their_interval() -> None:
    listener = caller(Terms(heartbeat_interval=1))
    listener.send("beat")
    assert listener.wait(3.5).count("beat") == 3


def test_waking_early_or_twice_is_harmless() -> None:
    listener = caller(Terms(idle_timeout=60, heartbeat_interval=1))
    listener.send("beat")
    listener.heard()
    listener.session.wake(listener.clock())
    listener.session.wake(listener.clock())
    assert listener.heard() == []
    assert listener.session.deadline == 1


def test_a_beat_that_comes_after_other_deadlines_does_not_move_them() -> None:
    session = caller(Terms(idle_timeout=5)).session
    session.beat_from(9)
    assert session.deadline == 5


def test_over_the_rate_the_dialect_says_so() -> None:
    talker = caller(Terms(max_requests=2, requests_window=10))
    talker.heard()
    assert [talker.send("x") for _ in range(3)] == [["x"], ["x"], ["too much"]]


def test_after_closing_nothing_is_heard_and_no_second_reason_given() -> None:
    talker = caller()
    talker.send("bye")
    assert talker.send("x") == []
    talker.session.close(1008)
    talker.session.wake(at(1e9))
    assert talker.session.closing == Closing(1000, "bye")
    assert repr(talker.session) == "ServerSession(1, closing 1000)"


@pytest.mark.parametrize(("word", "code"), [("x", 1006), ("bye", 1000)])
def test_a_lost_link_leaves_the_floor(word: str, code: int) -> None:
    talker = caller()
    talker.floor.subscribers.add("a", talker.session)
    assert repr(talker.session) == "ServerSession(1, open)"
    talker.send(word)
    talker.session.lost()
    assert talker.closed == code
    assert talker.floor.sessions == {}
    assert talker.floor.subscribers.of("a") == ()


def test_a_session_can_be_made_older_or_younger() -> None:
    session = caller(Terms(lifetime=100)).session
    session.grow_older(60)
    assert (session.began_at, session.deadline) == (-60, 40)
    session.grow_older(-60)
    assert (session.began_at, session.deadline) == (0, 100)


def test_a_session_without_a_lifetime_only_looks_older() -> None:
    session = caller().session
    session.grow_older(60)
    assert (session.began_at, session.cut_at, session.deadline) == (-60, None, None)
