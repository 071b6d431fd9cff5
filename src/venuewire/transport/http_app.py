"""What this process answers over plain HTTP: the venues' own HTTP doors, and ours.

Law 1: a body has a limit, and an error has a code and no traceback.
Law 2: what is for the operator is behind `access`; the venues' doors, `/healthz` and `/metrics` are
       open to all, as the real ones are.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.routing import Match as RouteMatch
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from venuewire.core.http import HttpReply, HttpRequest, json_reply
from venuewire.core.venue import Door
from venuewire.faults.fault import Never, Slam
from venuewire.faults.troubles import Welcomed
from venuewire.transport.access import Access, OperatorOnly
from venuewire.transport.doors import DoorPlan, Match, WrongMethod
from venuewire.transport.hall import Hall
from venuewire.transport.hardship import Hardship
from venuewire.transport.http_protocol import RESET
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises
from venuewire.transport.replies import Code, Mistake, error_reply, respond

_CODES: Final[Mapping[int, Code]] = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}
"""What starlette, and `read_body`, call errors."""

_logger = logging.getLogger(__name__)


def http_app(
    plan: DoorPlan[Hall],
    premises: Premises,
    access: Access,
    *,
    control: Iterable[BaseRoute] = (),
    pages: Iterable[BaseRoute] = (),
) -> ASGIApp:
    """`control` is served below `/control`, to the operator; `pages` to everybody."""
    guard = Middleware(OperatorOnly, access=access, journal=premises.journal)
    app = Starlette(
        routes=[
            _DoorRoute(plan, premises),
            Route("/healthz", _healthz_of(premises)),
            *pages,
            Mount("/control", routes=list(control), middleware=[guard]),
            Route("/", _index_of(plan), middleware=[guard]),
        ],
        exception_handlers={HTTPException: _explain_with(plan), Exception: _apologize},
    )
    return _Shield(app)


async def read_body(request: Request, limit: int) -> bytes:
    """Raises `HTTPException` 413 as soon as it is known to be larger than `limit`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            # The rest is not read, so the connection cannot be used again.
            raise HTTPException(413, f"a body may have {limit} bytes", {"connection": "close"})
    return bytes(body)


# The venues' doors.


class _DoorRoute(BaseRoute):
    """First of all routes: on a venue's own host, even `/` is the venue's."""

    def __init__(self, plan: DoorPlan[Hall], premises: Premises) -> None:
        self._plan = plan
        self._premises = premises

    def matches(self, scope: Scope) -> tuple[RouteMatch, Scope]:
        if scope["type"] != "http":
            return RouteMatch.NONE, {}
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        path = scope["raw_path"].decode("latin-1")
        found = self._plan.find(scope["method"], host, path)
        return (RouteMatch.NONE, {}) if found is None else (RouteMatch.FULL, {"found": found})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self._answer(scope["found"], Request(scope, receive))
        if reply is None:
            await _gone(receive)
        else:
            await respond(reply)(scope, receive, send)

    async def _answer(self, found: Match[Hall] | WrongMethod, request: Request) -> HttpReply | None:
        """None leaves it unanswered."""
        if isinstance(found, WrongMethod):
            allowed = ", ".join(found.allowed)
            return error_reply("method_not_allowed", f"this door opens to {allowed}", allow=allowed)
        if found.door.kind == "websocket":
            return _upgrade_required(found.door)
        body = await read_body(request, self._premises.limits.body_bytes)
        asked = _as_value(request, body)
        if found.hall.hardship is None:
            return await found.hall.answer(found.door, asked)
        return await _suffer(found.hall, found.hall.hardship, found.door, asked, request)


async def _suffer(
    hall: Hall, hardship: Hardship, door: Door, asked: HttpRequest, request: Request
) -> HttpReply | None:
    """As `_answer`, at a venue that has faults."""
    match hardship.receive(door, asked):
        case Welcomed(heard, wait):
            reply = await hall.answer(door, heard)  # By the time at which it was asked.
            await asyncio.sleep(wait)
            return reply
        case Never():
            return None
        case Slam():
            request.scope[RESET]()
            return None
        case refusal:
            return refusal


async def _gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _upgrade_required(door: Door) -> HttpReply:
    return error_reply(
        "upgrade_required",
        f"{door.local} is a WebSocket endpoint; upgrade with the first request of a connection",
        upgrade="websocket",
        connection="upgrade, close",
    )


def _as_value(request: Request, body: bytes) -> HttpRequest:
    scope = request.scope
    query = scope["query_string"].decode("latin-1")
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return HttpRequest(
        method=request.method,
        url=scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
        headers=headers,
        body=body,
        peer=request.client.host if request.client else "",
        secure=request.url.scheme == "https",
    )


# What is ours.


def _healthz_of(premises: Premises) -> Callable[[Request], Awaitable[Response]]:
    async def healthz(_: Request) -> Response:
        status, word = (503, "draining") if premises.draining else (200, "ok")
        return respond(json_reply(status, msgspec.json.encode({"status": word})))

    return healthz


def _index_of(plan: DoorPlan[Hall]) -> Callable[[Request], Awaitable[Response]]:
    async def index(_: Request) -> Response:
        lines = ["Venuewire: a local venue. It listens here:", ""]
        lines += [f"{door.method:5}{door.local}  {venue.name}" for venue, door in plan.endpoints]
        lines += ["", "GET  /healthz", "GET  /metrics", "GET  /control/openapi.json", ""]
        return PlainTextResponse("\n".join(lines))

    return index


# Errors.


def _explain_with(plan: DoorPlan[Hall]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def explain(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        headers = dict(error.headers or {})
        if error.status_code == 404:
            return _not_here(plan)
        code = _CODES.get(error.status_code, "bad_request")
        return respond(error_reply(code, error.detail, **headers))

    return explain


def _not_here(plan: DoorPlan[Hall]) -> Response:
    body = {
        "error": Mistake("not_found", "there is nothing here"),
        "endpoints": [
            {"venue": venue.name, "kind": door.kind, "method": door.method, "path": door.local}
            for venue, door in plan.endpoints
        ],
    }
    return Response(msgspec.json.encode(body), 404, media_type="application/json")


async def _apologize(_request: Request, _error: Exception) -> Response:
    return respond(error_reply("internal", "an error of the local venue"))


class _Shield:
    """Starlette answers an unexpected error and raises it again, for a server that would log its
    text; it ends here instead."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except ClientDisconnect:
            return  # Gone before the request was complete: there is nobody to answer.
        except Exception as error:  # noqa: BLE001 - see above
            report(_logger, "answering an HTTP request", error)
            if not started:
                await (await _apologize(Request(scope), error))(scope, receive, send)
