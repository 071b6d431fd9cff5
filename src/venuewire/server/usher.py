"""How a worker asks the primary about clients that come, and seats those that are let in.

Law: whoever asked is told exactly once, and a session that could not be seated is told to be gone.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.server_session import Rejection
from venuewire.core.venue import Door
from venuewire.faults.fault import Never, Slam
from venuewire.server.dispatches import (
    Admitted,
    Decision,
    Ignored,
    Knocked,
    Parted,
    Refused,
    Rejected,
    WentAway,
)
from venuewire.transport.hall import Hall, Verdict
from venuewire.transport.replies import error_reply

_Waiting: TypeAlias = tuple[Hall, Door, HttpRequest, Callable[[Verdict], None]]


class Ushers:
    """Of all halls of one worker."""

    def __init__(self, send: Callable[[Knocked | WentAway | Parted], None]) -> None:
        self._send = send
        self._numbers = 0
        self._waiting: dict[int, _Waiting] = {}

    def to(self, hall: Hall) -> None:
        """Stand at its doors."""
        hall.usher = _Usher(self, hall)
        hall.left = lambda session: self._send(Parted(hall.venue.name, session.number))

    def ask(
        self, hall: Hall, door: Door, request: HttpRequest, decided: Callable[[Verdict], None]
    ) -> Callable[[], None]:
        self._numbers += 1
        number = self._numbers
        self._waiting[number] = (hall, door, request, decided)
        place = hall.venue.doors.index(door)
        self._send(Knocked(number, hall.venue.name, place, request))
        return lambda: self._send(WentAway(number))

    def hear(self, told: Decision) -> None:
        hall, door, request, decided = self._waiting.pop(told.id)
        decided(self._verdict(hall, door, request, told))

    def _verdict(self, hall: Hall, door: Door, request: HttpRequest, told: Decision) -> Verdict:
        match told:
            case Admitted():
                return self._seat(hall, door, told)
            case Rejected():
                return _reject(hall, request, told)
            case Refused(reply=reply):
                return reply
            case Ignored(resets=resets):
                return Slam() if resets else Never()
            case _:
                assert_never(told)

    def _seat(self, hall: Hall, door: Door, told: Admitted) -> Verdict:
        seated = hall.seat(door, told.request, told.number, told.at)
        if isinstance(seated, HttpReply):
            self._send(Parted(hall.venue.name, told.number))
        return seated


def _reject(hall: Hall, request: HttpRequest, told: Rejected) -> Verdict:
    hall.floor.count_from(told.number)
    try:
        return hall.floor.reject(request, Rejection(told.code, told.reason), told.at)
    except NotImplementedError:
        return error_reply("busy", told.reason)


class _Usher:
    def __init__(self, ushers: Ushers, hall: Hall) -> None:
        self._ushers = ushers
        self._hall = hall

    def knock(
        self, door: Door, request: HttpRequest, decided: Callable[[Verdict], None]
    ) -> Callable[[], None]:
        return self._ushers.ask(self._hall, door, request, decided)
