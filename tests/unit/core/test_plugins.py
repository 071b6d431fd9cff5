"""What other distributions add, and what of it is left out."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distribution import install
from venuewire.core.errors import ConfigurationError
from venuewire.core.plugins import LONGEST_COMPLAINT, LeftOut, Plugged, plugged

GROUP = "venuewire.words"
OWN = {"one": 3}
MODULE = """
TWO, FEW, NUMBER, ONE, ZERO = "two", ["three", "four"], 5, "one", "zero"
TWICE, HALF = ("six", "six"), ("seven", 8)
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("some_words", None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def admit(thing: object) -> tuple[str, int]:
    if not isinstance(thing, str):
        raise ConfigurationError(f"{thing} is no word")
    return thing, len(thing)


def found(place: Path, **entries: str) -> Plugged[int]:
    modules = {"some_words": MODULE, "broken_words": f"raise KeyError('no\\nword{'s' * 500}')"}
    install(place, {GROUP: entries}, modules)
    return plugged(GROUP, OWN, admit, reserved=["zero"])


def test_without_entry_points_there_is_what_is_ours() -> None:
    assert plugged(GROUP, OWN, admit) == Plugged(OWN)


def test_an_entry_point_names_one_or_several(place: Path) -> None:
    words = found(place, b="some_words:FEW", a="some_words:TWO")
    assert words == Plugged({"one": 3, "two": 3, "three": 5, "four": 4})
    assert list(words.by_name) == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("some_words:NUMBER", "5 is no word"),
        ("some_words:HALF", "8 is no word"),
        ("some_words:ONE", "the name 'one' is taken"),
        ("some_words:ZERO", "the name 'zero' is taken"),
        ("some_words:TWICE", "the name 'six' is taken"),
        ("some_words:ABSENT", "AttributeError: module 'some_words' has no attribute 'ABSENT'"),
        ("no_such_words", "ModuleNotFoundError: No module named 'no_such_words'"),
    ],
)
def test_what_is_wrong_is_left_out_and_named_and_the_others_are_there(
    place: Path, value: str, why: str
) -> None:
    words = found(place, a=value, b="some_words:TWO")
    assert words == Plugged({**OWN, "two": 3}, (LeftOut(f"a = {value} of my-plugins 1.0", why),))


def test_of_two_with_one_name_the_first_has_it(place: Path) -> None:
    words = found(place, b="some_words:TWO", a="some_words:TWO")
    assert [str(each) for each in words.left_out] == [
        "entry point b = some_words:TWO of my-plugins 1.0 is left out: the name 'two' is taken"
    ]


def test_what_somebody_elses_module_says_is_one_line_of_limited_length(place: Path) -> None:
    [left_out] = found(place, a="broken_words").left_out
    assert left_out.why.startswith("KeyError: 'no")
    assert "\n" not in left_out.why
    assert len(left_out.why) == len("KeyError: ") + LONGEST_COMPLAINT


def test_who_asks_for_what_is_not_there_is_told_what_is_and_what_was_left_out(place: Path) -> None:
    words = found(place, b="some_words:NUMBER", a="some_words:TWO")
    assert words.named("two", "word") == 3
    with pytest.raises(ConfigurationError) as error:
        words.named("five", "word")
    assert str(error.value) == (
        "no word is called 'five'; there are one, two; "
        "entry point b = some_words:NUMBER of my-plugins 1.0 is left out: 5 is no word"
    )
