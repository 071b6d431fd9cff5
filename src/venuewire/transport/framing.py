"""RFC 6455 framing that is ours: frame headers on the way out, whole messages on the way in.

The WebSocket library parses frames and masks them. It delivers fragments one by one and checks
neither their order, nor their sum, nor UTF-8, nor reserved bits; those rules are here, the same
for a client and for a venue. Pure.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9

_REASON_BYTES: Final = 123
"""A control frame holds 125 bytes, of which the code takes two."""
_SHORT: Final = tuple(bytes((0x80 | TEXT, size)) for size in range(126))


class Breach(Struct, frozen=True):
    """A peer broke a rule of the protocol: the link ends with this code."""

    code: int
    reason: str


# Out: unmasked, as a server sends.


def text_header(size: int) -> bytes:
    """The header of an unmasked text frame with `size` bytes of payload."""
    if size < 126:
        return _SHORT[size]
    if size < 0x10000:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def text_frame(payload: bytes) -> bytes:
    return text_header(len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """What no venue sends, unless it is told to misbehave."""
    return bytes((0x80 | BINARY,)) + text_header(len(payload))[1:] + payload


def text_frames(payloads: Sequence[bytes]) -> bytes:
    """Several frames as one piece to write. Short ones are the rule, and made here without a call:
    that is a tenth of what answering a ping costs above the system calls."""
    if len(payloads) == 1:
        payload = payloads[0]
        size = len(payload)
        return _SHORT[size] + payload if size < 126 else text_frame(payload)
    pieces: list[bytes] = []
    for payload in payloads:
        size = len(payload)
        pieces.append(_SHORT[size] if size < 126 else text_header(size))
        pieces.append(payload)
    return b"".join(pieces)


def pong_frame(payload: bytes) -> bytes:
    """Answers a PING, whose payload is at most 125 bytes."""
    return bytes((0x8A, len(payload))) + payload


def close_reason(text: str) -> str:
    """As much of it as fits into a CLOSE frame."""
    return text.encode()[:_REASON_BYTES].decode("utf-8", "ignore")


# In.


def close_code(payload: bytes) -> int | None:
    """What a peer's CLOSE frame says; None when it gives no code, 1002 when it gives a wrong one.

    RFC 6455, section 7.4: 1004, 1005, 1006 and 1015 "MUST NOT be set as a status code in a Close
    control frame by an endpoint".
    """
    if not payload:
        return None
    code = int.from_bytes(payload[:2], "big")
    standard = 1000 <= code <= 1014 and code not in (1004, 1005, 1006)
    return code if standard or 3000 <= code <= 4999 else 1002


class Assembler:
    """Joins the data frames of one direction of one link into whole text messages.

    A caller may pass by `add` for the frequent case: a text frame with FIN, no reserved bit, a
    payload that is ASCII, and `pending` False.

    Law: an unfinished message costs its bytes, and nothing for each fragment: a million of one
    byte, or of none, are no more than a few large ones.
    """

    __slots__ = ("_gathered", "limit", "pending")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Bytes, of a whole message."""
        self.pending = False
        """A message has begun and not ended."""
        self._gathered = bytearray()

    def add(self, kind: int, payload: bytes, *, fin: bool, reserved: bool) -> bytes | Breach | None:
        """A data frame has arrived: the whole message, what is wrong, or None: more must come."""
        if reserved:
            return Breach(1002, "reserved bits are set, and no extension was agreed on")
        if kind == BINARY:
            return Breach(1003, "only text is understood here")
        if (kind == TEXT) is self.pending:
            return Breach(1002, _OUT_OF_ORDER[kind])
        if len(self._gathered) + len(payload) > self.limit:
            return Breach(1009, f"a message may have {self.limit} bytes")
        if fin and not self.pending:
            return _checked(payload)
        self._gathered += payload
        self.pending = not fin
        return self._whole() if fin else None

    def _whole(self) -> bytes | Breach:
        message = bytes(self._gathered)
        self._gathered = bytearray()
        return _checked(message)


def _checked(message: bytes) -> bytes | Breach:
    return message if _is_text(message) else Breach(1007, "a text message must be UTF-8")


_OUT_OF_ORDER: Final = {
    TEXT: "a message began inside another",
    CONTINUATION: "a continuation of nothing",
}


def _is_text(payload: bytes) -> bool:
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
