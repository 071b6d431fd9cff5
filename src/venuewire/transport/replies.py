"""HTTP replies that are ours and no venue's: errors in one shape, and a reply as bytes."""

import re
from http import HTTPStatus
from typing import Final

import msgspec

from venuewire.core.http import HttpReply, json_reply

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def error_reply(status: int, type: str, message: str, **headers: str) -> HttpReply:
    """`{"error":{"type":...,"message":...}}`; the type is one word that programs may act on."""
    body = msgspec.json.encode({"error": {"type": type, "message": message}})
    return json_reply(status, body, **headers)


def encode_reply(reply: HttpReply) -> bytes:
    """The reply on the wire, after which the connection closes."""
    headers = {
        **reply.headers,
        "content-length": str(len(reply.body)),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}"]
    lines += [f"{name}: {_CONTROL.sub('', value)}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + reply.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
