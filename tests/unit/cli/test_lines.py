"""What the commands write: one line per thing, and nothing that plays with a terminal."""

import msgspec
import pytest

from venuewire.cli.lines import aligned, describe, fields_of, milliseconds
from venuewire.core.messages import Message
from venuewire.core.updates import (
    Alive,
    Backfilled,
    Cause,
    Down,
    Gap,
    Notice,
    Overrun,
    Ready,
    Refused,
    Stalled,
    Subscribed,
    Suspect,
    Unreadable,
    Unsubscribed,
    Update,
)

MESSAGE = Message(channel="ticker:BTC/USD", raw=b'{\n "last": 1.10\n}', received=1.5)


@pytest.mark.parametrize(
    ("update", "line"),
    [
        (Ready(3), "ready, link 3"),
        (Subscribed("book:BTC/USD"), "subscribed book:BTC/USD"),
        (Unsubscribed("book:BTC/USD"), "unsubscribed book:BTC/USD"),
        (Refused("no such pair", "ticker:A/B", 404), "refused ticker:A/B: no such pair (404)"),
        (Refused("no"), "refused: no"),
        (Suspect("nothing heard for 3.0 s"), "suspect: nothing heard for 3.0 s"),
        (Stalled("ticker:A", "never delivered"), "ticker:A stalled: never delivered"),
        (Alive("a pong"), "alive after all: a pong"),
        (Down(Cause.SILENT, "dead", 0.55), "down (silent): dead; next attempt in 0.6 s"),
        (Down(Cause.CLOSED, "bye", None), "down (closed): bye; for good"),
        (Gap("book", 10.0, 12.5, "lost"), "gap of 2.5 s in book: lost"),
        (Overrun("trade", 9), "trade given up: 9 messages were waiting"),
        (
            Backfilled(Gap("trade", 1.0, 2.0, "lost"), 0, "no answer within 10 s"),
            "backfilled trade with 0 messages; no answer within 10 s",
        ),
        (Unreadable("not JSON"), "unreadable: not JSON"),
        (Notice("maintenance"), "notice: maintenance"),
        (MESSAGE, 'ticker:BTC/USD update: {\ufffd "last": 1.10\ufffd}'),
    ],
)
def test_every_update_is_one_line(update: Update, line: str) -> None:
    assert describe(update) == line


def test_a_venue_cannot_send_commands_to_the_terminal() -> None:
    assert "\x1b" not in describe(Notice("\x1b]0;pwned\x07"))


def test_a_long_payload_is_cut() -> None:
    assert len(describe(Message(channel="x", raw=b'"' + b"a" * 5000 + b'"'))) < 200


def test_a_message_is_embedded_in_json_on_one_line_with_its_numbers_untouched() -> None:
    encoded = msgspec.json.encode(fields_of(MESSAGE))
    assert b"\n" not in encoded
    assert b'"raw":{"last":1.10}' in encoded


def test_an_update_in_json_has_its_fields() -> None:
    assert msgspec.json.encode(fields_of(Down(Cause.LOST, "gone", None))) == (
        b'{"cause":"lost","reason":"gone","retry_in":null}'
    )


def test_tables_are_aligned() -> None:
    assert aligned([{"venue": "a", "n": 10}, {"venue": "longer", "n": 9}]) == [
        "venue    n",
        "a       10",
        "longer   9",
    ]
    assert aligned([]) == []


def test_a_round_trip_may_be_unknown() -> None:
    assert [milliseconds(0.00042), milliseconds(None)] == ["0.42 ms", "-"]
