"""Where what stands in a TOML text, held against what the standard library reads there."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venuewire.cli.toml_lines import Path, lines_of

TEXT = '''\
# a comment, [with.signs] = "all over"
a = 1
b.c = [1,
  2, {x = "]", 'y.z' = 3} ] # ] }

[t."q k".r]
s = """
[no.table]
no = 'key' \\""" ""\\
"""
d = 1979-05-27 07:32:00 # a comment
l = \'\'\'
[[no.list]]\'\'\'\'
[[l]]
n = ''
[[l.m]]
[l.m.k]
z = { }
[[l]]
n = "\\""
[t]
late = +inf
'''
FOUND = """
2 a
3 b
3 b c
3 b c 0
4 b c 1
4 b c 2
4 b c 2 x
4 b c 2 y.z
6 t
6 t q_k
6 t q_k r
7 t q_k r s
11 t q_k r d
12 t q_k r l
14 l
14 l 0
15 l 0 n
16 l 0 m
16 l 0 m 0
17 l 0 m 0 k
18 l 0 m 0 k z
19 l 1
20 l 1 n
22 t late
"""


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of everything in a document."""
    if path:
        yield path
    numbered = dict(enumerate(value)) if isinstance(value, list) else value
    for key, each in numbered.items() if isinstance(numbered, dict) else ():
        yield from paths(each, (*path, key))


def test_every_form_that_toml_has() -> None:
    found = lines_of(TEXT)
    told = [f"{line} {' '.join(map(str, path))}" for path, line in found.items()]
    assert [each.replace("q k", "q_k") for each in told] == FOUND.split("\n")[1:-1]
    assert set(found) == set(paths(tomllib.loads(TEXT)))


KEYS = st.sampled_from(["a", "b-c", "D_1", "7", '"q k"', "'l.m'", '"\\u00e4\\""', '""'])
NAMES = {"a": "a", '"q k"': "q k", "'l.m'": "l.m", '"\\u00e4\\""': 'ä"', '""': ""}
BREAKS = st.sampled_from(["", "\n", "\n\n", " # a = 'b' [c]\n", "\t"])
FILLERS = st.sampled_from(
    ["'''\n[x]\ny = 1'''", '"""\n\\"""\n"""', "'#'", '"]"', "1e3", "[ ]", "{}"]
)


class Writer:
    """Writes TOML by chance, and notes in which line each path is."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw
        self.text = ""
        self.lines: dict[Path, int] = {}
        self.depth = 0

    def at(self, path: Path) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def key(self, path: Path, taken: set[str], *, dotted: bool = True) -> Path:
        key = self.draw(KEYS.filter(lambda key: name_of(key) not in taken))
        taken.add(name_of(key))
        path = (*path, name_of(key))
        self.text += key
        if dotted and self.draw(st.booleans()):
            self.text += self.draw(st.sampled_from([".", " . "]))
            return self.key(path, set(), dotted=False)
        return path

    def note(self, path: Path, above: Path) -> None:
        for length in range(len(above) + 1, len(path) + 1):
            self.at(path[:length])

    def pairs(self, table: Path, taken: set[str]) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            self.pair(table, taken)
            self.text += self.draw(BREAKS).rstrip("\t") or "\n"
            self.text += "" if self.text.endswith("\n") else "\n"

    def pair(self, table: Path, taken: set[str]) -> None:
        path = self.key(table, taken)
        self.note(path, table)
        self.text += self.draw(st.sampled_from(["=", " = ", "\t= "]))
        self.value(path)

    def value(self, path: Path) -> None:
        self.depth += 1
        form = self.draw(
            st.sampled_from(["filler", "list", "table"] if self.depth < 4 else ["filler"])
        )
        if form == "filler":
            self.text += self.draw(FILLERS)
        elif form == "list":
            self.text += "["
            for number in range(self.draw(st.integers(0, 3))):
                self.text += ("," if number else "") + self.draw(BREAKS)
                self.at((*path, number))
                self.value((*path, number))
                self.text += self.draw(BREAKS)
            self.text += "]"
        else:
            self.text += "{"
            taken: set[str] = set()
            for number in range(self.draw(st.integers(0, 2))):
                self.text += ", " if number else " "
                self.pair(path, taken)
            self.text += "}"
        self.depth -= 1

    def document(self) -> None:
        taken: set[str] = set()
        self.pairs((), taken)
        for _ in range(self.draw(st.integers(0, 3))):
            listed = self.draw(st.booleans())
            self.text += "[[" if listed else "["
            path = self.key((), taken)
            self.note(path, ())
            self.text += "]]\n" if listed else "]\n"
            for number in range(self.draw(st.integers(1, 2)) if listed else 1):
                if number:
                    self.text += f"[[{'.'.join(map(quoted, path))}]]\n"
                here = (*path, number) if listed else path
                if listed:
                    self.lines.setdefault(here, self.text.count("\n"))
                self.pairs(here, set())


def name_of(key: str) -> str:
    return NAMES.get(key, key)


def quoted(name: str | int) -> str:
    return '"' + str(name).replace('"', '\\"') + '"'


@given(st.data())
def test_whatever_is_valid_is_found_in_its_line(data: st.DataObject) -> None:
    written = Writer(data)
    written.document()
    assert set(written.lines) == set(paths(tomllib.loads(written.text)))
    assert lines_of(written.text) == written.lines


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment", "a", "[", "a = [1 2]", "= 1", "]"]
)
def test_where_nothing_is_understood_nothing_is_found(text: str) -> None:
    assert set(lines_of(text)) <= {("a",), ("a", 0)}


def test_what_is_nested_without_end_is_left() -> None:
    assert lines_of("a = " + "[" * 100_000)["a",] == 1
