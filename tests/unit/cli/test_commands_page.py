"""docs/reference/commands.md names every command and every option there is, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from venuewire.cli.app import app

PAGE: Final = Path(__file__, "../../../../docs/reference/commands.md").resolve().read_text()
SECTIONS: Final = {
    word: section
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    for word in section.partition("\n")[0].split(" and ")
}


def leaves(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by the words that it takes to type it."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, each in command.commands.items():
        yield from leaves(each, *path, name)


LEAVES: Final = dict(leaves(get_command(app)))


def options(command: Any) -> set[str]:
    found = {name for each in command.params for name in each.opts if name.startswith("--")}
    return found - {"--help"}


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_and_option_is_in_the_section_of_its_first_word(
    path: tuple[str, ...],
) -> None:
    section = SECTIONS[path[0]]
    assert f"`venuewire {' '.join(path)}" in section
    said = set(re.findall(r"--[a-z][a-z-]*", section))
    assert options(LEAVES[path]) - {"--url", "--json"} <= said


def test_no_section_is_about_what_there_is_not() -> None:
    assert set(SECTIONS) == {path[0] for path in LEAVES}
    for section in SECTIONS.values():
        there = [options(each) for path, each in LEAVES.items() if SECTIONS[path[0]] == section]
        said = set(re.findall(r"--[a-z][a-z-]*", section))
        assert said <= set().union(*there)
