"""Runs tests against one copy of the project, and tells what came of it.

Law 1: only a failed test catches a mutant. One that cannot be imported, or has no tests to run,
       proves nothing about the tests.
Law 2: every run has a limit of time; what hangs is caught by that alone, and said to be.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from shutil import copytree, ignore_patterns

from msgspec import Struct

from mutation.mutant import Mutant

FOLDERS = ("src", "tests", "docs", "bench", "requirements")
LIMIT = 60.0
"""Seconds for the tests of one mutant; the slowest need a tenth of it."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) tests/(\S+?)(?:\[| - |$)", re.MULTILINE)
_GENERATED = ignore_patterns("*.egg-info", "__pycache__")
_SOME_FAILED = 1
"""pytest's exit status; other than that and 0, it could not run the tests."""


class Verdict(Enum):
    CAUGHT = "caught"
    HUNG = "caught by timeout"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN: the tests could not be run"


class Outcome(Struct, frozen=True):
    verdict: Verdict
    witness: str
    """The first test that failed; what pytest said where it could not run."""


def copy_of(root: Path, destination: Path) -> Path:
    """All that tests need, in a folder of its own."""
    for folder in FOLDERS:
        copytree(root / folder, destination / folder, ignore=_GENERATED)
    for file in root.iterdir():
        if file.is_file() and file.suffix in {"", ".md", ".toml"}:
            (destination / file.name).write_bytes(file.read_bytes())
    return destination


def run(root: Path, tests: Iterable[str], *, limit: float, keep_compiled: bool = False) -> Outcome:
    """The first failure of these tests of the project at `root`."""
    options = ("-x", "-q", "-rfE", "--tb=no", "--no-header", "-p", "no:cacheprovider")
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    if not keep_compiled:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    paths = [f"tests/{test}" for test in tests]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *paths],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(Verdict.HUNG, f"no end after {limit:g} s")
    return read(done.returncode, done.stdout + done.stderr)


def read(status: int, said: str) -> Outcome:
    """What pytest's exit status and output mean."""
    if status == 0:
        return Outcome(Verdict.SURVIVED, "")
    failed = _FAILED.search(said)
    if status != _SOME_FAILED or failed is None:
        return Outcome(Verdict.BROKEN, said.strip()[-400:])
    return Outcome(Verdict.CAUGHT, failed[1])


def attempt(mutant: Mutant, root: Path) -> Outcome:
    with mutant.in_place(root):
        return run(root, mutant.tests, limit=LIMIT)
