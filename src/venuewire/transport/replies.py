"""HTTP replies that are ours and no venue's: errors in one shape, and a reply as bytes."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from starlette.responses import Response

from venuewire.core.http import HttpReply, json_reply

Code: TypeAlias = Literal[
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "unknown_venue",
    "unknown_session",
    "unknown_fault",
    "unknown_account",
    "unknown_notification",
    "method_not_allowed",
    "too_many_connections",
    "too_slow",
    "body_too_large",
    "impossible",
    "upgrade_required",
    "head_too_large",
    "internal",
    "not_kept",
    "busy",
]
"""What went wrong, in one word that programs may act on."""

STATUSES: Final[Mapping[Code, int]] = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_venue": 404,
    "unknown_session": 404,
    "unknown_fault": 404,
    "unknown_account": 404,
    "unknown_notification": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "body_too_large": 413,
    "impossible": 422,
    "upgrade_required": 426,
    "too_many_connections": 429,
    "head_too_large": 431,
    "internal": 500,
    "not_kept": 500,
    "busy": 503,
}
"""The HTTP status that goes with each, wherever it is said."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Mistake(Struct, frozen=True):
    """What went wrong, and how to put it right."""

    code: Code
    message: str


class ErrorAnswer(Struct, frozen=True):
    """The body of every answer that is an error of ours."""

    error: Mistake


def error_reply(code: Code, message: str, **headers: str) -> HttpReply:
    """`{"error":{"code":...,"message":...}}`, with the status that belongs to the code."""
    body = msgspec.json.encode(ErrorAnswer(Mistake(code, message)))
    return json_reply(STATUSES[code], body, **headers)


def told_by(reply: HttpReply) -> str:
    """What an `error_reply` says."""
    return msgspec.json.decode(reply.body, type=ErrorAnswer).error.message


def respond(reply: HttpReply) -> Response:
    """For starlette."""
    return Response(reply.body, reply.status, dict(reply.headers))


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
