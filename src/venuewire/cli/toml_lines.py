"""In which line of a TOML text each key and each element of a list stands.

The standard library reads TOML, and does not tell where it found what it read.

Law: only a text that has been read successfully is looked at, so nothing is judged here; what is
not understood has no line, and is not wrong.
"""

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Into the document: `("account", 0, "name")`."""

_BLANK: Final = re.compile(r"[ \t]*")
_BETWEEN: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
_TEXTS: Final = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL),
    re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
"""The longer forms first: an empty text looks like the beginning of a long one."""


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and element; the first, where a table is continued."""
    scan = _Scan(text)
    with suppress(_Lost, RecursionError):
        scan.document()
    return scan.lines


class _Lost(Exception):
    """Here is something that no TOML has."""


class _Scan:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._counts: dict[Path, int] = {}
        """How many tables each list of tables has by now."""

    def document(self) -> None:
        table: Path = ()
        self._skip(_BETWEEN)
        while self._at < len(self._text):
            if self._follows("[["):
                table = self._element(self._keys())
                self._expect("]]")
            elif self._follows("["):
                table = self._table(self._keys())
                self._expect("]")
            else:
                self._pair(table)
            self._skip(_BETWEEN)

    def _table(self, keys: list[str]) -> Path:
        """Where a table is that is called so: in the last element of every list on the way."""
        path: Path = ()
        for key in keys:
            path = self._found((*path, key))
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _element(self, keys: list[str]) -> Path:
        path = self._found((*self._table(keys[:-1]), keys[-1]))
        number = self._counts.get(path, 0)
        self._counts[path] = number + 1
        return self._found((*path, number))

    def _pair(self, table: Path) -> None:
        path = table
        for key in self._keys():
            path = self._found((*path, key))
        self._expect("=")
        self._skip(_BLANK)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._follows("["):
            self._list(path)
        elif self._follows("{"):
            self._inline(path)
        elif not any(self._take(form) for form in _TEXTS):
            self._take(_SCALAR)

    def _list(self, path: Path) -> None:
        number = 0
        self._skip(_BETWEEN)
        while not self._follows("]"):
            self._value(self._found((*path, number)))
            number += 1
            self._separate("]")

    def _inline(self, path: Path) -> None:
        self._skip(_BETWEEN)
        while not self._follows("}"):
            self._pair(path)
            self._separate("}")

    def _separate(self, end: str) -> None:
        self._skip(_BETWEEN)
        if not self._follows(",") and not self._text.startswith(end, self._at):
            raise _Lost
        self._skip(_BETWEEN)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_BLANK)
            keys.append(self._key())
            self._skip(_BLANK)
            if not self._follows("."):
                return keys

    def _key(self) -> str:
        if bare := self._take(_BARE):
            return bare
        for form in _TEXTS[2:]:
            if quoted := self._take(form):
                key: str = tomllib.loads(f"key = {quoted}")["key"]
                return key
        raise _Lost

    # The text.

    def _found(self, path: Path) -> Path:
        self.lines.setdefault(path, bisect_right(self._ends, self._at - 1) + 1)
        return path

    def _skip(self, form: re.Pattern[str]) -> None:
        self._take(form)

    def _take(self, form: re.Pattern[str]) -> str:
        """What of that form is next; empty when nothing is."""
        found = form.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _follows(self, sign: str) -> bool:
        """Whether it does; then it is passed."""
        follows = self._text.startswith(sign, self._at)
        self._at += len(sign) if follows else 0
        return follows

    def _expect(self, sign: str) -> None:
        if not self._follows(sign):
            raise _Lost
