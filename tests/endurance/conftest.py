"""What a process uses is read from Linux' /proc."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def proc() -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs Linux' /proc")
