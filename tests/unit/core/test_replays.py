"""Signed requests that are made again."""

import pytest

from clock import at
from venuewire.core import replays
from venuewire.core.replays import Replays


def test_a_timestamp_of_a_key_is_good_once() -> None:
    seen = Replays(5.0)
    asked = [("a", "1"), ("a", "1"), ("b", "1"), ("a", "2"), ("b", "1")]
    assert [seen.is_first(*each, at(0)) for each in asked] == [True, False, True, True, False]


def test_it_is_remembered_until_it_could_not_be_good_again() -> None:
    """A clock may be early by the window: then its timestamp is good for twice that."""
    seen = Replays(5.0)
    seen.is_first("a", "1", at(0))
    assert not seen.is_first("a", "1", at(10))
    assert len(seen) == 1
    seen.is_first("b", "1", at(10.1))
    assert len(seen) == 1


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "REMEMBERED", 2)
    seen = Replays(5.0)
    for number in range(10):
        assert seen.is_first("a", str(number), at(0))
    assert len(seen) <= 3
    assert not seen.is_first("a", "9", at(0))
