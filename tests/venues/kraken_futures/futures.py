"""Who calls a local Kraken Futures in these tests, and how they prove who they are.

Signs by the documentation's recipe, written out here once more, so that the venue is not judged
by its own code.
"""

import base64
import hashlib
import hmac
from typing import Any

import msgspec
from msgspec.structs import replace

from caller import Caller, call, floor_of
from clock import VirtualClock
from venuewire.core.floor import Publication
from venuewire.core.http import HttpRequest
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition
from venuewire.venues.kraken_futures import KRAKEN_FUTURES
from venuewire.venues.kraken_futures.floor import KrakenFuturesFloor

UPGRADE = HttpRequest(method="GET", url="/ws/v1")
ALICE = Account("alice", Credentials("alice-key", base64.b64encode(b"a" * 64).decode()))
BOB = Account("bob", Credentials("bob-key", base64.b64encode(b"b" * 64).decode()))

PRIVATE = (
    "notifications_auth",
    "fills",
    "open_orders",
    "open_orders_verbose",
    "open_positions",
    "balances",
    "account_log",
)

LOGIN_FAILED = "Failed to subscribe to authenticated feed"


class Futures:
    """A local venue and everybody connected to it."""

    def __init__(self, edition: Edition = "documented", **terms: Any) -> None:
        self.edition = edition
        chosen = replace(KRAKEN_FUTURES.terms(edition), **terms)
        floor, clock = floor_of(KRAKEN_FUTURES, ALICE, BOB, terms=chosen)
        assert isinstance(floor, KrakenFuturesFloor)
        self.floor: KrakenFuturesFloor = floor
        self.clock: VirtualClock = clock

    def join(self) -> Caller:
        """Connect, and hear the greeting."""
        caller = call(self.floor, self.clock, "public", UPGRADE)
        assert caller.heard() == [{"event": "info", "version": 1}]
        return caller

    def publish(self, channel: str, payload: Any, account: str | None = None) -> int:
        text = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        publication = Publication(channel=channel, payload=text, account=account)
        return self.floor.publish(publication, self.clock())

    def refusal(self, documented: str, observed: str | None = None) -> dict[str, str]:
        """In this edition's form; one text stands for both."""
        if self.edition == "documented":
            return {"event": "error", "message": documented}
        return {"event": "alert", "message": observed or documented}


def challenge(caller: Caller, account: Account = ALICE) -> str:
    [reply] = caller.send({"event": "challenge", "api_key": account.credentials.api_key})
    assert reply["event"] == "challenge"
    text: str = reply["message"]
    return text


def proof(text: str, account: Account = ALICE) -> dict[str, str]:
    secret = base64.b64decode(account.credentials.api_secret)
    mac = hmac.digest(secret, hashlib.sha256(text.encode()).digest(), "sha512")
    return {
        "api_key": account.credentials.api_key,
        "original_challenge": text,
        "signed_challenge": base64.b64encode(mac).decode(),
    }


def login(caller: Caller, account: Account = ALICE) -> dict[str, str]:
    return proof(challenge(caller, account), account)


def subscribe(feed: str, *products: str, **fields: Any) -> dict[str, Any]:
    listed = {"product_ids": list(products)} if products else {}
    return {"event": "subscribe", "feed": feed, **listed, **fields}


def unsubscribe(feed: str, *products: str, **fields: Any) -> dict[str, Any]:
    return {**subscribe(feed, *products, **fields), "event": "unsubscribe"}


def feeds(frames: list[Any]) -> list[str]:
    """Of frames of data; a control frame by its event."""
    return [frame.get("event", frame.get("feed")) for frame in frames]
