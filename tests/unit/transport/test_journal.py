"""What is remembered of what happened, and what is forgotten."""

import logging

import pytest

from clock import VirtualClock
from venuewire.transport.journal import LONGEST_TEXT, Journal


def journal(limit: int = 3) -> Journal:
    return Journal(limit, VirtualClock())


def test_the_oldest_are_forgotten_and_counted() -> None:
    written = journal()
    for number in range(1, 6):
        written.write("opened", "toy", session=number)
    assert [event.session for event in written.read()] == [3, 4, 5]
    assert (written.forgotten(), written.forgotten(1), written.forgotten(4)) == (2, 1, 0)


def test_reading_on_from_the_last_number_repeats_nothing() -> None:
    written = journal()
    assert (written.read(), written.forgotten(), written.written) == ((), 0, 0)
    for venue in ("toy", "other", ""):
        written.write("cut", venue)
    assert [event.number for event in written.read(1, 1)] == [2]
    assert [event.number for event in written.read(2)] == [3]


def test_one_venues_events_and_those_of_all() -> None:
    written = journal()
    for venue in ("toy", "other", ""):
        written.write("cut", venue)
    assert [event.venue for event in written.read(venue="toy")] == ["toy", ""]


def test_what_a_client_said_is_cut_short() -> None:
    written = journal()
    written.write("subscribed", "toy", channel="x" * 1_000_000, reason="y" * 1_000_000)
    [event] = written.read()
    assert (len(event.channel), len(event.reason)) == (LONGEST_TEXT, LONGEST_TEXT)


def test_what_anybody_can_cause_washes_nothing_away() -> None:
    clock = VirtualClock()
    written = Journal(10, clock)
    for second in (0.0, 0.9, 1.0, 1.9):
        clock.seconds = second
        for code in (503, 429):
            written.refused(code, peer="10.0.0.7", reason="no room")
    told = [(event.what, event.venue, event.code) for event in written.read()]
    assert told == [("refused", "", 503), ("refused", "", 429)] * 2


def test_each_event_is_a_line_for_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    written = journal()
    written.write("closed", "toy", session=7, code=1001, reason="going away")
    [record] = caplog.records
    assert record.getMessage() == "toy closed session=7 code=1001 reason='going away'"
    assert record.__dict__["event"] == written.read()[0]
