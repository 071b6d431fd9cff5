"""How Kraken's REST API knows a caller: the signature over one form, and the nonce inside it.

`API-Sign` is base64(HMAC-SHA512(base64decode(secret), path + SHA256(nonce + postdata))).

Law 1: the path that is signed is the venue's own, whatever prefix a local venue has put before it.
Law 2: signatures are compared in constant time.

Source: https://docs.kraken.com/exchange/guides/rest/authentication
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from venuewire.core.errors import ConfigurationError

TOKEN_PATH: Final = "/0/private/GetWebSocketsToken"  # noqa: S105 - a path


def secret_bytes(api_secret: str) -> bytes:
    """The key a secret stands for. Raises `ConfigurationError`, which does not quote it."""
    try:
        secret = base64.b64decode(api_secret, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not secret:
        raise ConfigurationError("api_secret: Kraken's secrets are base64, and this one is not")
    return secret


def sign(secret: bytes, path: str, nonce: str, form: bytes) -> str:
    """`form` is the request's body to the byte; `nonce` stands in it too."""
    digest = hashlib.sha256(nonce.encode() + form).digest()
    return base64.b64encode(hmac.digest(secret, path.encode() + digest, "sha512")).decode()


def verify(secret: bytes, path: str, nonce: str, form: bytes, signature: str) -> bool:
    expected = sign(secret, path, nonce, form)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


class Nonces:
    """Microseconds since the epoch, and always more than the last time."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self, realtime: float) -> str:
        self._last = max(self._last + 1, int(realtime * 1_000_000))
        return str(self._last)
