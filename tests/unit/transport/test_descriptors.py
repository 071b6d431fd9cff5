"""What the system allows, asked of a system that says different things."""

import pytest

from venuewire.transport import descriptors as module
from venuewire.transport.descriptors import descriptors, raise_descriptors


class System:
    """Stands for the module `resource`."""

    RLIMIT_NOFILE, RLIM_INFINITY = 7, -1

    def __init__(self, soft: int, hard: int) -> None:
        self.allowed = (soft, hard)

    def getrlimit(self, which: int) -> tuple[int, int]:
        assert which == self.RLIMIT_NOFILE
        return self.allowed

    def setrlimit(self, which: int, allowed: tuple[int, int]) -> None:
        assert allowed != self.allowed, "asked for nothing"
        if allowed[0] == self.RLIM_INFINITY:
            raise ValueError
        self.allowed = allowed


def put(monkeypatch: pytest.MonkeyPatch, system: System | None) -> None:
    monkeypatch.setattr(module, "resource", system)


def test_as_many_as_the_system_says(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, System(1024, 4096))
    assert descriptors() == 1024
    raise_descriptors()
    assert descriptors() == 4096
    raise_descriptors()


def test_where_the_system_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, System(-1, -1))
    assert descriptors() is None
    put(monkeypatch, None)
    assert descriptors() is None
    raise_descriptors()


def test_where_the_system_grants_less_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, System(1024, -1))
    raise_descriptors()
    assert descriptors() == 1024
