"""The loads look at what they hear, and the C servers say what they should."""

import os
import shutil
import subprocess
import sys

import pytest

from bench.load import BARE, SPOT_TEXT, Loops, pings
from bench.measure import Server, family, resident, serving
from bench.programs import program

pytestmark = [
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
    pytest.mark.skipif(sys.platform != "linux", reason="epoll, /proc"),
]


def ping(server: Server, **changed: object) -> "subprocess.CompletedProcess[str]":
    told: dict[str, object] = {
        "port": server.port,
        "pids": server.pids,
        "connections": 2,
        "milliseconds": 20,
        "text": SPOT_TEXT,
        "answer": '"pong"',
        **changed,
    }
    words = [str(word) for pair in told.items() for word in pair]
    return subprocess.run(
        [program("loads/ping"), *words], check=False, capture_output=True, text=True, timeout=60
    )


def test_answers_are_counted_and_so_is_what_they_cost() -> None:
    with serving([program("yardsticks/pong")], core()) as server:
        for depth in (1, 16):
            sample = pings(server, BARE, Loops(3, depth, 0.05))
            assert sample.cost > 0
            assert sample.busy > 0


def test_an_answer_without_what_it_must_have_ends_the_load() -> None:
    with serving([program("yardsticks/fan"), "pushed"], core()) as server:
        ended = ping(server)  # It says what it hears.
    assert ended.returncode == 1
    assert "not the answer to ping" in ended.stderr


def test_an_answer_to_another_ping_ends_the_load() -> None:
    same = '{"method":"pong","req_id":7,"echo":"%d"}'
    with serving([program("yardsticks/pong")], core()) as server:
        ended = ping(server, text=same.replace("pong", "ping"))
    assert ended.returncode == 1, ended.stdout
    assert '"req_id":7' in ended.stderr


def test_a_load_says_what_it_is_missing() -> None:
    ended = subprocess.run(
        [program("loads/ping"), "port", "1"], check=False, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (1, "connections is missing\n")


def test_what_a_process_has_started_is_measured_with_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in family(os.getpid())
        assert resident(child.pid) > 0
    finally:
        child.communicate(b"\n")


def core() -> int:
    return min(os.sched_getaffinity(0))
