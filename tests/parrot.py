"""A server dialect that says what it hears, and a floor for it: instruments of kernel tests."""

from collections.abc import Iterable
from random import Random

from caller import Caller
from clock import VirtualClock
from venuewire.core.floor import Floor
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
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
