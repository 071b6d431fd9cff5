"""RFC 6455 framing: headers out, messages in."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venuewire.transport.framing import (
    BINARY,
    CONTINUATION,
    TEXT,
    Assembler,
    Breach,
    close_code,
    close_reason,
    pong_frame,
    text_frame,
    text_frames,
)


def add(assembler: Assembler, kind: int, payload: bytes, fin: bool = True) -> bytes | Breach | None:
    return assembler.add(kind, payload, fin=fin, reserved=False)


def code(result: bytes | Breach | None) -> int:
    assert isinstance(result, Breach)
    return result.code


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_length_takes_two_four_or_ten_bytes(size: int, header: bytes) -> None:
    assert text_frame(b"x" * size) == header + b"x" * size


def test_many_frames_are_one_piece() -> None:
    payloads = [b"a", b"b" * 200, b""]
    assert text_frames(payloads) == b"".join(map(text_frame, payloads))
    assert text_frames([b"a"]) == text_frame(b"a")


def test_a_pong_carries_what_the_ping_did() -> None:
    assert pong_frame(b"abc") == b"\x8a\x03abc"


def test_a_message_in_one_frame() -> None:
    assert add(Assembler(10), TEXT, b"hello") == b"hello"


@given(st.text(max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_fragments_are_joined_wherever_they_are_cut(text: str, cuts: list[int]) -> None:
    message = text.encode()
    places = sorted({0, *(min(cut, len(message)) for cut in cuts)})
    pieces = [message[a:b] for a, b in zip(places, [*places[1:], len(message)], strict=True)]
    assembler = Assembler(1000)
    for index, piece in enumerate(pieces):
        kind = CONTINUATION if index else TEXT
        whole = add(assembler, kind, piece, fin=index == len(pieces) - 1)
        assert (whole is None) == (index < len(pieces) - 1)
        assert assembler.pending == (whole is None)
    assert whole == message


def test_a_message_has_one_limit_all_fragments_added_up() -> None:
    assembler = Assembler(10)
    assert add(assembler, TEXT, b"x" * 6, fin=False) is None
    assert code(add(assembler, CONTINUATION, b"x" * 5, fin=False)) == 1009


def test_the_limit_is_for_each_message_anew() -> None:
    assembler = Assembler(10)
    for _ in range(3):
        assert add(assembler, TEXT, b"x" * 5, fin=False) is None
        assert add(assembler, CONTINUATION, b"x" * 5) == b"x" * 10


def test_fragments_cost_their_bytes_and_nothing_for_each() -> None:
    """A million fragments of nothing, or of one byte, must not be a million things to keep."""
    assembler = Assembler(1 << 20)
    add(assembler, TEXT, b"", fin=False)
    tracemalloc.start()
    for _ in range(20_000):
        add(assembler, CONTINUATION, b"", fin=False)
        add(assembler, CONTINUATION, bytes((0x61,)), fin=False)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 60_000
    assert add(assembler, CONTINUATION, b"") == b"a" * 20_000


def test_a_new_text_inside_an_unfinished_one_is_refused() -> None:
    assembler = Assembler(10)
    assert add(assembler, TEXT, b"a", fin=False) is None
    assert code(add(assembler, TEXT, b"b")) == 1002


def test_a_continuation_without_a_start_is_refused() -> None:
    assert code(add(Assembler(10), CONTINUATION, b"a")) == 1002


def test_reserved_bits_are_refused() -> None:
    assert code(Assembler(10).add(TEXT, b"a", fin=True, reserved=True)) == 1002


def test_binary_is_refused() -> None:
    assert code(add(Assembler(10), BINARY, b"a")) == 1003


@pytest.mark.parametrize("payload", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", "é".encode()[:1]])
def test_text_must_be_utf8(payload: bytes) -> None:
    assert code(add(Assembler(10), TEXT, payload)) == 1007


def test_a_character_may_be_cut_by_a_fragment() -> None:
    assembler = Assembler(10)
    euro = "€".encode()
    assert add(assembler, TEXT, euro[:1], fin=False) is None
    assert add(assembler, CONTINUATION, euro[1:]) == euro


@pytest.mark.parametrize("said", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
def test_codes_that_may_be_said(said: int) -> None:
    assert close_code(said.to_bytes(2, "big") + b"why") == said


@pytest.mark.parametrize("said", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_codes_that_must_not_be_said(said: int) -> None:
    assert close_code(said.to_bytes(2, "big")) == 1002


def test_a_close_without_a_code() -> None:
    assert close_code(b"") is None


def test_a_reason_is_cut_between_characters() -> None:
    assert close_reason("short") == "short"
    assert close_reason("x" * 122 + "é") == "x" * 122
