"""One WebSocket connection of the fuzzer, as the frames it sends: lawful ones first, in every form
there is, and then one of the ways in which a connection ends.

Law 1: a conversation is its seed and its door.
Law 2: nothing before the ending makes a faithful server hang up: what is fatal comes once, last, or
       no frame after it would be heard.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random
from typing import Final, TypeAlias

from endurance.speech import Speech
from raw_peer import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

MOST_GROUPS: Final = 800
"""Of a conversation, before its ending."""
LONGEST_MESSAGE: Final = 65_536
"""Bytes that the venue under test allows: `limits.message_bytes` of its configuration."""
_FIN: Final = 0x80
_TABLES: Final = tuple(bytes(each ^ key for each in range(256)) for key in range(256))
_OUTRIGHT: Final = 0.98
"""Of messages are one text frame."""

Frame: TypeAlias = tuple[bytes, bytes]
"""As it is sent; and without its mask, to tell whether it is a new one."""


def frame(
    rng: Random, payload: bytes, kind: int = TEXT, *, fin: bool = True, rsv: int = 0
) -> Frame:
    """Masked with four bytes of which one in sixteen times all four count."""
    first = (_FIN if fin else 0) | rsv << 4 | kind
    size, key = len(payload), rng.getrandbits(8)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 0x10000:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    if key & 0xF:
        mask, hidden = bytes((key,)) * 4, payload.translate(_TABLES[key])
    else:
        mask = rng.randbytes(4)
        hidden = xor(payload, mask)
    return head + mask + hidden, bytes((first,)) + payload


def xor(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    hidden = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return hidden.to_bytes(size, "big")


def conversation(rng: Random, speech: Speech) -> Iterator[list[Frame]]:
    """All that is sent on one connection, in groups that nothing may come between."""
    chance, talk = rng.random, Talk(rng, speech)
    for _ in range(rng.randrange(1, MOST_GROUPS)):
        if chance() < _OUTRIGHT:
            yield [frame(rng, speech.payload(rng))]
        else:
            yield list(rng.choice(LAWFUL)(talk))
    yield list(rng.choice(ENDINGS)(talk))


class Talk:
    """Each method is one group of frames."""

    def __init__(self, rng: Random, speech: Speech) -> None:
        self._rng = rng
        self._frame = partial(frame, rng)
        self._payload = partial(speech.payload, rng)

    # What is lawful, if odd.

    def _fragments(self) -> Iterator[Frame]:
        payload = self._payload()[: self._rng.choice((10, 100, 10_000))]
        if not payload.isascii():
            payload = b'{"' + payload.hex().encode() + b'":1}'
        cuts = sorted(self._rng.choices(range(len(payload) + 1), k=self._rng.randrange(1, 30)))
        pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        yield self._frame(pieces[0], TEXT, fin=False)
        for piece in pieces[1:-1]:
            if self._rng.random() < 0.2:
                yield self._frame(
                    self._rng.randbytes(self._rng.randrange(126)), self._rng.choice((PING, PONG))
                )
            yield self._frame(piece, CONTINUATION, fin=False)
        yield self._frame(pieces[-1], CONTINUATION)

    def _letter_in_pieces(self) -> Iterator[Frame]:
        """UTF-8 may be cut anywhere, as long as the whole of it is right."""
        payload = f'{{"\U0001f600":"\u4e2d\u00e9{self._rng.getrandbits(60):x}"}}'
        pieces = [bytes((each,)) for each in payload.encode()]
        for number, piece in enumerate(pieces):
            kind = CONTINUATION if number else TEXT
            yield self._frame(piece, kind, fin=number == len(pieces) - 1)

    def _nothing_in_pieces(self) -> Iterator[Frame]:
        yield self._frame(b"", TEXT, fin=False)
        for _ in range(self._rng.randrange(100)):
            yield self._frame(b"", CONTINUATION, fin=False)
        yield self._frame(b"", CONTINUATION)

    def _controls(self) -> Iterator[Frame]:
        for _ in range(self._rng.randrange(1, 20)):
            yield self._frame(
                self._rng.randbytes(self._rng.choice((0, 1, 8, 124, 125))),
                self._rng.choice((PING, PONG)),
            )

    def _long(self) -> Iterator[Frame]:
        """At the borders of the forms of length."""
        for size in self._rng.sample(
            (0, 1, 125, 126, 127, 128, 4091, 4096, 8192, 65535, 65536), k=2
        ):
            payload = self._payload()
            yield self._frame((payload if payload.isascii() else b"").ljust(size, b" ")[:size])

    # What ends a connection, or leaves it in the middle of a word.

    def _close(self) -> Iterator[Frame]:
        code = self._rng.choice(
            (0, 1, 999, *range(1000, 1017), 1100, 2999, 3000, 4999, 5000, 65535)
        )
        reason = self._rng.choice((b"", b"bye", b"\xff\xfe", b"x" * 123, "\u00e9".encode()[:1]))
        yield self._frame(struct.pack(">H", code) + reason, CLOSE)

    def _close_without_sense(self) -> Iterator[Frame]:
        yield self._frame(self._rng.choice((b"", b"\x03", b"\xff" * 125)), CLOSE)

    def _close_and_go_on(self) -> Iterator[Frame]:
        yield from self._close()
        yield from self._followed()

    def _reserved_bits(self) -> Iterator[Frame]:
        kind = self._rng.choice((TEXT, CONTINUATION, PING, PONG, CLOSE))
        yield self._frame(b"x", kind, rsv=self._rng.randrange(1, 8))

    def _reserved_opcode(self) -> Iterator[Frame]:
        yield self._frame(b"x", self._rng.choice((3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)))
        yield from self._followed()

    def _unmasked(self) -> Iterator[Frame]:
        said = b'{"method":"ping"}'
        yield bytes((_FIN | self._rng.choice((TEXT, PING, CLOSE)), len(said))) + said, said

    def _control_too_long(self) -> Iterator[Frame]:
        yield self._frame(
            b"x" * self._rng.choice((126, 127, 65536)), self._rng.choice((PING, PONG, CLOSE))
        )

    def _control_in_pieces(self) -> Iterator[Frame]:
        yield self._frame(b"x", self._rng.choice((PING, PONG, CLOSE)), fin=False)
        yield self._frame(b"y", CONTINUATION)

    def _binary(self) -> Iterator[Frame]:
        yield self._frame(self._payload(), BINARY, fin=self._rng.random() < 0.5)

    def _out_of_order(self) -> Iterator[Frame]:
        if self._rng.random() < 0.5:
            yield self._frame(b"a continuation of nothing", CONTINUATION)
        else:
            yield self._frame(b"{", TEXT, fin=False)
            yield self._frame(b"a message inside another", TEXT)
        yield from self._followed()

    def _no_text(self) -> Iterator[Frame]:
        wrong = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\x80")
        yield self._frame(b'{"method":"' + self._rng.choice(wrong) + b'"}', TEXT)

    def _no_text_in_pieces(self) -> Iterator[Frame]:
        yield self._frame(b'{"a":"\xe4', TEXT, fin=False)
        yield self._frame(b"\xb8", CONTINUATION, fin=False)
        yield self._frame(b'"}', CONTINUATION)

    def _too_large(self) -> Iterator[Frame]:
        yield self._frame(b" " * (LONGEST_MESSAGE + 1))

    def _too_large_in_pieces(self) -> Iterator[Frame]:
        yield self._frame(b"", TEXT, fin=False)
        for _ in range(LONGEST_MESSAGE // 4096 + 2):
            yield self._frame(b" " * 4096, CONTINUATION, fin=False)

    def _unfinished_message(self) -> Iterator[Frame]:
        yield self._frame(b'{"method":', TEXT, fin=False)

    def _unfinished_frame(self) -> Iterator[Frame]:
        whole, bare = self._frame(self._payload())
        yield whole[: self._rng.randrange(1, len(whole))], bare

    def _lie(self) -> Iterator[Frame]:
        """A length that nobody will ever send."""
        size = self._rng.choice((2**16, 2**21, 2**31, 2**40, 2**62, 2**63, 2**64 - 1))
        yield b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b"x" * 100, b"%d" % size

    def _long_form(self) -> Iterator[Frame]:
        """RFC 6455: "the minimal number of bytes MUST be used to encode the length"."""
        said = b'{"method":"ping"}'
        head = self._rng.choice((b"\x81\xfe\x00\x11", b"\x81\xff" + bytes(7) + b"\x11"))
        yield head + bytes(4) + said, head + said
        yield from self._followed()

    def _noise(self) -> Iterator[Frame]:
        noise = self._rng.choice(
            (self._rng.randbytes(200), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", bytes(1000))
        )
        yield noise, noise

    def _silence(self) -> Iterable[Frame]:
        """The end of the connection is all."""
        return ()

    def _followed(self) -> Iterator[Frame]:
        """What nobody should hear any more."""
        for _ in range(self._rng.randrange(50)):
            yield self._frame(self._payload())


LAWFUL: Final[tuple[Callable[[Talk], Iterable[Frame]], ...]] = (
    Talk._fragments,
    Talk._fragments,
    Talk._fragments,
    Talk._controls,
    Talk._controls,
    Talk._controls,
    Talk._controls,
    Talk._letter_in_pieces,
    Talk._nothing_in_pieces,
    Talk._long,
)
ENDINGS: Final[tuple[Callable[[Talk], Iterable[Frame]], ...]] = (
    Talk._close,
    Talk._close_without_sense,
    Talk._close_and_go_on,
    Talk._reserved_bits,
    Talk._reserved_opcode,
    Talk._unmasked,
    Talk._control_too_long,
    Talk._control_in_pieces,
    Talk._binary,
    Talk._out_of_order,
    Talk._no_text,
    Talk._no_text_in_pieces,
    Talk._too_large,
    Talk._too_large_in_pieces,
    Talk._unfinished_message,
    Talk._unfinished_frame,
    Talk._lie,
    Talk._long_form,
    Talk._noise,
    Talk._silence,
)
