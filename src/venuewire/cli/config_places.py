"""What is wrong with the file of `serve --config`, in one line: `FILE:LINE: key.path: what`.

Law 1: the line is that of the key at fault; of a key that is missing, that of its table.
Law 2: no value is quoted that may be a secret: of what the file says, only keys, and the names of
       venues and faults.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct, field

from venuewire.cli.outcome import WrongUsage
from venuewire.cli.toml_lines import Path

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_AT: Final = re.compile(r"^(.*?)(?: - at `(?:key in )?\$(.*)`)?$", re.DOTALL)
_EXPECTED: Final = re.compile(r"^Expected `([^`]+)`, got `([^`]+)`$")
_NAMED: Final = re.compile(r"^Object (?:contains unknown|missing required) field `(.*)`$")
_WORDS: Final = {
    "object": "a table",
    "array": "a list",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time of day",
    "null": "none",
}
_MAY_BE_NONE: Final = frozenset({"terms", "limits"})
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_TOML: Final = re.compile(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$")
_SAYS: Final = re.compile(r"[ \t]*([A-Za-z0-9_.-]+)[ \t]*=")
_LONG_NUMBER: Final = re.compile(r"\d[\d_]{4299}")
"""As many digits as Python reads at most."""
_LONGEST_KEY: Final = 60


class Places(Struct, frozen=True):
    """Where what stands."""

    file: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict)

    def wrong(self, path: Path, what: str) -> WrongUsage:
        """To be raised."""
        line = next((self.lines[p] for p in _upwards(path) if p in self.lines), None)
        place = self.file if line is None else f"{self.file}:{line}"
        key = _written(path)
        return WrongUsage(": ".join(filter(None, (place, key, what))))

    def misfit(self, error: msgspec.ValidationError, whole: Any) -> WrongUsage:
        """What does not fit the type of the whole file."""
        message, path = _read(str(error))
        kind = _at(whole, path)
        if named := _NAMED.match(message):
            unknown = "unknown" in message
            told = _unknown(named[1], kind) if unknown else "it is missing"
            return self.wrong((*path, named[1]), told)
        return self.named(path, _in_words(message, kind, path))

    def named(self, table: Path, message: str, prefix: str = "") -> WrongUsage:
        """What is said of a table, and names the key that is meant: the first there is."""
        told = message.removeprefix(prefix)
        for word in re.findall(r"\w+", told):
            if (*table, word) in self.lines:
                return self.wrong((*table, word), re.sub(rf"^{word}:? ", "", told))
        return self.wrong(table, told)


def unreadable(file: str, text: str, error: ValueError) -> WrongUsage:
    """What is no TOML, as the standard library tells it; the key is that of the line, if any."""
    told = str(error)
    place, key = file, ""
    if found := _TOML.match(told):
        told = found[1]
        number = int(found[2]) if found[2] else _line(text, len(text.rstrip()))
        place = f"{file}:{number}"
        if says := _SAYS.match(text.split("\n")[number - 1]):
            key = says[1]
    elif not isinstance(error, tomllib.TOMLDecodeError):
        told = "a number is too long"
        if long := _LONG_NUMBER.search(text):
            place = f"{file}:{_line(text, long.start())}"
    if told == "Cannot overwrite a value":
        told = "it is there already"
    return WrongUsage(": ".join(filter(None, (place, key[:_LONGEST_KEY], told))))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _upwards(path: Path) -> Iterable[Path]:
    return (path[:length] for length in range(len(path), 0, -1))


def _written(path: Path) -> str:
    """`account[2].api_key`: elements are counted from 1."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            key = step[:_LONGEST_KEY]
            text += f".{key}" if _BARE.fullmatch(key) else f".{key!r}"
    return text.removeprefix(".")


def _read(told: str) -> tuple[str, Path]:
    found = _AT.match(told)
    if found is None:
        return told, ()
    steps = _STEP.findall(found[2] or "")
    return found[1], tuple(int(number) if number else key for key, number in steps)


def _at(kind: Any, path: Path) -> Any:
    """The type that is expected there, without None."""
    for step in path:
        kind = _bare(kind)
        if isinstance(step, int):
            kind = get_args(kind)[0]
        else:
            each = {one.encode_name: one.type for one in msgspec.structs.fields(kind)}
            kind = each[step]
    return _bare(kind)


def _bare(kind: Any) -> Any:
    """Without what is said about it, and without None."""
    if get_origin(kind) in {Union, UnionType}:
        return _bare(next(each for each in get_args(kind) if each is not NoneType))
    return _bare(kind.__origin__) if hasattr(kind, "__metadata__") else kind


def _unknown(name: str, kind: Any) -> str:
    known = [each.encode_name for each in msgspec.structs.fields(kind)]
    if name == "edition":
        return "one for all is said in [serve]"
    if near := get_close_matches(name, known, 1):
        return f"there is no such key; perhaps {near[0]}"
    return f"there is no such key; there are {', '.join(known)}"


def _in_words(message: str, kind: Any, path: Path) -> str:
    if message == "Expected `str` of length >= 1":
        return "it is empty"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))} is expected"
    if found := _EXPECTED.match(message):
        may_be_none = bool(_MAY_BE_NONE.intersection(path[:1]))
        wanted = [each for each in found[1].split(" | ") if each != "null" or may_be_none]
        told = f"{' or '.join(map(_word, wanted))} is expected, not {_word(found[2])}"
        return f"{told}: write [[{path[-1]}]]" if path and _lists_tables(kind) else told
    return message[:1].lower() + message[1:]


def _word(name: str) -> str:
    return _WORDS.get(name, name)


def _lists_tables(kind: Any) -> bool:
    elements = get_args(kind)[:1]
    return bool(elements) and isinstance(elements[0], type) and issubclass(elements[0], Struct)
