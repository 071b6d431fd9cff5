"""The live table fits its terminal, and keeps the rare in view."""

import pytest

from venuewire.cli.board import COLUMNS, Recent, fitting
from venuewire.core.messages import Message
from venuewire.core.updates import Ready


@pytest.mark.parametrize("width", [60, 80, 100, 120, 150, 200])
def test_columns_fit_the_terminal(width: int) -> None:
    assert sum(column.width + 2 for column in fitting(width)) <= width + 2


def test_the_liveness_of_a_session_is_always_shown() -> None:
    shown = [column.title for column in fitting(10)]
    assert shown == ["venue", "phase", "verdict", "round trip", "heard"]


def test_80_columns_have_room_for_pongs_reconnects_and_gaps() -> None:
    assert {"pongs", "reconn", "gaps"} <= {column.title for column in fitting(80)}


def test_a_wide_terminal_shows_all() -> None:
    assert fitting(170) == list(COLUMNS)


def test_messages_do_not_wash_away_what_is_rare() -> None:
    recent = Recent()
    recent.hear("kucoin", Ready(1))
    for number in range(1000):
        recent.hear("kucoin", Message(channel="ticker", raw=b"%d" % number))
    first, second = recent.lines(10)
    assert first.plain.endswith("ready, link 1")
    assert second.plain.endswith("ticker update: 999")


def test_what_is_kept_has_a_limit_and_the_newest_stay() -> None:
    recent = Recent()
    for number in range(1000):
        recent.hear("kucoin", Ready(number))
    assert len(recent.lines(1000)) < 100
    assert recent.lines(3)[-1].plain.endswith("link 999")
