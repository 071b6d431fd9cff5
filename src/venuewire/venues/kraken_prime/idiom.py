"""What a Kraken Prime frame is to a session, and forged ones, for faults.

Law: the first message of a subscription counts as its acknowledgment, for there is no other.
"""

import re
from typing import Final

from venuewire.core.http import json_reply
from venuewire.core.idiom import Idiom, Reading, Role, Wrong
from venuewire.venues.kraken_prime import wire

_SAID: Final = {"hello": Role.WELCOME, "Pong": Role.PONG, "error": Role.REFUSAL}
_ASKED: Final = {"Ping": Role.PING, "subscribe": Role.REQUEST, "cancel": Role.REQUEST}
_REFUSALS: Final = {
    Wrong.LIMIT: wire.TOO_MANY_SUBSCRIPTIONS,
    Wrong.KEY: wire.AUTHENTICATION_REQUIRED,
    Wrong.BUSY: wire.refusal(1014, "service busy"),
}
_STAMP: Final = b"1970-01-01T00:00:00.000000Z"
_ID: Final = re.compile(rb'("reqid":)(\d+)')


def _upstream(payload: bytes) -> Reading:
    request = _request(payload)
    return Reading(_ASKED.get(request.type, Role.OTHER))


def _downstream(payload: bytes) -> Reading:
    try:
        frame = wire.frames.decode(payload)
    except wire.UNREADABLE:
        return Reading(Role.OTHER)
    role = _SAID.get(frame.type)
    if role is not None or frame.reqid is None:
        return Reading(role or Role.OTHER)
    return Reading(Role.ACK if frame.initial else Role.MESSAGE, frame.type)


def _refuse(payload: bytes, wrong: Wrong) -> bytes:
    reqid = bytes(_request(payload).reqid)
    return wire.error(reqid if reqid.isdigit() else b"", 1, _STAMP, _REFUSALS[wrong])


def _request(payload: bytes) -> wire.Request:
    """Empty where it is unreadable."""
    try:
        return wire.requests.decode(payload)
    except wire.UNREADABLE:
        return wire.Request()


def _misaddress(payload: bytes) -> bytes:
    return _ID.sub(rb"\g<1>9990\2", payload, count=1)


IDIOM: Final = Idiom(
    upstream=_upstream,
    downstream=_downstream,
    roles=frozenset(Role) - {Role.CHALLENGE, Role.HEARTBEAT, Role.OTHER},
    refuse=_refuse,
    misaddress=_misaddress,
    revoked=json_reply(401, wire.encode({"error": "unknown ApiKey"})),
)
