"""Our client's half of the dialect, and its frames as Python values."""

from typing import Any

import msgspec

from clock import at
from venues.kraken_spot.local import ALICE
from venuewire.core.dialect import ClientDialect
from venuewire.core.http import HttpReply
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import KRAKEN_SPOT

TICKER = b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","last":1.50}]}'


def public(**options: Any) -> ClientDialect:
    return KRAKEN_SPOT.client(ClientOptions(**options))


def private(**options: Any) -> ClientDialect:
    return public(credentials=ALICE.credentials, **options)


def granted(token: str) -> HttpReply:
    body = b'{"error":[],"result":{"token":"%b","expires":900}}' % token.encode()
    return HttpReply(status=200, body=body)


def hear(dialect: ClientDialect, frame: Any) -> Any:
    payload = frame if isinstance(frame, bytes) else msgspec.json.encode(frame)
    return dialect.decode(payload, at(1.5))


def sent(frame: bytes) -> Any:
    return msgspec.json.decode(frame)
