"""Timestamps as venues write them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from clock import EPOCH
from venuewire.core.stamps import Stamps


@given(st.floats(0, 4e9))
def test_six_digits_and_utc(realtime: float) -> None:
    stamp = Stamps().rfc3339(realtime).decode()
    parsed = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert len(stamp) == 27
    assert abs(parsed.timestamp() - realtime) < 2e-6


def test_the_second_is_rendered_once_and_again_when_it_changes() -> None:
    stamps = Stamps()
    assert stamps.rfc3339(EPOCH) == b"2023-11-14T22:13:20.000000Z"
    assert stamps.rfc3339(EPOCH + 0.25) == b"2023-11-14T22:13:20.250000Z"
    assert stamps.rfc3339(EPOCH + 1) == b"2023-11-14T22:13:21.000000Z"


def test_microseconds_since_the_epoch_are_whole_and_of_the_moment_asked_for() -> None:
    stamps = Stamps()
    assert [stamps.micros(EPOCH + after) for after in (0.0, 0.0, 0.25, 0.0)] == [
        *(b"1700000000000000", b"1700000000000000"),
        *(b"1700000000250000", b"1700000000000000"),
    ]
