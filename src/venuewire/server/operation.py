"""One operation of the control API as a value: how it is asked, what it answers, what can go wrong.
Dispatch, the OpenAPI document and its tests are made of the same list.

Law 1: nothing reaches an operation that is not of its type, and within its limits.
Law 2: what goes wrong is answered by a code of `transport.replies`, and never quoted beyond what
       the operator wrote.
Law 3: no answer leaves before what it acknowledges is kept.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotHere, NotKept
from venuewire.core.http import HttpReply, json_reply
from venuewire.server.openapi import document
from venuewire.transport.http_app import read_body
from venuewire.transport.premises import Premises
from venuewire.transport.replies import Code, error_reply, respond

QUERY_BYTES: Final = 2048
_MOST_PARAMETERS: Final = 16
_UNKNOWN: Final[dict[str, Code]] = {
    "venue": "unknown_venue",
    "session": "unknown_session",
    "fault": "unknown_fault",
    "account": "unknown_account",
    "notification": "unknown_notification",
}


class Operation(Struct, frozen=True, kw_only=True):
    name: str
    """As the member of `LocalVenue` that does it."""
    method: Literal["GET", "POST", "DELETE"]
    path: str
    """Below `/control`."""
    summary: str
    asked: type[Struct]
    """Of a POST the body, of others the query."""
    answer: type[Struct]
    errors: tuple[Code, ...] = ()
    """Beside those that any operation may answer with."""
    looks: bool = False
    """What it answers is of all processes there are."""
    carry_out: Callable[[Any], Awaitable[Struct]]
    """Takes an `asked`, gives an `answer`."""

    @property
    def codes(self) -> tuple[Code, ...]:
        """All it may answer with."""
        everywhere: tuple[Code, ...] = ("bad_request", "unauthorized", "forbidden")
        ours: tuple[Code, ...] = ("internal", "not_kept")
        large: tuple[Code, ...] = ("body_too_large",) if self.method == "POST" else ()
        return (*everywhere, *large, *self.errors, *ours)


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """An operation that needs to be told nothing."""


def control_routes(
    operations: Iterable[Operation],
    premises: Premises,
    settle: Callable[[], Awaitable[None]],
    look: Callable[[], Awaitable[None]],
) -> list[BaseRoute]:
    """What is served below `/control`: each operation, and the document that describes them.

    `settle` returns when everything that has changed is kept, or raises `NotKept`; `look` brings up
    to date what is known of other processes.
    """
    listed = tuple(operations)
    described = json_reply(200, msgspec.json.encode(document(listed)))

    async def openapi(_: Request) -> Response:
        return respond(described)

    return [
        *(
            Route(each.path, _endpoint(each, premises, settle, look), methods=[each.method])
            for each in listed
        ),
        Route("/openapi.json", openapi),
    ]


def _endpoint(
    operation: Operation,
    premises: Premises,
    settle: Callable[[], Awaitable[None]],
    look: Callable[[], Awaitable[None]],
) -> Callable[[Request], Awaitable[Response]]:
    read = _reader_of(operation)

    async def answer(request: Request) -> HttpReply:
        body = await read_body(request, premises.limits.body_bytes)
        try:
            asked = read(request.scope["query_string"], body)
            if operation.looks:
                await look()
            answered = msgspec.json.encode(await operation.carry_out(asked))
            await settle()
            return json_reply(200, answered, cache_control="no-store")
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return error_reply("bad_request", str(error))
        except NotHere as error:
            return error_reply(_UNKNOWN[error.what], str(error))
        except (ConfigurationError, LocalProtocolError) as error:
            return error_reply("impossible", str(error))
        except NotKept as error:
            return error_reply("not_kept", str(error))

    async def endpoint(request: Request) -> Response:
        return respond(await answer(request))

    return endpoint


def _reader_of(operation: Operation) -> Callable[[bytes, bytes], Struct]:
    """Raises `msgspec.DecodeError` for what is not of the operation's type."""
    if operation.method == "POST":
        decoder = msgspec.json.Decoder(operation.asked)

        def read_posted(query: bytes, body: bytes) -> Struct:
            if query:
                raise msgspec.DecodeError("the order is the body; there is no query")
            return decoder.decode(body or b"{}")

        return read_posted

    def read_query(query: bytes, _: bytes) -> Struct:
        asked: Struct = msgspec.convert(_parameters(query), operation.asked, strict=False)
        return asked

    return read_query


def _parameters(query: bytes) -> dict[str, str]:
    if len(query) > QUERY_BYTES:
        raise msgspec.DecodeError(f"a query may have {QUERY_BYTES} bytes")
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise msgspec.DecodeError(f"query: {error}") from None
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise msgspec.DecodeError("a parameter is there twice")
    return parameters
