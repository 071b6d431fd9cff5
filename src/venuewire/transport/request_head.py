"""A request's head as bytes: the little of HTTP that must be known before choosing who speaks it.

Law: what is not exactly a request head is None, never a guess; two parsers that disagree about a
request are a way in. Pure.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from msgspec import Struct

END: Final = b"\r\n\r\n"

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/(1\.[01])")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_ABSOLUTE: Final = re.compile(r"(?i)https?://[^/?#]*")


class RequestHead(Struct, frozen=True):
    method: str
    target: str
    """`path?query`, undecoded; the authority of an absolute target is cut off."""
    version: str
    """`1.0` or `1.1`."""
    headers: dict[str, str]
    """Names in lower case; repeated fields joined by commas."""

    def tokens(self, name: str) -> list[str]:
        """A header's comma-separated words, in lower case."""
        return [word.strip().lower() for word in self.headers.get(name, "").split(",")]

    @property
    def wants_websocket(self) -> bool:
        """Firefox says `Connection: keep-alive, Upgrade`; one of the words is enough."""
        return (
            self.method == "GET"
            and self.version == "1.1"
            and "upgrade" in self.tokens("connection")
            and "websocket" in self.tokens("upgrade")
        )

    @property
    def has_body(self) -> bool:
        length = self.headers.get("content-length", "0")
        return "transfer-encoding" in self.headers or length.strip("0") != ""

    @property
    def websocket_key(self) -> str | None:
        """None when it is not the base64 of 16 bytes."""
        key = self.headers.get("sec-websocket-key", "")
        try:
            return key if len(b64decode(key.encode("ascii"), validate=True)) == 16 else None
        except (Base64Error, UnicodeEncodeError):
            return None

    def __repr__(self) -> str:
        return f"RequestHead({self.method})"


def parse_head(head: bytes) -> RequestHead | None:
    """Read a head, without the empty line that ends it; None when it is not one."""
    first, *lines = head.split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        return None
    headers: dict[str, str] = {}
    for field in map(_FIELD.fullmatch, lines):
        if field is None:
            return None
        name, value = field[1].decode().lower(), field[2].decode("latin-1").rstrip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return RequestHead(line[1].decode(), _target(line[2].decode()), line[3].decode(), headers)


def _target(target: str) -> str:
    path = _ABSOLUTE.sub("", target, count=1) if _ABSOLUTE.match(target) else target
    return path if path.startswith("/") else f"/{path}"


def without_upgrade(head: bytes) -> bytes:
    """The head of a request that will not be upgraded, with nothing in it that asks for it.

    Java's own HTTP client asks every plain server for `h2c`; a server may ignore that, but an
    HTTP parser that does not takes the body for the other protocol's bytes.
    """
    lines = head.split(b"\r\n")
    kept = [line for line in lines[1:] if line[:8].lower() != b"upgrade:"]
    return b"\r\n".join(lines[:1] + kept)
