"""`venuewire serve` as whoever runs it for others has it: a token, a log, a drain; and the recipes
of docs/how-to/run-as-a-service.md, held to the real command line."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import pytest

from integration.cli.test_commands import ENVIRONMENT, SECRETS, TIMEOUT, ended, one_line, running
from venuewire.cli.app import run

ROOT: Final = Path(__file__).resolve().parents[3]
RECIPES: Final = (ROOT / "docs/how-to/run-as-a-service.md").read_text()
TOKEN: Final = "sixteen-or-more-letters"


def published(base: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "venuewire", "publish", "kucoin"]
    command += ["/market/ticker:BTC-USDT", "{}", "--url", base]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, **environment},
        timeout=TIMEOUT,
        check=False,
    )


def test_the_token_of_a_file_is_the_one_that_counts(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    arguments = ["--listen", "127.0.0.1:0", "--control-token-file", str(file), "--json"]
    with running("serve", *arguments) as process:
        base = one_line(process)["base"]
        for variable, said in (("TOKEN", TOKEN), ("TOKEN_FILE", str(file))):
            right = published(base, **{f"VENUEWIRE_CONTROL_{variable}": said})
            assert (right.returncode, right.stdout) == (0, "0 subscribers\n")
        absent = published(base, VENUEWIRE_CONTROL_TOKEN_FILE=f"{file}.old")
        told = f"venuewire: VENUEWIRE_CONTROL_TOKEN_FILE {file}.old: No such file or directory\n"
        assert (absent.returncode, absent.stderr) == (2, told)
        wrong = published(base, VENUEWIRE_CONTROL_TOKEN="something-else-entirely")
        assert (wrong.returncode, wrong.stdout) == (1, "")
        assert wrong.stderr == f"venuewire: {base} refuses: that is not the token\n"
        assert ended(process, signal.SIGTERM) == (0, "", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"\xff", "not ASCII"), (b"short", "16 to 512"), (b"", "16 to 512")],
)
def test_a_token_file_that_will_not_do_is_named(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with running("serve", "--listen", "127.0.0.1:0", "--control-token-file", str(file)) as process:
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_the_log_is_a_line_of_json_for_each_event_and_shows_no_key() -> None:
    arguments = ["--listen", "127.0.0.1:0", "--log-format", "json", "--json"]
    with running("serve", *arguments) as process:
        url = one_line(process)["endpoints"]["kucoin"]
        command = [sys.executable, "-m", "venuewire", "watch", "kucoin", "--for", "1"]
        command += ["--url", f"kucoin={url}", "--json"]
        subprocess.run(command, capture_output=True, env=ENVIRONMENT, timeout=TIMEOUT, check=True)
        status, _, err = ended(process, signal.SIGTERM)
    lines: list[dict[str, Any]] = [json.loads(line) for line in err.splitlines()]
    events = [line["event"]["what"] for line in lines if "event" in line]
    assert status == 0
    assert events[0] == "opened"
    assert {"subscribed", "closed", "draining"} <= set(events)
    assert {line["level"] for line in lines} == {"info"}
    assert not [secret for secret in (*SECRETS, "token=") if secret in err]


def test_after_a_signal_health_says_503_until_clients_are_told() -> None:
    with running("serve", "--listen", "127.0.0.1:0", "--drain-delay", "60", "--json") as process:
        base = one_line(process)["base"]
        assert health(base) == (200, {"status": "ok"})
        process.send_signal(signal.SIGTERM)
        until = time.monotonic() + TIMEOUT
        while health(base)[0] == 200 and time.monotonic() < until:
            time.sleep(0.01)
        assert health(base) == (503, {"status": "draining"})
        assert process.poll() is None


def health(base: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=TIMEOUT) as reply:  # noqa: S310
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


# The recipes.


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", RECIPES, re.DOTALL)


def commands() -> list[list[str]]:
    """Every command line of ours in the recipes."""
    [unit], [container] = blocks("ini"), blocks("dockerfile")
    found = [
        shlex.split(line.partition("=")[2]) for line in unit.splitlines() if "ExecStart=" in line
    ]
    said = dict(re.findall(r"^(ENTRYPOINT|CMD) (\[.*\])$", container, re.MULTILINE))
    found.append(json.loads(said["ENTRYPOINT"]) + json.loads(said["CMD"]))
    for line in "".join(blocks("console")).splitlines():
        words = shlex.split(line)
        names = [index for index, word in enumerate(words) if word == "venuewire"]
        if names and "podman" not in words:
            found.append(words[names[0] :])
    return found


def test_there_are_commands_in_the_recipes() -> None:
    assert len(commands()) == 4


def parsed(command: list[str], patch: pytest.MonkeyPatch) -> int:
    """Its exit status when it is typed, and not carried out."""

    def let_be(work: Coroutine[object, object, int]) -> int:
        work.close()
        return 0

    patch.setattr("venuewire.cli.app.run_on_loop", let_be)
    return run(command[1:])


@pytest.mark.parametrize("command", commands(), ids=lambda words: " ".join(words[:3]))
def test_every_command_in_the_recipes_is_one(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Path(command[0]).name == "venuewire"
    assert parsed(command, monkeypatch) == 0


def test_a_command_that_is_none_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(["venuewire", "serve", "--shade", "1"], monkeypatch) == 2


def test_the_unit_waits_longer_than_a_drain_takes() -> None:
    [unit] = blocks("ini")
    numbers = {
        name: int(value)
        for name, value in re.findall(r"(TimeoutStopSec=|--drain-delay )(\d+)", unit)
    }
    assert numbers["TimeoutStopSec="] > numbers["--drain-delay "] + 5 + 1
