"""JSON that is wrong in every way a field can be, as bytes, and ways to put it into a message.

Law: a variation is one message with one place left open, so that making a frame of it is joining
three pieces of bytes; what is rare and large is drawn rarely.
"""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final, TypeAlias

from msgspec import Struct

Path: TypeAlias = tuple[str | int, ...]
_OPEN: Final = "\u0001open\u0001"
_OPEN_BYTES: Final = json.dumps(_OPEN).encode()


class Variation(Struct, frozen=True):
    """A message around one open place."""

    head: bytes
    tail: bytes


# Ways to spoil a message.


def variations(message: dict[str, Any]) -> list[Variation]:
    """Every field replaced, doubled, renamed or left out, at any depth; and what goes around it."""
    found = [around for path in paths(message) for around in _at(message, path)]
    whole = json.dumps(message).encode()
    found += [Variation(b"[", b"," + whole + b"]"), Variation(whole, b""), Variation(b"", whole)]
    found += [Variation(b"", b""), Variation(b'{"' + b"a" * 40 + b'":', b"}")]
    return found


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Of every member and element."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, each in inside:
        yield (*path, key)
        yield from paths(each, (*path, key))


def _at(message: dict[str, Any], path: Path) -> Iterator[Variation]:
    yield _opened(_with(message, path, _OPEN))
    yield _opened(_with(message, path, [[_OPEN]]))
    yield _opened(_with(message, path, {"a": _OPEN}))
    parent, key = _parent(message, path)
    if not isinstance(parent, dict):
        return
    for spelling in (key.upper(), f" {key}", f"{key}\u0000", ""):
        yield _opened(_renamed(message, path, spelling))
    # Left out; and there twice, either way around.
    without = _renamed(message, path, None)
    place = path[:-1]
    inside = _parent(without, (*place, ""))[0]
    yield _opened(_with(without, (*place, "unexpected"), _OPEN))
    said = json.dumps(key).encode()
    once = json.dumps(parent[key]).encode()
    twice = _opened(_replaced(without, place, {**inside, "\u0002": _OPEN}))
    mark = json.dumps("\u0002").encode() + b": "
    head = twice.head.removesuffix(mark)
    yield Variation(head + said + b":" + once + b"," + said + b":", twice.tail)
    yield Variation(head + said + b":", b"," + said + b":" + once + twice.tail)


def _opened(message: Any) -> Variation:
    head, _, tail = json.dumps(message).encode().partition(_OPEN_BYTES)
    return Variation(head, tail)


def _parent(message: Any, path: Path) -> tuple[Any, Any]:
    for key in path[:-1]:
        message = message[key]
    return message, path[-1]


def _with(message: Any, path: Path, value: Any) -> Any:
    copy = json.loads(json.dumps(message))
    parent, key = _parent(copy, path)
    parent[key] = value
    return copy


def _replaced(message: Any, path: Path, value: Any) -> Any:
    return _with(message, path, value) if path else value


def _renamed(message: Any, path: Path, name: str | None) -> Any:
    """In its place among the others; None leaves it out."""
    copy = json.loads(json.dumps(message))
    parent, key = _parent(copy, path)
    members = {name if each == key else each: value for each, value in parent.items()}
    if name is None:
        members.pop(None, None)
    elif name in members:
        members[name] = _OPEN
    return _replaced(copy, path[:-1], members)


# What is put there.

_NUMBERS: Final = (
    *("0", "-0", "1", "-1", "1.0", "0.0", "1e0", "1E+2", "1e308", "1e309", "-1e999", "1e-999"),
    *("0.1e1", "00", "01", "1.", ".5", "+1", "0x10", "1_0", "NaN", "-NaN", "Infinity", "-Infinity"),
    *("127", "128", "255", "256", "32767", "65535", "65536", "2147483647", "2147483648"),
    *("4294967295", "4294967296", "9007199254740991", "9007199254740993", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *("18446744073709551615", "18446744073709551616", "123456789012345678901234567890", "1e19"),
    *("1.7976931348623157e308", "5e-324"),
)
_TEXTS: Final = (
    r'""', r'" "', r'"\u0000"', r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"', r'"\uFFFF"',
    r'"\n\r\t\b\f"', r'"\""', r'"\\"', r'"\/"', r'"\x"', r'"\u12"', '"\x01"', '"\x7f"', '"\u00e9"',
    '"\u2028\u2029"', '"\U0001f4a9"', '"\ufeff"', '"e\u0301"', '"\u202e"', '"\u0130\u0131\u017f"',
    '"%s%n%d"', '"{}"', '"{0.__class__}"', '"\'; DROP TABLE accounts; --"', '"../../etc/passwd"',
    '"<script>"', '"\r\n"', '"__proto__"', '"null"', '"true"', '"0"', '"NaN"', '"-1"', '"1e400"',
    '"9223372036854775808"', '"a,b,,c"', '",,,"', '":"', '"a:b:c"', '"/"', '"all"', '"*"',
)  # fmt: skip
_OTHERS: Final = (
    *("null", "true", "false", "[]", "{}", "[null]", "[[]]", "[{}]", "[0]", '[""]', '{"a":1}'),
    *('{"":{}}', "[1,2,3]", '[1,"a",null]', "nul", "True", "None", "undefined", "'", '"'),
    *("[", "{", "]", "}", ",", ":", "[1,]", '{"a":1,}', "{a:1}", '{"a"}', '{"a":}', "{1:1}"),
    *("[1", "2]", "//x", "/**/1", "\\u0022"),
)


def values(rng: Random) -> list[bytes]:
    """Of every type, and of none."""
    found = [text.encode("utf-8") for text in (*_NUMBERS, *_TEXTS, *_OTHERS, "", "\ufeff1", "\t1 ")]
    for size in (1, 2, 7, 8, 9, 15, 16, 17, 31, 63, 64, 99, 100, 125, 126, 127, 200, 255, 256, 300):
        found += [b"9" * size, b'"' + b"x" * size + b'"', b"0." + b"3" * size, b"[" * size]
        found += [b"[" * size + b"]" * size, b'{"a":' * size + b"1" + b"}" * size]
        found += ['"{}"'.format("\u00e9" * size).encode(), b'"\\' + b"u0041" * size + b'"']
    letters = '\u0000"\\,:{}[]aZ09 \u00e9\u4e2d\U0001f600-.eE+_/'
    for _ in range(200):
        text = "".join(rng.choices(letters, k=rng.randrange(40)))
        found += [text.encode(), json.dumps(text).encode(), json.dumps(text[:9]).encode()]
    return found


def large_values() -> list[bytes]:
    """Each costs what a hundred others do."""
    found = [b"[" * 5000, b"[" * 1023 + b"]" * 1023, b"[" * 1025 + b"]" * 1025]
    found += [b'{"a":' * 3000 + b"1" + b"}" * 3000, b"9" * 5000, b"1e" + b"9" * 5000]
    found += [b'"' + b"x" * 20_000 + b'"', b"[" + b"1," * 5000 + b"1]", b"0." + b"1" * 5000]
    found += [json.dumps([f"A{number}/B" for number in range(1500)]).encode()]
    found += [json.dumps(",".join(f"A{number}-B" for number in range(1500))).encode()]
    found += [b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(1000)) + b"}"]
    return found
