"""The tokens of private sessions: issued over REST, shown in each private request.

Law 1: "The token should be used within 15 minutes of creation"; once used, it stays good.
Law 2: a token belongs to one account, and proves itself: it is sealed with that account's secret,
       so every process that serves the account accepts it, and unused ones need no memory.
Law 3: those in use are remembered, up to a limit.

Source: https://docs.kraken.com/exchange/guides/websockets/authentication
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from venuewire.core.instant import Instant

_OWNER: Final = 8
_ISSUED: Final = 8
_SALT: Final = 8
_BODY: Final = _OWNER + _ISSUED + _SALT
_SEAL: Final = 32


class Tokens:
    __slots__ = ("_in_use", "_lifetime", "_limit", "_owners", "_rng", "noted")

    def __init__(
        self, secrets: Mapping[str, bytes], *, lifetime: float, limit: int, rng: Random
    ) -> None:
        """`secrets` by API key; `lifetime` in seconds; `limit` counts the tokens in use."""
        self._owners = {_digest(key): (key, secret) for key, secret in secrets.items()}
        self._lifetime = lifetime
        self._limit = limit
        self._rng = rng
        self._in_use: dict[bytes, None] = {}
        self.noted: Callable[[bytes], None] = _unnoted
        """Told which token has come into use, or is forgotten, without its seal."""

    def enroll(self, api_key: str, secret: bytes) -> None:
        self._owners[_digest(api_key)] = (api_key, secret)

    def revoke(self, api_key: str) -> None:
        """No token of this key is good any more."""
        owner = _digest(api_key)
        self._owners.pop(owner, None)
        for body in [body for body in self._in_use if body.startswith(owner)]:
            self._forget(body)

    def issue(self, api_key: str, now: Instant) -> str:
        owner = _digest(api_key)
        issued = int(now.realtime * 1_000_000).to_bytes(_ISSUED)
        body = owner + issued + self._rng.randbytes(_SALT)
        return base64.b64encode(body + _seal(self._owners[owner][1], body)).decode()

    def use(self, token: str, now: Instant) -> str | None:
        """The API key it was issued to; None when it is not, or no longer, good."""
        try:
            whole = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            return None
        body, seal = whole[:_BODY], whole[_BODY:]
        owner = self._owners.get(body[:_OWNER])
        if owner is None or not hmac.compare_digest(seal, _seal(owner[1], body)):
            return None
        return owner[0] if self._is_good(body, now) else None

    def _is_good(self, body: bytes, now: Instant) -> bool:
        if body in self._in_use:
            return True
        issued = int.from_bytes(body[_OWNER : _OWNER + _ISSUED]) / 1_000_000
        if now.realtime - issued > self._lifetime:
            return False
        self._remember(body)
        return True

    # In use.

    def is_in_use(self, body: bytes) -> bool:
        return body in self._in_use

    def take(self, body: bytes) -> bool:
        """It has come into use elsewhere, or before a restart; False when it is nobody's."""
        known = body[:_OWNER] in self._owners
        if known and body not in self._in_use:
            self._remember(body)
        return known

    def _remember(self, body: bytes) -> None:
        self._in_use[body] = None
        self.noted(body)
        if len(self._in_use) > self._limit:
            self._forget(next(iter(self._in_use)))

    def _forget(self, body: bytes) -> None:
        del self._in_use[body]
        self.noted(body)


def _unnoted(body: bytes) -> None:
    """Where nobody wants to know."""


def _digest(api_key: str) -> bytes:
    return hashlib.sha256(api_key.encode()).digest()[:_OWNER]


def _seal(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"websockets token" + body, "sha256")[:_SEAL]
