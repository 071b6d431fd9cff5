"""What an operator asks a running local venue, and has it do, as it is typed."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import websockets

from integration.cli.test_commands import (
    ENVIRONMENT,
    TIMEOUT,
    done,
    ended,
    one_line,
    read_all,
    running,
)
from integration.cli.test_state_commands import refused, told

PRIME, SPOT = "kraken-prime", "kraken-spot"


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    arguments = ("--listen", "127.0.0.1:0", "--venue", PRIME, "--venue", SPOT, "--json")
    with running("serve", *arguments) as process:
        yield one_line(process)
        assert ended(process, signal.SIGTERM) == (0, "", "")


async def test_sessions_are_listed_aged_and_cut(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    assert done("session", "list", *url).stdout == "no sessions\n"
    endpoint = served["endpoints"][SPOT]
    async with websockets.connect(endpoint) as first, websockets.connect(endpoint) as second:
        asking = {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD"]}}
        await first.send(json.dumps(asking))
        while "BTC/USD" not in str(await first.recv()):
            pass
        listed = told("session", "list", *url)
        assert [(one["event"], one["venue"], one["number"]) for one in listed] == [
            ("session", SPOT, 1),
            ("session", SPOT, 2),
        ]
        assert listed[0]["channels"] == ["ticker:BTC/USD event_trigger=trades"]
        shown = done("session", "list", "--venue", SPOT, "--limit", "1", *url).stdout.splitlines()
        assert shown[0].split() == [
            *("venue", "number", "phase", "peer", "age", "silent", "queued", "channels")
        ]
        assert shown[0].index("peer") == shown[1].index("127.0.0.1")
        assert shown[1].endswith("  ticker:BTC/USD event_trigger=trades")
        assert shown[2:] == ["1 of 2 sessions"]
        [second_page] = told("session", "list", "--venue", SPOT, "--after", "1", *url)
        assert second_page["number"] == 2
        aged = told("session", "age", "1h", "--venue", SPOT, "--session", "2", *url)
        assert aged == [{"event": "aged", "sessions": 1, "seconds": 3600.0}]
        assert told("session", "list", *url)[1]["age"] >= 3600
        assert done("session", "age", "2h", *url).stdout == "2 sessions told to be 2 h old\n"
        cut = ("session", "cut", "--venue", SPOT, "--code", "4000", "--reason", "bye")
        assert done(*cut, "--session", "1", *url).stdout == "1 session cut\n"
        await first.wait_closed()
        assert (first.close_code, first.close_reason) == (4000, "bye")
        assert told("session", "cut", "--abort", *url) == [{"event": "cut", "sessions": 1}]
        await second.wait_closed()
        assert second.close_code == 1006
    assert "has no session 7" in refused(
        1, "session", "cut", "--venue", SPOT, "--session", "7", *url
    )
    assert "name one" in refused(2, "session", "age", "1", "--session", "7", *url)
    assert "'moon' is not here" in refused(2, "session", "list", "--venue", "moon", *url)
    assert "name it" in refused(2, "session", "list", "--after", "1", *url)


def test_time_passes_and_the_state_tells_it(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    assert told("clock", "advance", "24h", "--venue", PRIME, *url) == [
        {"event": "advanced", "sessions": 0, "seconds": 86400.0}
    ]
    assert done("clock", "advance", "90", *url).stdout == "0 sessions 1 min 30 s older\n"
    assert "10000000000" in refused(2, "clock", "advance", "9999999d", *url)
    [state] = told("state", *url)
    assert [one["elapsed"] for one in state["venues"]] == [86_490.0, 90.0]
    assert state["limits"]["message_bytes"] == 1024 * 1024
    assert state["tally"]["refused"] == 0
    shown = done("state", *url).stdout.splitlines()
    assert shown[0].startswith("serving, 1 of at most ")
    assert shown[1].startswith("0 sessions admitted so far, 0 refused; cut off: 0 too slow, ")
    row = [PRIME, "documented", "0", "0", "1", "0", "1", "d"]
    assert row in [line.split() for line in shown]


def test_limits_are_changed_while_it_runs(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    shown = [line.split() for line in done("limit", "list", *url).stdout.splitlines()]
    assert ["message_bytes", "1048576", "1.0", "MiB"] in shown
    assert ["connections_per_address", "-"] in shown
    changes = ("connections_per_address=7", "unread_timeout=90.5")
    changed = done("limit", "set", *changes, *url).stdout.splitlines()[1:]
    assert [line.split() for line in changed] == [
        ["connections_per_address", "7"],
        ["unread_timeout", "90.5", "1", "min", "30", "s"],
    ]
    assert done("limit", "set", "unread_timeout=90.5", *url).stdout == "they are so already\n"
    [told_so] = told("limit", "set", "connections_per_address=none", *url)
    assert (told_so["event"], told_so["changed"]) == ("limits", ["connections_per_address"])
    assert told_so["limits"]["connections_per_address"] is None
    assert told("limit", "list", *url)[0]["limits"] == told_so["limits"]
    assert "`shade`" in refused(2, "limit", "set", "shade=1", *url)
    assert "head_bytes must be" in refused(2, "limit", "set", "head_bytes=-1", *url)
    assert "head_bytes" in refused(2, "limit", "set", "head_bytes=1.5", *url)
    assert told("journal", *url)[-1]["what"] == "limits_changed"


def test_drain_and_no_longer(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    assert done("drain", *url).stdout.startswith("draining: ")
    assert done("state", *url).stdout.startswith("draining, ")
    assert told("drain", "--off", *url) == [{"event": "drain", "draining": False}]
    assert done("drain", "--off", *url).stdout.startswith("serving: ")


def test_the_journal_is_told_once_and_in_order(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    for seconds in ("1", "2"):
        done("clock", "advance", seconds, *url)
    events = told("journal", *url)
    assert {event["event"] for event in events} == {"journal"}
    assert [event["number"] for event in events] == [1, 2, 3, 4]
    assert [event["number"] for event in told("journal", "--after", "2", *url)] == [3, 4]
    assert {event["venue"] for event in told("journal", "--venue", SPOT, *url)} == {SPOT}
    first = done("journal", *url).stdout.splitlines()[0].split()
    assert first[1:] == ["1", PRIME, "advanced", "seconds", "1", "s"]
    anew = done("journal", "--after", "9", *url)
    assert (anew.returncode, len(anew.stdout.splitlines())) == (0, 4)
    assert anew.stderr == "venuewire: the local venue has begun a new journal\n"


def test_a_journal_that_is_followed_tells_what_comes_and_ends_with_ctrl_c(
    served: dict[str, Any],
) -> None:
    url = ("--url", served["base"])
    with running("journal", "--follow", "--json", *url) as following:
        for number, seconds in enumerate(("3", "4")):
            done("clock", "advance", seconds, "--venue", PRIME, *url)
            event = one_line(following)
            assert (event["number"], event["what"]) == (number + 1, "advanced")
        assert ended(following, signal.SIGINT) == (0, "", "")


def test_a_journal_that_nobody_reads_any_more_ends_well(served: dict[str, Any]) -> None:
    url = ("--url", served["base"])
    done("clock", "advance", "1", *url)
    with running("journal", "-f", *url) as following:
        assert following.stdout is not None
        assert "advanced" in following.stdout.readline()
        following.stdout.close()
        assert following.wait(TIMEOUT) == 0
        assert following.stderr is not None
        assert following.stderr.read() == ""


def test_a_narrow_terminal_gets_a_line_for_each_row(served: dict[str, Any]) -> None:
    leader, follower = pty.openpty()
    environment = {**ENVIRONMENT, "COLUMNS": "30"}
    command = [sys.executable, "-m", "venuewire", "account", "list", "--url", served["base"]]
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        shown = read_all(leader).splitlines()
        assert process.wait(TIMEOUT) == 0
    os.close(leader)
    assert [len(line) for line in shown] == [30, 30, 30]
    assert shown[1].endswith("\u2026")
