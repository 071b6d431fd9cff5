"""The answer to a ping, as bytes: the most frequent thing a venue says.

Law 1: a pong carries `method`, the client's `req_id` if it sent one, `time_in`, `time_out`, in
       the order of the documented example, and no `success`.
Law 2: both stamps come from one template that has the current millisecond already in it; only the
       last three digits and the id are filled in. What falls on two sides of a millisecond is put
       together from two stamps.
Law 3: pings that came together are answered in one write, so their answers have the same stamps,
       rendered once: the clock is read for the first of them.
"""

from collections.abc import Callable
from math import nan
from typing import Final

from msgspec import UNSET, UnsetType

from venuewire.core.stamps import Stamps

_SECOND: Final = 1e6
_MILLISECOND: Final = 1e3
_NAMED: Final = b'{"method":"pong","req_id":%d%b'
_NAMELESS: Final = b'{"method":"pong"%b'
_TIMES: Final = b',"time_in":"%b","time_out":"%b"}'
_DIGITS: Final = tuple(b"%03d" % each for each in range(1000))


class Pongs:
    """Keep one per venue, so that the millisecond is shared."""

    __slots__ = ("_named", "_received", "_since", "_stamps", "_template", "_times", "_wall")

    def __init__(self, stamps: Stamps, wall: Callable[[], float]) -> None:
        """`wall` tells the seconds since the epoch."""
        self._stamps = stamps
        self._wall = wall
        self._since = -_SECOND
        """The millisecond the templates are made for, in microseconds since the epoch."""
        self._named = self._template = b""
        self._received = nan
        """What the present answers are made for."""
        self._times: bytes | tuple[bytes, bytes] = b""
        """Theirs; not rendered until a second ping wants them."""

    def answer(self, req_id: int | UnsetType, received: float) -> bytes:
        """`received` in seconds since the epoch."""
        if received != self._received:
            self._received = received
            sent = self._wall()
            came, left = received * _SECOND - self._since, sent * _SECOND - self._since
            if 0 <= came < _MILLISECOND and 0 <= left < _MILLISECOND:
                times = self._times = _DIGITS[int(came)], _DIGITS[int(left)]
                if req_id is not UNSET:
                    return self._named % (req_id, *times)
            else:
                self._times = self._turn(received, sent)
        if isinstance(self._times, tuple):
            self._times = self._template % self._times
        return _NAMELESS % self._times if req_id is UNSET else _NAMED % (req_id, self._times)

    def _turn(self, received: float, sent: float) -> bytes:
        """The templates were for another millisecond: make them anew for the next time."""
        stamps = self._stamps.rfc3339(received), self._stamps.rfc3339(sent)
        prefix = stamps[1][: -len("685Z")] + b"%bZ"
        self._since = sent * _SECOND // _MILLISECOND * _MILLISECOND
        self._template = _TIMES % (prefix, prefix)
        self._named = _NAMED[: -len("%b")] + self._template
        return _TIMES % stamps
