"""The answer to a ping, as bytes: the most frequent thing a venue says.

Law 1: a pong carries `method`, the client's `req_id` if it sent one, `time_in`, `time_out`, in
       the order of the documented example, and no `success`.
Law 2: both stamps come from one template that has the current second already in it; only the
       microseconds and the id are filled in. What falls on two sides of a second is put together
       from two stamps.
Law 3: microseconds stay floats until they are written, which drops what is below one: that is
       cheaper than `int` and comes to the same.
"""

from typing import Final

from msgspec import UNSET, UnsetType

from venuewire.core.stamps import Stamps

_SECOND: Final = 1e6
_NAMED: Final = b'{"method":"pong","req_id":%d,"time_in":"%b","time_out":"%b"}'
_NAMELESS: Final = b'{"method":"pong","time_in":"%b","time_out":"%b"}'
_FRACTION: Final = b"%06dZ"


class Pongs:
    """Keep one per venue, so that the second is shared."""

    __slots__ = ("_named", "_nameless", "_second", "_stamps")

    def __init__(self, stamps: Stamps) -> None:
        self._stamps = stamps
        self._second = -_SECOND
        """The second the templates are made for, in microseconds since the epoch."""
        self._named = b""
        self._nameless = b""

    def answer(self, req_id: int | UnsetType, received: float, sent: float) -> bytes:
        """Both times in seconds since the epoch."""
        came = received * _SECOND - self._second
        left = sent * _SECOND - self._second
        if not 0 <= came <= left < _SECOND:
            return self._anew(req_id, received, sent)
        if req_id is UNSET:
            return self._nameless % (came, left)
        return self._named % (req_id, came, left)

    def _anew(self, req_id: int | UnsetType, received: float, sent: float) -> bytes:
        """The templates were for another second: answer, and make them anew for the next time."""
        stamps = self._stamps.rfc3339(received), self._stamps.rfc3339(sent)
        prefix = stamps[1][: -len("799685Z")] + _FRACTION
        self._second = int(sent) * _SECOND
        self._nameless = _NAMELESS % (prefix, prefix)
        self._named = _NAMED.replace(b"%d", b"%%d") % (prefix, prefix)
        return _NAMELESS % stamps if req_id is UNSET else _NAMED % (req_id, *stamps)
