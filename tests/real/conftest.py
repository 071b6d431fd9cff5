"""Tests on real sockets with real faults, and when they run.

Law: a test that is skipped says what it needs. Those marked `real` need root, the tools of
`namespaces` and half a minute each, so they run only when VENUEWIRE_REAL=1 asks for them; the
others always run.
"""

import os

import pytest

from real.namespaces import what_is_missing


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: takes real time, root and network namespaces")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("real")]
    if marked and (reason := _why_not()) is not None:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


def _why_not() -> str | None:
    if os.environ.get("VENUEWIRE_REAL") != "1":
        return "VENUEWIRE_REAL=1 asks for real faults; they take minutes, and root"
    return what_is_missing()
