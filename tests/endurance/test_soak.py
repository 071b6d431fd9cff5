"""Some minutes of a team's venue, in seconds; `make soak` is half a day."""

import socket
import subprocess
import sys
import time

from endurance.hasty import origin
from endurance.served import ENVIRONMENT, PATIENCE, Served
from endurance.soak import CONFIGURATION, RATE, Outcome, run
from endurance.soak_page import is_well, part
from endurance.vitals import Trend
from raw_peer import upgrade

ASLEEP = """
import asyncio, time
before = time.monotonic(), time.time()
asyncio.run(asyncio.sleep(30))
print(time.monotonic() - before[0] >= 30, time.time() - before[1] >= 30)
"""


def test_a_busy_venue_is_as_it_was_after_each_round() -> None:
    outcome = run(0.05)
    assert outcome.objections == []
    assert outcome.sessions == 10
    assert outcome.done["publications"] == 50 * outcome.rounds
    assert outcome.done["guests that were served"] > 0
    assert outcome.done["connections of storms"] > 0
    # Memory is still warming up; sockets are all closed.
    assert outcome.venue[1].is_flat
    assert outcome.customers[1].is_flat
    assert "sessions admitted by the venue" in part("make soak", outcome)


def test_what_is_hasty_waits_less_and_agrees_on_the_time() -> None:
    script = f"from endurance.hasty import hasten; hasten(100.0, {origin()!r})\n{ASLEEP}"
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "True"]
    assert time.monotonic() - began < 30


def test_a_session_that_says_nothing_is_dropped_after_a_hasty_minute() -> None:
    """The venue's own deadline comes due, without an order."""
    hasty = (sys.executable, "-m", "endurance.hasty", str(RATE), origin(), "venue")
    with (
        Served(CONFIGURATION, command=hasty) as served,
        socket.create_connection(served.address, PATIENCE) as stream,
    ):
        began = time.monotonic()
        stream.sendall(upgrade("/kraken-futures/ws/v1"))
        while stream.recv(4096):
            pass
        assert time.monotonic() - began < 60


def test_what_has_grown_is_told() -> None:
    flat, grown = Trend(20, 21, 22, tolerance=2), Trend(20, 30, 30, tolerance=2)
    outcome = Outcome(
        hours=12,
        minutes=10,
        rounds=8,
        sessions=10,
        done={},
        admitted=100,
        venue=(flat, grown),
        customers=(flat, flat),
        objections=[],
    )
    assert is_well(outcome) == ["venue: descriptors rose from 20.0 to 30.0"]
    assert "| descriptors (they may rise by) | 20.0 to 30.0 (2.0) |" in part("make soak", outcome)
