"""Who calls a local Kraken Prime in these tests, and how they get in.

Signs by the documentation's recipe, written out here once more, so that the venue is not judged
by its own code.
"""

import base64
import hashlib
import hmac
from typing import Any

from caller import Caller, call, floor_of
from clock import VirtualClock
from venuewire.core.floor import Floor
from venuewire.core.http import HttpRequest
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition, Terms
from venuewire.venues.kraken_prime import KRAKEN_PRIME

ALICE = Account("alice", Credentials("alice-key", "not-a-real-secret"))
BOB = Account("bob", Credentials("bob-key", "another-secret"))

NOW = "2023-11-14T22:13:20.000000Z"
"""Virtual time zero."""


def headers(
    account: Account = ALICE,
    timestamp: str = NOW,
    host: str = "wss.prime.kraken.com",
    path: str = "/ws/v1",
) -> dict[str, str]:
    text = f"GET\n{timestamp}\n{host}\n{path}".encode()
    mac = hmac.digest(account.credentials.api_secret.encode(), text, hashlib.sha256)
    return {
        "host": host,
        "apikey": account.credentials.api_key,
        "apisign": base64.b64encode(mac).decode(),
        "apitimestamp": timestamp,
    }


def upgrade(named: dict[str, str], url: str = "/ws/v1") -> HttpRequest:
    return HttpRequest(method="GET", url=url, headers=named)


def local_venue(
    edition: Edition = "documented", terms: Terms | None = None
) -> tuple[Floor, VirtualClock]:
    return floor_of(KRAKEN_PRIME, ALICE, BOB, edition=edition, terms=terms)


def join(floor: Floor, clock: VirtualClock, account: Account | None = ALICE) -> Caller:
    """Somebody who has been greeted, at virtual time zero; None is anonymous."""
    named = {} if account is None else headers(account)
    caller = call(floor, clock, "public", upgrade(named))
    [hello] = caller.heard()
    assert hello["type"] == "hello"
    return caller


def ping(**changes: Any) -> dict[str, Any]:
    """The documentation's ping, changed; None takes a member away."""
    frame = {"reqid": 2, "type": "Ping", "ts": "2024-01-13T05:17:32.000000Z", "data": [{}]}
    return {key: value for key, value in {**frame, **changes}.items() if value is not None}


def subscribe(reqid: Any, *channels: str, **members: Any) -> dict[str, Any]:
    """Channels as `Stream:Symbol` or `Stream`."""
    streams = []
    for channel in channels:
        name, _, symbol = channel.partition(":")
        streams.append({"name": name, "Symbol": symbol} if symbol else {"name": name})
    return {"reqid": reqid, "type": "subscribe", "streams": streams, **members}


def cancel(reqid: Any) -> dict[str, Any]:
    return {"reqid": reqid, "type": "cancel"}


def code_of(answers: list[Any]) -> int:
    """Of the one error among `answers`."""
    [answer] = answers
    assert answer["type"] == "error"
    code = answer["error"]["code"]
    assert isinstance(code, int)
    return code
