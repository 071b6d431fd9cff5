"""The primary's end of one worker's conversation: decides about its clients, answers their HTTP
requests, takes note of what it tells.

Law 1: whoever is let in anywhere is let in here first, so that numbers, limits, budgets and nonces
       are those of the whole venue.
Law 2: a session stays on the floor here until its worker says that it is gone, or is gone itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.server_session import ServerSession
from venuewire.core.venue import Door
from venuewire.faults.fault import Never, Slam
from venuewire.faults.troubles import Welcomed
from venuewire.server.dispatches import (
    Admitted,
    Decision,
    Downward,
    Happened,
    Ignored,
    Knocked,
    Parted,
    Refused,
    Rejected,
    WentAway,
)
from venuewire.transport import http_tunnel
from venuewire.transport.acts import Learned
from venuewire.transport.hall import Hall
from venuewire.transport.http_tunnel import Added, Asked, Left, TunnelExit
from venuewire.transport.journal import Journal

Heard: TypeAlias = Knocked | WentAway | Parted | Happened | Learned | http_tunnel.Upward


class FrontDesk:
    def __init__(
        self,
        halls: Mapping[str, Hall],
        journal: Journal,
        tunnel: TunnelExit,
        send: Callable[[Downward], None],
    ) -> None:
        self._halls = halls
        self._journal = journal
        self._tunnel = tunnel
        self._send = send
        self._sessions: dict[tuple[str, int], ServerSession] = {}
        self._held_up: dict[int, asyncio.TimerHandle] = {}
        """Clients whom a fault keeps waiting."""

    def hear(self, told: Heard) -> None:
        match told:
            case Knocked():
                self._knock(told)
            case WentAway(id):
                self._let_go(id)
            case Parted(venue, number):
                self._part(venue, number)
            case Happened(events):
                for event in events:
                    self._journal.enter(event)
            case Learned(venue, key, value):
                if value is not None:
                    self._halls[venue].learn(key, value)
            case Asked() | Added() | Left():
                self._tunnel.hear(told)
            case _:
                assert_never(told)

    def close(self) -> int:
        """The worker is gone; how many sessions went with it."""
        self._tunnel.close()
        for waiting in self._held_up.values():
            waiting.cancel()
        lost = tuple(self._sessions)
        for venue, number in lost:
            self._part(venue, number)
            self._halls[venue].counts.close(1006)
        return len(lost)

    # Clients.

    def _knock(self, knocked: Knocked) -> None:
        hall = self._halls[knocked.venue]
        door = hall.venue.doors[knocked.door]
        if hall.hardship is None:
            self._send(self._decision(knocked.id, hall, door, knocked.request))
            return
        match hall.hardship.receive(door, knocked.request):
            case Welcomed(request, wait) if wait:
                self._hold_up(knocked.id, hall, door, request, wait)
            case Welcomed(request):
                self._send(self._decision(knocked.id, hall, door, request))
            case Never():
                self._send(Ignored(knocked.id, resets=False))
            case Slam():
                self._send(Ignored(knocked.id, resets=True))
            case refusal:
                self._send(Refused(knocked.id, refusal))

    def _hold_up(
        self, id: int, hall: Hall, door: Door, request: HttpRequest, seconds: float
    ) -> None:
        def decide() -> None:
            del self._held_up[id]
            self._send(self._decision(id, hall, door, request))

        self._held_up[id] = asyncio.get_running_loop().call_later(seconds, decide)

    def _let_go(self, id: int) -> None:
        waiting = self._held_up.pop(id, None)
        if waiting is not None:
            waiting.cancel()
            self._send(Ignored(id, resets=False))

    def _decision(self, id: int, hall: Hall, door: Door, request: HttpRequest) -> Decision:
        now = hall.now()
        admitted = hall.admit(door, request, now)
        if isinstance(admitted, HttpReply):
            return Refused(id, admitted)
        if (rejection := admitted.rejection) is not None:
            return Rejected(id, admitted.number, now, rejection.code, rejection.reason)
        self._sessions[hall.venue.name, admitted.number] = admitted
        return Admitted(id, admitted.number, now, request)

    def _part(self, venue: str, number: int) -> None:
        session = self._sessions.pop((venue, number), None)
        if session is not None:
            self._halls[venue].dismiss(session)

    @property
    def sessions(self) -> int:
        return len(self._sessions)
