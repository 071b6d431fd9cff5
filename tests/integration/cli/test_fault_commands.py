"""`venuewire fault`, and `serve --fault`, as a user types them."""

import json
import signal
from pathlib import Path

import pytest

from integration.cli.test_commands import closed_port, done, ended, one_line, running
from venuewire.faults.catalog import CATALOG


def test_faults_are_added_listed_and_cleared(tmp_path: Path) -> None:
    file = tmp_path / "venue.toml"
    file.write_text('[[fault]]\nspec = "kucoin/half-open@600"\n')
    arguments = ["--listen", "127.0.0.1:0", "--config", str(file), "--fault", "mute-pongs@600+5"]
    with running("serve", *arguments, "--venue", "kucoin", "--json") as process:
        url = ["--url", one_line(process)["base"]]
        assert done("fault", "add", "latency:seconds=1", *url).stdout == "fault 3\n"
        added = done("fault", "add", "proxy-restart", "--venue", "kucoin", "--json", *url)
        assert json.loads(added.stdout) == {"event": "fault", "id": 4}
        listed = done("fault", "list", *url).stdout.splitlines()
        assert [line.split() for line in listed[:3]] == [
            ["1", "waiting", "kucoin", "half-open@600"],
            ["2", "waiting", "kucoin", "mute-pongs@600+5"],
            ["3", "active", "kucoin", "latency:seconds=1"],
        ]
        told = [
            json.loads(line)
            for line in done("fault", "list", "--json", *url).stdout.split("\n")
            if line
        ]
        assert told[2]["fault"] == "latency:seconds=1"
        assert done("fault", "clear", "3", *url).stdout == "1 fault cleared\n"
        refused = done("fault", "clear", "3", *url)
        assert (refused.returncode, "has no fault 3" in refused.stderr) == (1, True)
        cleared = done("fault", "clear", "--json", *url).stdout
        assert json.loads(cleared) == {"event": "cleared", "faults": 5}
        assert ended(process, signal.SIGTERM) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--fault", "nonsense"], "no fault is called"),
        (["serve", "--venue", "kucoin", "--fault", "mute-heartbeats"], "has no heartbeat"),
        (["fault"], ""),
    ],
)
def test_wrong_usage(arguments: list[str], said: str) -> None:
    completed = done(*arguments)
    assert completed.returncode == 2
    assert said in completed.stderr


def test_a_venue_that_is_not_there() -> None:
    completed = done("fault", "list", "--url", f"http://127.0.0.1:{closed_port()}")
    assert completed.returncode == 1


def test_a_fault_the_venue_refuses() -> None:
    with running("serve", "--listen", "127.0.0.1:0", "--json") as process:
        completed = done("fault", "add", "nonsense", "--url", one_line(process)["base"])
        assert completed.returncode == 2
        assert "no fault is called" in completed.stderr


def test_the_catalog() -> None:
    listed = done("fault", "list", "--known").stdout.splitlines()
    assert {line.split()[0] for line in listed} >= set(CATALOG)
    told = done("fault", "list", "--known", "--json").stdout.splitlines()
    assert len(told) == len(listed)
    latency = next(each for each in map(json.loads, told) if each["name"] == "latency")
    assert latency["parameters"] == "seconds=0.2,jitter=0,way=both"
