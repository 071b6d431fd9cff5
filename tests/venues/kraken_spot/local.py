"""A local Kraken Spot in virtual time, with its three doors, and the world's view of them.

Signs token requests by the documentation's formula, written out here once more, so that the
venue's own signing is not its only witness.
"""

import base64
import hashlib
import hmac
from typing import Any

import msgspec

from caller import Caller, call, floor_of
from venuewire.core.floor import Publication
from venuewire.core.http import HttpRequest
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.venues.kraken_spot import KRAKEN_SPOT
from venuewire.venues.kraken_spot.terms import KrakenSpotTerms

ALICE = Account("alice", Credentials("key-of-alice", base64.b64encode(b"alice").decode()))
BOB = Account("bob", Credentials("key-of-bob", base64.b64encode(b"bob").decode()))
UPGRADE = HttpRequest(method="GET", url="/v2")


class Local:
    def __init__(self, edition: Edition = "documented", **terms: Any) -> None:
        self.terms = KrakenSpotTerms(edition=edition, **terms)
        self.floor, self.clock = floor_of(KRAKEN_SPOT, ALICE, BOB, terms=self.terms)
        self._nonce = 0

    def public(self) -> Caller:
        """A caller at ws, whose greeting has been read."""
        return self._enter("public")

    def private(self) -> Caller:
        """The same at ws-auth."""
        return self._enter("private")

    def _enter(self, door: str) -> Caller:
        caller = call(self.floor, self.clock, door, UPGRADE)
        caller.heard()
        return caller

    def token(self, account: Account = ALICE) -> str:
        self._nonce += 1
        reply = self.ask_for_token(signed(account.credentials, str(self._nonce)))
        token: str = reply["result"]["token"]
        return token

    def ask_for_token(self, request: HttpRequest) -> Any:
        reply = self.floor.answer("token", request, self.clock())
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        return msgspec.json.decode(reply.body)

    def publish(self, channel: str, payload: Any, account: str | None = None) -> int:
        text = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        publication = Publication(channel=channel, payload=text, account=account)
        return self.floor.publish(publication, self.clock())


def signed(credentials: Credentials, nonce: str, form: str | None = None) -> HttpRequest:
    """A token request, as a venue sees it arrive."""
    body = (f"nonce={nonce}" if form is None else form).encode()
    path = b"/0/private/GetWebSocketsToken"
    message = path + hashlib.sha256(nonce.encode() + body).digest()
    digest = hmac.new(base64.b64decode(credentials.api_secret), message, hashlib.sha512).digest()
    return HttpRequest(
        method="POST",
        url="/kraken-spot/0/private/GetWebSocketsToken",
        headers={"api-key": credentials.api_key, "api-sign": base64.b64encode(digest).decode()},
        body=body,
    )


def subscribe(channel: str, *symbols: str, **params: Any) -> dict[str, Any]:
    return request("subscribe", channel, *symbols, **params)


def unsubscribe(channel: str, *symbols: str, **params: Any) -> dict[str, Any]:
    return request("unsubscribe", channel, *symbols, **params)


def request(method: str, channel: str, *symbols: str, **params: Any) -> dict[str, Any]:
    named = {"symbol": list(symbols)} if symbols else {}
    return {"method": method, "params": {"channel": channel, **named, **params}, "req_id": 7}


def timeless(frame: Any) -> Any:
    """A reply without its two stamps, which it must have."""
    stamps = frame.pop("time_in"), frame.pop("time_out")
    assert all(len(stamp) == 27 and stamp.endswith("Z") for stamp in stamps)
    return frame
