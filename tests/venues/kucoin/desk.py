"""A local KuCoin market in virtual time, and how clients get in. Instrument of these tests."""

from typing import Any

import msgspec
from msgspec.structs import replace

from caller import Caller, floor_of
from clock import VirtualClock
from venuewire.core.floor import Publication
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.core.venue import Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES
from venuewire.venues.kucoin.floor import KuCoinFloor
from venuewire.venues.kucoin.signing import sign, veil

ALICE = Account("alice", Credentials("alice-key", "alice-secret", "alice-passphrase"))
BOB = Account("bob", Credentials("bob-key", "bob-secret", "bob-passphrase"))
TICKER = "/market/ticker:BTC-USDT"


class Desk:
    def __init__(
        self, venue: Venue = KUCOIN, edition: Edition = "documented", **changes: Any
    ) -> None:
        self.venue = venue
        terms = replace(venue.terms(edition), **changes)
        floor, self.clock = floor_of(venue, ALICE, BOB, terms=terms)
        assert isinstance(floor, KuCoinFloor)
        self.floor = floor

    def post(self, request: HttpRequest, door: str = "token-private") -> HttpReply:
        return self.floor.answer(door, request, self.clock())

    def grant(self, account: Account | None = None) -> Any:
        """What the token door gives to one who asks properly."""
        if account is None:
            request, door = bare(self.venue.endpoint + "/api/v1/bullet-public"), "token-public"
        else:
            request, door = signed(account, self.clock, base=self.venue.endpoint), "token-private"
        reply = self.post(request, door)
        assert reply.status == 200
        return msgspec.json.decode(reply.body)["data"]

    def token(self, account: Account | None = None) -> str:
        token = self.grant(account)["token"]
        assert isinstance(token, str)
        return token

    def upgrade(self, query: str, peer: str = "10.0.0.1") -> Caller:
        request = HttpRequest(method="GET", url=f"{self.venue.endpoint}/?{query}", peer=peer)
        return Caller(self.floor, self.clock, self.floor.admit("session", request, self.clock()))

    def enter(self, account: Account | None = None, peer: str = "10.0.0.1") -> Caller:
        """A session that has been welcomed."""
        caller = self.upgrade(f"token={self.token(account)}&connectId=hQvf8jkno", peer)
        assert caller.heard() == [{"id": "hQvf8jkno", "type": "welcome"}]
        return caller

    def say(self, channel: str, payload: Any, **named: Any) -> int:
        """Publish; how many heard it."""
        encoded = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        publication = Publication(channel=channel, payload=encoded, **named)
        return self.floor.publish(publication, self.clock())


def futures(edition: Edition = "documented", **changes: Any) -> Desk:
    return Desk(KUCOIN_FUTURES, edition, **changes)


def bare(url: str = "/kucoin/api/v1/bullet-private", **named: Any) -> HttpRequest:
    headers = {"host": "127.0.0.1:9010", **named.pop("headers", {})}
    return HttpRequest(method="POST", url=url, headers=headers, **named)


def signed(
    account: Account,
    clock: VirtualClock,
    *,
    base: str = "/kucoin",
    late: float = 0.0,
    target: str = "/api/v1/bullet-private",
    body: bytes = b"",
    peer: str = "",
    **changes: str,
) -> HttpRequest:
    """As a client of the field signs; `changes` replace headers, an empty one removes it."""
    credentials = account.credentials
    stamp = str(int((clock().realtime - late) * 1000))
    headers = {
        "kc-api-key": credentials.api_key,
        "kc-api-timestamp": stamp,
        "kc-api-sign": sign(credentials.api_secret, stamp, "POST", target, body),
        "kc-api-passphrase": veil(credentials.api_secret, credentials.passphrase),
        "kc-api-key-version": "2",
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    kept = {name: value for name, value in headers.items() if value}
    return bare(base + target, headers=kept, body=body, peer=peer)


def asking(topic: str | None = TICKER, id: Any = "1", **fields: Any) -> dict[str, Any]:
    """A request to subscribe, which wants an ack."""
    request = {"id": id, "type": "subscribe", "topic": topic, "response": True, **fields}
    return {name: value for name, value in request.items() if value is not None}


def refusal(code: int, data: str, id: str | None = "1") -> dict[str, Any]:
    return {**({} if id is None else {"id": id}), "type": "error", "code": code, "data": data}


ACK = {"id": "1", "type": "ack"}
