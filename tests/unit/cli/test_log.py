"""What is logged: one line for what went wrong, and all of it only when it is asked for."""

import logging

import pytest

from venuewire.cli.log import Complaints

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
