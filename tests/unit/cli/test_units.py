"""Times and sizes as people write and read them."""

import pytest

from venuewire.cli.outcome import WrongUsage
from venuewire.cli.units import duration, moment, size, span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("0.5", 0.5),
        ("30s", 30),
        ("15m", 900),
        ("24h", 86_400),
        ("1.5h", 5_400),
        ("1d12h", 129_600),
        ("1d1h1m1s", 90_061),
    ],
)
def test_a_time_that_is_typed(text: str, seconds: float) -> None:
    assert span("SECONDS", text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "h", "-1", "+1", "1e3", "nan", "inf", "1h1d", "1 h", "1,5", "1.", "24 hours", "1\n"),
        *("\u0663", "9" * 41),
    ],
)
def test_what_is_no_time_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"^SECONDS: a time such as 90, 15m, 24h"):
        span("SECONDS", text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.05, "0 s"),
        (0.89, "0.8 s"),
        (9.99, "9.9 s"),
        (10, "10 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3_605, "1 h"),
        (86_399, "23 h 59 min"),
        (183_600, "2 d 3 h"),
        (86_400 * 400, "400 d"),
    ],
)
def test_a_time_is_shown_in_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (1023, "1023 B"),
        (4096, "4.0 KiB"),
        (1_572_864, "1.5 MiB"),
        (3 * 2**30, "3.0 GiB"),
        (2**40, "1024.0 GiB"),
    ],
)
def test_a_size(count: int, text: str) -> None:
    assert size(count) == text


def test_a_moment_looks_as_in_the_log() -> None:
    assert moment(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"
    assert moment(1e30) == "1e+30"
