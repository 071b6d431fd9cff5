"""The tokens that open a session: self-contained and signed, so that a venue remembers none.

Law 1: a token's letters are `A-Z a-z 0-9 _ . = -` only, because clients put it in a URL unescaped.
Law 2: it names its market; another market's token is no token.
Law 3: it names the key it was issued to, and ends with it.
Law 4: it may open any number of sessions within its lifetime; its age is looked at when a session
       begins, and never again.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest, digest
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from venuewire.core.instant import Instant

INVALID: Final = "token is invalid"
EXPIRED: Final = "token is expired"


class Bearer(Struct, frozen=True, array_like=True):
    """Who holds a token, as the token itself says."""

    market: str
    key: str | None
    """By `Account.key_id`; None for a public token."""
    issued: float
    """Seconds since the epoch."""
    nonce: str


class Tokens:
    """Issues and checks the tokens of one market."""

    def __init__(self, market: str, key: bytes, lifetime: float, rng: Random) -> None:
        self._market = market
        self._key = key
        self._lifetime = lifetime
        self._rng = rng

    @property
    def key(self) -> bytes:
        return self._key

    def sign_with(self, key: bytes) -> None:
        """From now on; what was signed by another is invalid."""
        self._key = key

    def issue(self, key: str | None, now: Instant) -> str:
        nonce = f"{self._rng.getrandbits(64):016x}"
        claim = msgspec.json.encode(Bearer(self._market, key, now.realtime, nonce))
        return f"{_text(claim)}.{_text(self._proof(claim))}"

    def check(self, token: str, now: Instant) -> Bearer | str:
        """The bearer, or the venue's reason to refuse."""
        claim, proof = (_bytes(part) for part in _halves(token))
        if not compare_digest(proof, self._proof(claim)):
            return INVALID
        bearer = msgspec.json.decode(claim, type=Bearer)
        if bearer.market != self._market:
            return INVALID
        return EXPIRED if now.realtime - bearer.issued >= self._lifetime else bearer

    def __repr__(self) -> str:
        return f"Tokens({self._market})"

    def _proof(self, claim: bytes) -> bytes:
        return digest(self._key, claim, sha256)


def _halves(token: str) -> tuple[str, str]:
    claim, _, proof = token.partition(".")
    return claim, proof


def _text(part: bytes) -> str:
    return urlsafe_b64encode(part).decode()


def _bytes(part: str) -> bytes:
    """Empty, which proves nothing, where it is not base64."""
    try:
        return urlsafe_b64decode(part)
    except ValueError:
        return b""
