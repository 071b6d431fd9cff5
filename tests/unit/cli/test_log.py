"""What is logged: one line for what went wrong, and all of it only when it is asked for."""

import json
import logging

import pytest

from venuewire.cli.log import Complaints, Events, log_events, log_to_stderr
from venuewire.transport.journal import Event

RECORD = logging.makeLogRecord({"msg": "%s failed: %s\n%s", "args": ("x", "KeyError", "  line 1")})


@pytest.mark.parametrize(
    ("whole", "told"),
    [
        (False, "venuewire: x failed: KeyError\n"),
        (True, "venuewire: x failed: KeyError\nvenuewire:   line 1\n"),
    ],
)
def test_the_places_of_an_error_are_told_on_demand(
    whole: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Complaints(whole=whole).emit(RECORD)
    assert capsys.readouterr().err == told


EVENT = logging.makeLogRecord(
    {
        "name": "venuewire.transport.journal",
        "msg": "%s",
        "args": ("kucoin closed session=7\nINJECTED\x1b[2J",),
        "levelno": logging.INFO,
        "levelname": "INFO",
        "created": 1_700_000_000.25,
        "msecs": 250.0,
        "event": Event(number=3, at=1.5, what="closed", venue="kucoin", session=7, code=1001),
    }
)


def test_an_event_is_one_line_of_json_with_its_own_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Events("json").emit(EVENT)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    told = json.loads(said)
    assert told["time"] == "2023-11-14T22:13:20.250Z"
    assert (told["level"], told["logger"]) == ("info", "venuewire.transport.journal")
    assert told["event"]["what"] == "closed"
    assert told["event"]["code"] == 1001


def test_an_event_is_one_line_of_text_that_can_do_nothing_to_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Events("text").emit(EVENT)
    said = capsys.readouterr().err
    assert said.startswith("2023-11-14T22:13:20.250Z info kucoin closed session=7 | INJECTED")
    assert (said.count("\n"), "\x1b" in said) == (1, False)


def test_events_take_the_place_of_complaints() -> None:
    log_to_stderr({})
    log_events("json")
    kinds = {type(handler) for handler in logging.getLogger().handlers}
    assert (Events in kinds, Complaints in kinds) == (True, False)
    assert logging.getLogger("venuewire").level == logging.INFO
