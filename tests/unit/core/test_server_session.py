"""The venue's half of a session, and the floor it stands on."""

from collections.abc import Iterable
from random import Random

import pytest

from caller import Caller
from clock import VirtualClock, at
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Floor, Note, Publication, Subscribers
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import Closing, ServerSession
from venuewire.core.terms import Terms

UPGRADE = HttpRequest(method="GET", url="/")


class Parrot:
    """A server dialect that says what it hears, in JSON strings, and what happens to it."""

    session: ServerSession

    def __init__(self, floor: "Cage") -> None:
        self.floor = floor

    def open(self, session: ServerSession, now: Instant) -> None:
        self.session = session
        self._say("hello")

    def receive(self, payload: bytes, now: Instant) -> None:
        if payload == b"beat":
            self.session.beat_from(now.monotonic + self.session.terms.heartbeat_interval)
        elif payload == b"bye":
            self.session.close(1000, "bye")
        else:
            self._say(payload.decode())

    def exceed(self, payload: bytes, now: Instant) -> None:
        self._say("too much")

    def beat(self, now: Instant) -> None:
        self._say("beat")
        self.session.beat_from(now.monotonic + self.session.terms.heartbeat_interval)

    def idle(self, now: Instant) -> None:
        self._say("are you there?")
        self.session.close(1000)

    def cut(self, now: Instant) -> None:
        self.session.close(1001, abort=True)

    def lost(self) -> None:
        self.floor.leave(self.session)

    def _say(self, word: str) -> None:
        self.session.outbox.append(f'"{word}"'.encode())


class Cage(Floor):
    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        session = ServerSession(Parrot(self), self.terms, self.number(), now)
        self.sessions[session.number] = session
        return session


def cage(terms: Terms = Terms(), accounts: Iterable[Account] = ()) -> tuple[Cage, VirtualClock]:  # noqa: B008
    clock = VirtualClock()
    return Cage(terms, accounts, clock=clock, rng=Random(0)), clock


def caller(terms: Terms = Terms()) -> Caller:  # noqa: B008
    floor, clock = cage(terms)
    admitted = floor.admit("", UPGRADE, clock())
    assert isinstance(admitted, ServerSession)
    return Caller(floor, clock, admitted)


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
