"""The commands as a user runs them: processes, real sockets, signals, exit statuses."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

import venuewire
from venuewire.venues import venues

SOURCE: Final = str(Path(venuewire.__file__).parents[1])
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": SOURCE, "TERM": "xterm", "COLUMNS": "150"}
SECRETS: Final = [venue.demo.api_secret for venue in venues().values()]
TIMEOUT: Final = 20.0


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "venuewire", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def done(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "venuewire", *arguments]
    completed = subprocess.run(
        command, capture_output=True, text=True, env=ENVIRONMENT, timeout=TIMEOUT, check=False
    )
    assert "Traceback" not in completed.stderr
    return completed


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Asked to end by a signal: its exit status, and what else it wrote."""
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, out, err


def one_line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Any]]:
    """The ready line of a local venue."""
    with running("serve", "--listen", "127.0.0.1:0", "--json") as process:
        yield one_line(process)
        status, out, err = ended(process, signal.SIGTERM)
        assert (status, out, err) == (0, "", "")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_serve_says_in_one_line_where_it_is_and_who_may_come(served: dict[str, Any]) -> None:
    assert list(served) == ["event", "base", "endpoints", "credentials"]
    assert served["event"] == "ready"
    base = served["base"]
    assert served["endpoints"]["kucoin"] == f"{base}/kucoin"
    assert served["endpoints"]["kraken-futures"] == f"ws{base[4:]}/kraken-futures/ws/v1"
    assert set(served["endpoints"]) == set(served["credentials"]) == set(venues())
    assert set(served["credentials"]["kucoin"]) == {"api_key", "api_secret", "passphrase"}
    assert set(served["credentials"]["kraken-futures"]) == {"api_key", "api_secret"}


def test_serve_with_accounts_of_its_own_tells_nobodys_keys(tmp_path: Path) -> None:
    config = tmp_path / "venue.toml"
    config.write_text(
        '[serve]\nlisten = "127.0.0.1:0"\nvenues = ["kucoin"]\n'
        '[[account]]\nname = "a"\nvenue = "kucoin"\napi_key = "k"\napi_secret = "sesame"\n'
    )
    with running("serve", "--config", str(config), "--json") as process:
        ready = one_line(process)
        assert list(ready) == ["event", "base", "endpoints"]
        assert list(ready["endpoints"]) == ["kucoin"]
        assert ended(process, signal.SIGINT) == (0, "", "")


def test_serve_fails_on_a_port_that_is_taken(served: dict[str, Any]) -> None:
    completed = done("serve", "--listen", served["base"].removeprefix("http://"))
    assert completed.returncode == 1
    assert completed.stderr.startswith("venuewire: cannot listen on 127.0.0.1:")
    assert completed.stderr.count("\n") == 1


def test_watch_holds_a_live_session_to_every_venue() -> None:
    completed = done("watch", "all", "--local", "--for", "2.7", "--json")
    assert (completed.returncode, completed.stderr) == (0, "")
    *told, summary = map(json.loads, completed.stdout.splitlines())
    assert {update["event"] for update in told} == {"update"}
    assert {update["venue"] for update in told if update["update"] == "Ready"} == set(venues())
    assert summary["event"] == "summary"
    assert summary["ok"] is True
    for session in summary["sessions"]:
        assert (session["phase"], session["verdict"]) == ("ready", "alive")
        assert session["pings"] >= session["pongs"] >= 1
        assert session["rtt_ms"] > 0
        assert session["messages"] >= 2
        assert (session["reconnects"], session["rotations"], session["gaps"]) == (0, 0, 0)
        assert session["notifications"] == (session["venue"] == "kraken-futures")
    assert not [secret for secret in SECRETS if secret in completed.stdout]


def test_watch_without_a_venue_that_answers_fails() -> None:
    url = f"kucoin=http://127.0.0.1:{closed_port()}/kucoin"
    completed = done("watch", "kucoin", "--url", url, "--for", "0.5")
    assert (completed.returncode, completed.stderr) == (1, "")
    assert "down (lost): " in completed.stdout
    assert completed.stdout.endswith("1 of 1 sessions not live: kucoin\n")


def test_what_is_published_and_notified_is_heard(served: dict[str, Any]) -> None:
    base, url = served["base"], f"kraken-futures={served['endpoints']['kraken-futures']}"
    with running("watch", "kraken-futures", "--url", url, "--json") as watching:
        heard = iter(lambda: one_line(watching), None)
        next(update for update in heard if update.get("channel") == "notifications_auth")
        ticker = ["kraken-futures", "ticker:PI_XBTUSD", '{"bid":1.10}']
        published = done("publish", *ticker, "--url", base)
        assert (published.returncode, published.stdout) == (0, "1 subscriber\n")
        notified = done("notify", "--url", base, "--note", "Mind the gap", "--json")
        assert json.loads(notified.stdout) == {"event": "notified", "id": 1}
        status, out, _ = ended(watching, signal.SIGTERM)
    assert status == 0
    *told, summary = out.splitlines()
    assert [line for line in told if '"bid":1.10' in line]
    assert [line for line in told if "Mind the gap" in line]
    assert json.loads(summary)["sessions"][0]["notifications"] == 1


def test_orders_that_make_no_sense_there_are_wrong_usage(served: dict[str, Any]) -> None:
    completed = done("publish", "kucoin", "/market/nothing", "{}", "--url", served["base"])
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "/market/nothing" in completed.stderr


@pytest.mark.parametrize("venue", ["kraken-futures", "kucoin"])
def test_ping_tells_round_trips_and_statistics(venue: str, served: dict[str, Any]) -> None:
    url = served["endpoints"][venue]
    completed = done("ping", venue, "--url", url, "-c", "3", "-i", "0.02")
    assert (completed.returncode, completed.stderr) == (0, "")
    lines = completed.stdout.splitlines()
    for number in (1, 2, 3):
        assert re.fullmatch(rf"from {url}: seq={number} time=\d+\.\d\d ms", lines[number])
    assert lines[5:7] == [
        f"--- {venue} ping statistics ---",
        "3 pings sent, 3 pongs received, 0% loss",
    ]
    assert re.fullmatch(r"round trip min/avg/max/mdev = (\d+\.\d{3}/?){4} ms", lines[7])


def test_ping_stopped_without_a_pong_tells_statistics_and_fails() -> None:
    url = f"ws://127.0.0.1:{closed_port()}/kraken-prime/ws/v1"
    with running("ping", "kraken-prime", "--url", url) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("PING kraken-prime")
        status, out, err = ended(process, signal.SIGINT)
    assert (status, err) == (1, "")
    assert "0 pongs received" in out


def test_a_terminal_shows_a_live_table_and_is_left_as_it_was() -> None:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "venuewire", "watch", "kucoin", "--local", "--for", "1.3"]
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=ENVIRONMENT) as process:
        os.close(follower)
        shown = read_all(leader)
        assert process.wait(TIMEOUT) == 0
    os.close(leader)
    assert "verdict" in shown
    assert "1 of 1.3 s" in shown
    assert shown.endswith("the session is live\r\n")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # The cursor is back.


def read_all(descriptor: int) -> str:
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(descriptor, 65_536)
        except OSError:  # How Linux says that the other end is closed.
            chunk = b""
        if not chunk:
            return b"".join(chunks).decode()
        chunks.append(chunk)


def test_wrong_usage_ends_a_process_with_2() -> None:
    completed = done("watch", "mtgox")
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("venuewire: no venue is called 'mtgox'")
    assert completed.stderr.count("\n") == 1
