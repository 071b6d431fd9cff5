"""What the page about faults of one's own shows runs as it stands, installed as pip would."""

import os
import re
import sys
import tomllib
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest

from distribution import install
from venuewire.faults import catalog, scenario

PAGE = Path(__file__, "../../../docs/how-to/add-a-fault.md").resolve().read_text()
BROKEN = {"skip-mth": "skip_nth:SkipMth"}


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """With the page's package, and an entry point that leads nowhere."""
    source, program = snippets("python")
    groups = tomllib.loads(snippets("toml")[0])["project"]["entry-points"]
    assert set(groups) == {catalog.GROUP, scenario.GROUP}
    groups[catalog.GROUP] |= BROKEN
    install(tmp_path, groups, {"skip_nth": source, "program": program})
    return tmp_path


def started(place: Path, *arguments: str) -> CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place), *sys.path])}
    command = [sys.executable, *arguments]
    return run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_program_prints_what_the_page_says(place: Path) -> None:
    done = started(place, str(place / "program.py"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == snippets("text")[0]


def test_they_are_listed_and_what_was_left_out_is_told(place: Path) -> None:
    done = started(place, "-m", "venuewire", "fault", "list", "--known")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"skip-nth", "holes"} <= set(names)
    _, _, left_out = snippets("console")[0].partition("; there are ...; ")
    assert done.stderr == "venuewire: " + left_out.replace("my-faults", "my-plugins")


def test_a_name_that_nobody_has_is_answered_as_the_page_says(place: Path) -> None:
    done = started(place, "-m", "venuewire", "serve", "--fault", "skip-mth")
    said, _, left_out = snippets("console")[0].partition(" there are ...; ")
    assert done.returncode == 2
    assert done.stderr.startswith(said.splitlines()[-1])
    assert done.stderr.endswith(left_out.replace("my-faults", "my-plugins"))
