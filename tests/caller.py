"""Somebody who calls a local venue, in virtual time and without a socket.

Knows HTTP and JSON, and nothing of any dialect: what is sent and expected stands in the test.
"""

from random import Random
from typing import Any

import msgspec

from clock import VirtualClock
from venuewire.core.floor import Floor
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition, Terms
from venuewire.core.venue import Venue


class Caller:
    """One connection; several may share a floor."""

    def __init__(self, floor: Floor, clock: VirtualClock, session: ServerSession) -> None:
        self.floor, self.clock, self.session = floor, clock, session
        session.open(clock())

    def send(self, message: Any) -> list[Any]:
        """Send a frame (text as it stands, anything else as JSON); what comes back at once."""
        text = message if isinstance(message, str) else msgspec.json.encode(message).decode()
        self.session.receive(text.encode(), self.clock())
        return self.heard()

    def heard(self) -> list[Any]:
        """Everything said to this connection since it was last asked, decoded."""
        return [msgspec.json.decode(frame) for frame in self.raw()]

    def raw(self) -> list[bytes]:
        """The same, as bytes. Pushes meant for others are kept for them."""
        frames = list(self.session.outbox)
        self.session.outbox.clear()
        for push in self.floor.pushes:
            for session in push.sessions:
                if session is self.session:
                    frames.append(push.frame)
                else:
                    session.outbox.append(push.frame)
        self.floor.pushes.clear()
        return frames

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass, waking the session only when it asked for it; what it said meanwhile."""
        end = self.clock.seconds + seconds
        said: list[Any] = self.heard()
        while (due := self.session.deadline) is not None and due <= end:
            self.clock.seconds = max(self.clock.seconds, due)
            self.session.wake(self.clock())
            said += self.heard()
        self.clock.seconds = end
        return said

    @property
    def closed(self) -> int | None:
        """The close code; None while the connection is open."""
        return None if self.session.closing is None else self.session.closing.code


def floor_of(
    venue: Venue,
    *accounts: Account,
    edition: Edition = "documented",
    terms: Terms | None = None,
    seed: int = 0,
) -> tuple[Floor, VirtualClock]:
    """A floor in virtual time; with the venue's demo account when no accounts are given."""
    clock = VirtualClock()
    chosen = accounts or (Account("demo", venue.demo),)
    return venue.floor(terms or venue.terms(edition), chosen, clock, Random(seed)), clock


def knock(floor: Floor, clock: VirtualClock, door: str, request: HttpRequest) -> Caller | HttpReply:
    """Ask to be let in: a connection, or the refusal."""
    admitted = floor.admit(door, request, clock())
    return Caller(floor, clock, admitted) if isinstance(admitted, ServerSession) else admitted


def call(floor: Floor, clock: VirtualClock, door: str, request: HttpRequest) -> Caller:
    """As `knock`, for one who is surely let in."""
    caller = knock(floor, clock, door, request)
    assert isinstance(caller, Caller), caller
    return caller
