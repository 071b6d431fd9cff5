"""What a Kraken Spot frame is to a session, and forged ones, for faults."""

import re
from typing import Final

from msgspec import UNSET
from msgspec.json import encode

from venuewire.core.floor import Publication
from venuewire.core.http import json_reply
from venuewire.core.idiom import Idiom, Reading, Role, Wrong
from venuewire.venues.kraken_spot import refusals
from venuewire.venues.kraken_spot.channels import CHANNELS
from venuewire.venues.kraken_spot.wire import (
    FromVenue,
    Request,
    read_any,
    read_message,
    read_request,
)

_UNREADABLE: Final = (ValueError, RecursionError)
_ASKED: Final = {"ping": Role.PING, "subscribe": Role.REQUEST, "unsubscribe": Role.REQUEST}
_SAID: Final = {"pong": Role.PONG, "subscribe": Role.ACK, "unsubscribe": Role.ACK}
_STATES: Final = {"heartbeat": Role.HEARTBEAT, "status": Role.WELCOME}
_TEXTS: Final = {
    Wrong.LIMIT: refusals.TOO_MANY_SUBSCRIPTIONS,
    Wrong.KEY: refusals.INVALID_SESSION,
    Wrong.BUSY: "EService:Busy",
}
_ID: Final = re.compile(rb'("req_id":)(\d+)')


def _upstream(payload: bytes) -> Reading:
    request = _request(payload)
    return Reading(Role.OTHER if request is None else _ASKED.get(request.method, Role.OTHER))


def _downstream(payload: bytes) -> Reading:
    try:
        frame = read_any(payload)
    except _UNREADABLE:
        return Reading(Role.OTHER)
    if frame.success is False:
        return Reading(Role.REFUSAL)
    if frame.channel and not frame.method:
        role = _STATES.get(frame.channel, Role.MESSAGE)
        return Reading(role, _channel(frame, payload) if role is Role.MESSAGE else "")
    return Reading(_SAID.get(frame.method, Role.OTHER))


def _channel(frame: FromVenue, payload: bytes) -> str:
    known = CHANNELS.get(frame.channel)
    if known is None or not known.by_symbol:
        return frame.channel
    data = read_message(payload).data
    return f"{frame.channel}:{data[0].symbol}" if data else frame.channel


def _refuse(payload: bytes, wrong: Wrong) -> bytes:
    request = _request(payload)
    said: dict[str, object] = {"error": _TEXTS[wrong], "success": False}
    if request is None:
        return encode(said | {"method": "error"})
    if request.req_id is not UNSET:
        said["req_id"] = request.req_id
    return encode(said | {"method": request.method})


def _request(payload: bytes) -> Request | None:
    try:
        return read_request(payload)
    except _UNREADABLE:
        return None


def _misaddress(payload: bytes) -> bytes:
    return _ID.sub(rb"\g<1>9990\2", payload, count=1)


IDIOM: Final = Idiom(
    upstream=_upstream,
    downstream=_downstream,
    roles=frozenset(Role) - {Role.CHALLENGE, Role.OTHER},
    refuse=_refuse,
    misaddress=_misaddress,
    revoked=json_reply(200, encode({"error": [refusals.INVALID_KEY]})),
    maintenance=Publication(channel="status", payload=b'{"system":"maintenance"}'),
    online=Publication(channel="status", payload=b'{"system":"online"}'),
)
