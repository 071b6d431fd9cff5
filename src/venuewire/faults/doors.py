"""Faults at a venue's doors: connections, upgrades, and the requests that grant tokens.

Law: `times` counts at all doors of the venue; without it there is no end to it.
"""

import re
from typing import ClassVar, Final

from msgspec.structs import replace

from venuewire.core.http import HttpReply, HttpRequest, json_reply
from venuewire.faults.fault import (
    Altered,
    Count,
    Fault,
    Knock,
    Never,
    Reception,
    Scene,
    Seconds,
    Slam,
    Wait,
)
from venuewire.faults.rule import PASS, Direction, Frame, Replace, Verdict

_QUERY_TOKEN: Final = re.compile(r"(?<=[?&]token=)[^&#]*")
_FRAME_TOKEN: Final = re.compile(rb'("token"\s*:\s*")[^"]*')


class RefuseConnection(Fault, frozen=True, kw_only=True):
    """Connections are reset before a word is answered; `times` of them, or all."""

    name = "refuse-connection"
    pains = (9, 10)
    times: Count | None = None

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        return Slam() if scene.may(self.times) else None


class SlowHandshake(Fault, frozen=True, kw_only=True):
    """An upgrade is answered so much later."""

    name = "slow-handshake"
    pains = (10, 25)
    seconds: Seconds = 5.0
    times: Count | None = None

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        return Wait(self.seconds) if _upgrades(knock) and scene.may(self.times) else None


class HandshakeNever(Fault, frozen=True, kw_only=True):
    """An upgrade is not answered, and the connection stays open."""

    name = "handshake-never"
    pains = (1, 10)
    times: Count | None = None

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        return Never() if _upgrades(knock) and scene.may(self.times) else None


# Upgrades that are answered with something else.


class HttpRefusal(Fault, frozen=True, kw_only=True):
    status: ClassVar[int]
    times: Count | None = None

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        return self.reply() if _upgrades(knock) and scene.may(self.times) else None

    def reply(self) -> HttpReply:
        return json_reply(self.status, b'{"error":"refused"}')


class Http401(HttpRefusal, frozen=True, kw_only=True):
    """Upgrades are answered 401, as for a client that is not known."""

    name = "http-401"
    pains = (21,)
    status = 401


class Http403(HttpRefusal, frozen=True, kw_only=True):
    """Upgrades are answered 403, as for a client that may not."""

    name = "http-403"
    pains = (21,)
    status = 403


class Http429(HttpRefusal, frozen=True, kw_only=True):
    """Upgrades are answered 429, with `Retry-After`."""

    name = "http-429"
    pains = (9, 25)
    status = 429
    retry_after: Count = 7
    """Seconds."""

    def reply(self) -> HttpReply:
        return json_reply(429, b'{"error":"refused"}', retry_after=str(self.retry_after))


class Http500(HttpRefusal, frozen=True, kw_only=True):
    """Upgrades are answered 500."""

    name = "http-500"
    pains = (10,)
    status = 500


class Http503(HttpRefusal, frozen=True, kw_only=True):
    """Upgrades are answered 503."""

    name = "http-503"
    pains = (9, 23)
    status = 503


# Tokens.


class TokenFault(Fault, frozen=True, kw_only=True):
    """Something happens to requests for a token."""

    needs_token = True
    times: Count | None = None

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        grants = knock.door.kind == "http"
        return self.outcome() if grants and scene.may(self.times) else None

    def outcome(self) -> Reception:
        raise NotImplementedError


class TokenExpired(Fault, frozen=True, kw_only=True):
    """Tokens are no longer good when they are shown, in a URL or in a frame; `times` of them, or
    all. The venue refuses them in its own words."""

    name = "token-expired"
    pains = (3,)
    rule = "KuCoin: 24 hours; Kraken Spot: used within 15 minutes"
    needs_token = True
    times: Count | None = None

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        shown = frame.direction is Direction.UPSTREAM and _FRAME_TOKEN.search(frame.payload)
        if not shown or not scene.may(self.times):
            return PASS
        return Replace((_FRAME_TOKEN.sub(rb"\1expired", frame.payload),))

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        request = knock.request
        if not _upgrades(knock) or not _QUERY_TOKEN.search(request.url):
            return None
        return Altered(_with_bad_token(request)) if scene.may(self.times) else None


class TokenDown(TokenFault, frozen=True, kw_only=True):
    """Requests for a token are answered 503."""

    name = "token-down"
    pains = (3, 9)

    def outcome(self) -> Reception:
        return json_reply(503, b'{"error":"unavailable"}')


class TokenSlow(TokenFault, frozen=True, kw_only=True):
    """Requests for a token are answered so much later."""

    name = "token-slow"
    pains = (3, 10)
    seconds: Seconds = 5.0

    def outcome(self) -> Reception:
        return Wait(self.seconds)


class TokenGarbled(TokenFault, frozen=True, kw_only=True):
    """The reply to a request for a token breaks off in the middle."""

    name = "token-garbled"
    pains = (20,)

    def outcome(self) -> Reception:
        return json_reply(200, b'{"code":"200000","error":[],"data":{"token":"')


class Token401(TokenFault, frozen=True, kw_only=True):
    """Requests for a token are answered 401, in words of no venue."""

    name = "token-401"
    pains = (21,)

    def outcome(self) -> Reception:
        return json_reply(
            401, b'{"code":"400001","msg":"unauthorized","error":["EAPI:Invalid key"]}'
        )


class Token429(TokenFault, frozen=True, kw_only=True):
    """Requests for a token are answered 429, with `Retry-After`."""

    name = "token-429"
    pains = (9, 19)
    retry_after: Count = 7
    """Seconds."""

    def outcome(self) -> Reception:
        return json_reply(429, b"too many requests", retry_after=str(self.retry_after))


def _with_bad_token(request: HttpRequest) -> HttpRequest:
    return replace(request, url=_QUERY_TOKEN.sub("expired", request.url))


def _upgrades(knock: Knock) -> bool:
    return knock.door.kind == "websocket"


DOORS: Final[tuple[type[Fault], ...]] = (
    RefuseConnection,
    SlowHandshake,
    HandshakeNever,
    Http401,
    Http403,
    Http429,
    Http500,
    Http503,
    TokenExpired,
    TokenDown,
    TokenSlow,
    TokenGarbled,
    Token401,
    Token429,
)
