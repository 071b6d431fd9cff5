"""The operator's orders to a running local venue, as JSON over HTTP below `/control`.

    GET  /control/sessions   {"sessions":[{"venue":...,"number":...,"channels":...,"state":...}]}
    POST /control/publish    {"venue","channel","payload","subject"?,"account"?}  ->  {"heard":n}
    POST /control/notify     {"note","type"?,"priority"?,...,"venue"?}            ->  {"id":n}
    GET  /control/faults     {"faults":[{"id":...,"venue":...,"fault":...,"state":...}]}
    POST /control/faults     {"fault","venue"?}                                   ->  {"id":n}
    DELETE /control/faults   all of them; /control/faults/3 only that             ->  {"cleared":n}

An order that cannot be carried out is answered `{"error":{"code":...,"message":...}}`. Who may
give orders is decided in `transport.http_app`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Note, Publication
from venuewire.core.http import HttpReply, json_reply
from venuewire.core.server_session import ServerSession
from venuewire.server.fault_board import FaultBoard
from venuewire.transport.hall import Hall
from venuewire.transport.http_app import read_body, respond
from venuewire.transport.limits import Limits
from venuewire.transport.replies import error_reply

_Order = TypeVar("_Order", bound=Struct)


class PublishOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """As `core.floor.Publication`, for one venue."""

    venue: str
    channel: str
    payload: msgspec.Raw
    subject: str | None = None
    account: str | None = None


class NotifyOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """As `core.floor.Note`, for one venue; for the only one that notifies, if none is named."""

    note: str
    type: str = "general"
    priority: str = "low"
    effective_time: int | None = None
    expected_downtime_minutes: int | None = None
    venue: str | None = None


class FaultOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """A spec or a scenario, for one venue or wherever it makes sense."""

    fault: str
    venue: str | None = None


def control_routes(halls: Mapping[str, Hall], board: FaultBoard, limits: Limits) -> list[BaseRoute]:
    def publish(order: PublishOrder) -> dict[str, int]:
        publication = Publication(
            channel=order.channel,
            payload=bytes(order.payload),
            subject=order.subject,
            account=order.account,
        )
        return {"heard": _hall(halls, order.venue).publish(publication)}

    def notify(order: NotifyOrder) -> dict[str, int]:
        note = Note(
            note=order.note,
            type=order.type,
            priority=order.priority,
            effective_time=order.effective_time,
            expected_downtime_minutes=order.expected_downtime_minutes,
        )
        return {"id": notifying_hall(halls, order.venue).notify(note)}

    async def sessions(_: Request) -> Response:
        listed = [
            _describe(hall, session)
            for hall in halls.values()
            for session in hall.floor.sessions.values()
        ]
        return respond(json_reply(200, msgspec.json.encode({"sessions": listed})))

    return [
        *_fault_routes(halls, board, limits),
        Route("/sessions", sessions),
        Route("/publish", _obey(PublishOrder, publish, limits), methods=["POST"]),
        Route("/notify", _obey(NotifyOrder, notify, limits), methods=["POST"]),
    ]


def _fault_routes(halls: Mapping[str, Hall], board: FaultBoard, limits: Limits) -> list[BaseRoute]:
    def add_fault(order: FaultOrder) -> dict[str, int]:
        if order.venue is not None:
            _hall(halls, order.venue)
        try:
            return {"id": board.add(order.fault, order.venue)}
        except ConfigurationError as error:
            raise LocalProtocolError(str(error)) from None

    async def faults(_: Request) -> Response:
        return respond(json_reply(200, msgspec.json.encode({"faults": board.states})))

    async def clear_faults(request: Request) -> Response:
        cleared = board.clear(request.path_params.get("id"))
        return respond(json_reply(200, msgspec.json.encode({"cleared": cleared})))

    return [
        Route("/faults", _obey(FaultOrder, add_fault, limits), methods=["POST"]),
        Route("/faults", faults, methods=["GET"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
        Route("/faults/{id:int}", clear_faults, methods=["DELETE"]),
    ]


def notifying_hall(halls: Mapping[str, Hall], venue: str | None) -> Hall:
    """The venue's; without a name, that of the only venue which has notifications."""
    if venue is not None:
        return _hall(halls, venue)
    able = [hall for hall in halls.values() if hall.notifies]
    if len(able) != 1:
        raise ConfigurationError(f"{len(able)} of the venues here have notifications; name one")
    return able[0]


def _hall(halls: Mapping[str, Hall], venue: str) -> Hall:
    if venue not in halls:
        raise ConfigurationError(f"no venue here is called {venue!r}; there are {', '.join(halls)}")
    return halls[venue]


def _obey(
    type: type[_Order], carry_out: Callable[[_Order], dict[str, int]], limits: Limits
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads an order of this type and does as it says."""
    decoder = msgspec.json.Decoder(type)

    def reply_to(body: bytes) -> HttpReply:
        try:
            return json_reply(200, msgspec.json.encode(carry_out(decoder.decode(body))))
        except msgspec.DecodeError as error:
            return error_reply("bad_request", str(error))
        except ConfigurationError as error:
            return error_reply("unknown_venue", str(error))
        except LocalProtocolError as error:
            return error_reply("impossible", str(error))

    async def endpoint(request: Request) -> Response:
        return respond(reply_to(await read_body(request, limits.body_bytes)))

    return endpoint


def _describe(hall: Hall, session: ServerSession) -> dict[str, str | int]:
    return {
        "venue": hall.venue.name,
        "number": session.number,
        "channels": hall.floor.subscribers.count(session),
        "state": "open" if session.closing is None else "closing",
    }
