"""What a KuCoin frame is to a session, and forged ones, for faults."""

import re
from typing import Final

from venuewire.core.errors import UnreadableFrame
from venuewire.core.http import json_reply
from venuewire.core.idiom import Idiom, Reading, Role, Wrong
from venuewire.venues.kucoin import wire
from venuewire.venues.kucoin.signing import KEY_UNKNOWN

_SAID: Final = {
    "pong": Role.PONG,
    "ack": Role.ACK,
    "error": Role.REFUSAL,
    "welcome": Role.WELCOME,
}
_ASKED: Final = {"ping": Role.PING, "subscribe": Role.REQUEST, "unsubscribe": Role.REQUEST}
_REFUSALS: Final = {
    Wrong.LIMIT: (509, "exceed max subscription count limitation of 400 per session"),
    Wrong.KEY: (401, "token is invalid"),
    Wrong.BUSY: (509, "service busy, please retry later"),
}
_ID: Final = re.compile(rb'("id":")(\d*)')
_OTHER: Final = Reading(Role.OTHER)


def _upstream(payload: bytes) -> Reading:
    try:
        request = wire.read_request(payload)
    except UnreadableFrame:
        return _OTHER
    return Reading(_ASKED.get(request.type, Role.OTHER))


def _downstream(payload: bytes) -> Reading:
    try:
        answer = wire.read_answer(payload)
    except UnreadableFrame:
        return _OTHER
    if answer.type == "message":
        return Reading(Role.MESSAGE, answer.topic or "")
    return Reading(_SAID.get(answer.type, Role.OTHER))


def _refuse(payload: bytes, wrong: Wrong) -> bytes:
    return wire.error(wire.opening_of(payload), *_REFUSALS[wrong])


def _misaddress(payload: bytes) -> bytes:
    return _ID.sub(rb"\g<1>9990\2", payload, count=1)


IDIOM: Final = Idiom(
    upstream=_upstream,
    downstream=_downstream,
    roles=frozenset(
        {Role.PING, Role.REQUEST, Role.MESSAGE, Role.CLOSE, *_SAID.values()},
    ),
    refuse=_refuse,
    misaddress=_misaddress,
    revoked=json_reply(KEY_UNKNOWN.status, wire.refused(KEY_UNKNOWN.code, KEY_UNKNOWN.msg)),
)
