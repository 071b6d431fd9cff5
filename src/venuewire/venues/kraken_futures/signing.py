"""The proof of identity: a challenge, signed.

    signed_challenge = base64(HMAC-SHA-512(base64-decoded api_secret, SHA-256(challenge)))

Source: Kraken Futures websocket guide, "Sign Challenge".
Law: the key is in here and comes out in no text.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode

from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import HIDDEN


class Signer:
    """Holds one account's decoded secret."""

    __slots__ = ("_key",)

    def __init__(self, api_secret: str) -> None:
        """Raises `ConfigurationError` for a secret that is not base64."""
        try:
            self._key = b64decode(api_secret, validate=True)
        except ValueError:
            self._key = b""
        if not self._key:
            raise ConfigurationError("api_secret must be base64, as the venue shows it")

    def sign(self, challenge: str) -> str:
        digest = hashlib.sha256(challenge.encode()).digest()
        return b64encode(hmac.digest(self._key, digest, "sha512")).decode()

    def verify(self, challenge: str, signed: str) -> bool:
        return hmac.compare_digest(self.sign(challenge).encode(), signed.encode())

    def __repr__(self) -> str:
        return f"Signer({HIDDEN})"
