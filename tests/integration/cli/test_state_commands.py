"""Accounts and notifications from the command line, at a venue that keeps them in a file."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from integration.cli.test_commands import closed_port, done, ended, one_line, running
from venuewire.venues import venues


def told(*arguments: str) -> list[dict[str, Any]]:
    completed = done(*arguments, "--json")
    assert (completed.returncode, completed.stderr) == (0, "")
    return [json.loads(line) for line in completed.stdout.splitlines()]


def refused(status: int, *arguments: str) -> str:
    completed = done(*arguments)
    assert (completed.returncode, completed.stdout) == (status, "")
    assert completed.stderr.count("\n") == 1
    return completed.stderr


def test_what_was_added_and_withdrawn_is_so_after_kill_9(tmp_path: Path) -> None:
    serve = ("serve", "--listen", "127.0.0.1:0", "--json", "--state", str(tmp_path / "venue.db"))
    with running(*serve) as process:
        url = ("--url", one_line(process)["base"])
        [alice] = told("account", "add", "alice", "--venue", "kucoin", *url)
        assert list(alice["credentials"]) == ["api_key", "api_secret", "passphrase"]
        told("account", "add", "bob", "--venue", "kraken-spot", "--permission", "trade", *url)
        revoke = ("account", "revoke", "demo", "--venue", "kraken-spot", *url)
        assert told(*revoke) == [{"event": "revoked", "keys": 1}]
        assert "there is no account 'demo'" in refused(1, *revoke)
        for number, note in enumerate(("one", "two"), 1):
            added = told("notification", "add", "--note", note, *url)
            assert added == [{"event": "notified", "id": number}]
        withdraw = ("notification", "withdraw", "1", *url)
        assert told(*withdraw) == [{"event": "withdrawn", "id": 1}]
        assert "there is no notification 1" in refused(1, *withdraw)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with running(*serve) as process:
        ready = one_line(process)
        url = ("--url", ready["base"])
        assert set(ready["credentials"]) == set(venues()) - {"kraken-spot"}
        listed = {(one["venue"], one["name"]): one for one in told("account", "list", *url)}
        assert listed["kucoin", "alice"]["key"] == alice["key"]
        assert listed["kraken-spot", "bob"]["permissions"] == ["trade"]
        assert ("kraken-spot", "demo") not in listed
        [noted] = told("notification", "list", *url)
        assert (noted["id"], noted["note"]) == (2, "two")
        shown = done("account", "list", "--venue", "kucoin", *url).stdout
        assert [line.split()[1] for line in shown.splitlines()] == ["name", "demo", "alice"]
        for secret in alice["credentials"].values():
            assert secret not in shown + json.dumps(ready)
        assert done("notification", "list", *url).stdout.splitlines()[1].endswith(" two")
        assert ended(process, signal.SIGTERM) == (0, "", "")


def test_a_key_is_shown_once_and_in_words() -> None:
    with running(
        "serve", "--listen", "127.0.0.1:0", "--venue", "kraken-prime", "--json"
    ) as process:
        url = ("--url", one_line(process)["base"])
        added = done("account", "add", "alice", *url)
        first, key, secret, last = added.stdout.splitlines()
        assert first.startswith("account alice of kraken-prime, key ")
        assert (key.split()[0], secret.split()[0]) == ("api_key", "api_secret")
        assert last == "they are shown this once"
        assert done("account", "revoke", "alice", *url).stdout == "1 key revoked\n"
        assert done("account", "revoke", "demo", "--key", "x", *url).returncode == 1
        assert ended(process, signal.SIGTERM) == (0, "", "")


def test_what_makes_no_sense_is_wrong_usage() -> None:
    with running("serve", "--listen", "127.0.0.1:0", "--json") as process:
        url = ("--url", one_line(process)["base"])
        assert "several venues" in refused(2, "account", "add", "alice", *url)
        assert "moon" in refused(2, "account", "add", "alice", "--venue", "moon", *url)
        assert "name: 1 to 64" in refused(2, "account", "add", "", "--venue", "kucoin", *url)
        assert "several venues" in refused(2, "account", "revoke", "demo", *url)
        assert "'moon' is not here" in refused(2, "account", "list", "--venue", "moon", *url)
    nowhere = ("--url", f"http://127.0.0.1:{closed_port()}")
    assert "no local venue answers" in refused(1, "account", "list", *nowhere)


@pytest.mark.parametrize("where", ["option", "file"])
def test_a_state_that_cannot_be_had_keeps_the_venue_from_starting(
    where: str, tmp_path: Path
) -> None:
    state, config = tmp_path / "venue.db", tmp_path / "venue.toml"
    state.write_text("this is a text and no database\n")
    state.chmod(0o600)
    config.write_text(f'[serve]\nstate = "{state}"\n')
    given = ("--state", str(state)) if where == "option" else ("--config", str(config))
    said = refused(1, "serve", "--listen", "127.0.0.1:0", *given)
    assert said == f"venuewire: {state}: file is not a database\n"
    assert state.read_text() == "this is a text and no database\n"
