"""The answer to a ping, as bytes: the most frequent thing a venue says.

Law 1: a pong carries `method`, the client's `req_id` if it sent one, `time_in`, `time_out`, in
       the order of the documented example, and no `success`.
Law 2: both stamps come from one template that has the current second already in it; only the
       microseconds are filled in. What falls on two sides of a second is put together from two
       stamps.
Law 3: microseconds stay floats until they are written, which drops what is below one: that is
       cheaper than `int` and comes to the same.
Law 4: pings that came together are answered in one write, so their answers have the same stamps,
       rendered once: the clock is read for the first of them.
"""

from math import nan
from typing import Final

from msgspec import UNSET, UnsetType

from venuewire.core.instant import Clock
from venuewire.core.stamps import Stamps

_SECOND: Final = 1e6
_NAMED: Final = b'{"method":"pong","req_id":%d%b'
_NAMELESS: Final = b'{"method":"pong"%b'
_TIMES: Final = b',"time_in":"%b","time_out":"%b"}'
_FRACTION: Final = b"%06dZ"


class Pongs:
    """Keep one per venue, so that the second is shared."""

    __slots__ = ("_clock", "_received", "_second", "_stamps", "_template", "_times")

    def __init__(self, stamps: Stamps, clock: Clock) -> None:
        self._stamps = stamps
        self._clock = clock
        self._second = -_SECOND
        """The second the template is made for, in microseconds since the epoch."""
        self._template = b""
        self._received = nan
        """What the times were rendered for."""
        self._times = b""

    def answer(self, req_id: int | UnsetType, received: float) -> bytes:
        """`received` in seconds since the epoch."""
        if received != self._received:
            self._times = self._render(received, self._clock().realtime)
            self._received = received
        if req_id is UNSET:
            return _NAMELESS % self._times
        return _NAMED % (req_id, self._times)

    def _render(self, received: float, sent: float) -> bytes:
        came = received * _SECOND - self._second
        left = sent * _SECOND - self._second
        if 0 <= came <= left < _SECOND:
            return self._template % (came, left)
        # The template was for another second: make it anew for the next time.
        stamps = self._stamps.rfc3339(received), self._stamps.rfc3339(sent)
        prefix = stamps[1][: -len("799685Z")] + _FRACTION
        self._second = int(sent) * _SECOND
        self._template = _TIMES % (prefix, prefix)
        return _TIMES % stamps
