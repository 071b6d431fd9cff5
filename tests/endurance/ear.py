"""Reads what a venue sends on one WebSocket, strictly: whole unmasked frames, JSON in each, nothing
after a CLOSE, and no CLOSE that confesses an error of the venue's own.

Law: what is wrong is returned as a sentence; this never raises.
"""

from typing import Final

import msgspec

_CONFESSION: Final = b"an error of the local venue"
"""Not the code 1011: a client that sends it hears it back."""
_QUOTED: Final = 120
"""Bytes of what is objected to."""


class Ear:
    def __init__(self) -> None:
        self._waiting = bytearray()
        self._closed = False
        self.heard = 0
        """Frames."""

    def hear(self, data: bytes) -> str | None:
        """An objection, or None."""
        self._waiting += data
        while (found := self._next()) is not None:
            first, payload = found
            self.heard += 1
            if (objection := self._judge(first, payload)) is not None:
                return objection
        return None

    def _next(self) -> tuple[int, bytes] | None:
        """The first byte and the payload of a frame that is there as a whole."""
        waiting = self._waiting
        if len(waiting) < 2:
            return None
        size, start = waiting[1], 2
        if size in {126, 127}:
            start = 4 if size == 126 else 10
            size = int.from_bytes(waiting[2:start], "big")
        if len(waiting) < start + size:
            return None
        frame = waiting[0], bytes(waiting[start : start + size])
        del waiting[: start + size]
        return frame

    def _judge(self, first: int, payload: bytes) -> str | None:
        if self._closed:
            return f"a frame after CLOSE: {payload[:_QUOTED]!r}"
        match first:
            case 0x81:  # Text; FIN, and nothing reserved.
                return _not_json(payload)
            case 0x8A if len(payload) < 126:
                return None
            case 0x88:
                self._closed = True
                return f"CLOSE: {payload!r}" if _CONFESSION in payload else None
            case _:
                return f"a frame that begins with {first:#x}: {payload[:_QUOTED]!r}"


def _not_json(payload: bytes) -> str | None:
    try:
        payload.decode()
        msgspec.json.decode(payload)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        return f"not JSON ({error}): {payload[:_QUOTED]!r}"
    return None
