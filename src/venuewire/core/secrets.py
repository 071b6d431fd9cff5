"""Keys, and the one place that knows how to print them: not at all."""

import re
from base64 import b64encode
from hashlib import sha256
from random import Random

from msgspec import Struct

HIDDEN = "***"

_SECRET_QUERY = re.compile(r"(?i)\b(token|signature|api_?key|secret|passphrase)=[^&#\s]+")
_USER = re.compile(r"//[^/?#@\s]*@")


class Credentials(Struct, frozen=True):
    """What a client proves its identity with. Its `repr` shows no part of any of it."""

    api_key: str
    api_secret: str
    passphrase: str = ""
    """KuCoin only."""
    key_version: str = "3"
    """KuCoin only: the version of the key, sent as `KC-API-KEY-VERSION`."""

    def __repr__(self) -> str:
        return f"Credentials({HIDDEN})"


class Account(Struct, frozen=True):
    """Someone a local venue lets in."""

    name: str
    credentials: Credentials
    permissions: frozenset[str] = frozenset({"general", "websocket"})
    """What the key may do; the names are the venue's own."""
    passphrase_digest: str = ""
    """KuCoin only: by this the passphrase is recognized where it is not known itself."""

    @property
    def key_id(self) -> str:
        """Names the key where it cannot be shown: the beginning of its SHA-256, in hexadecimal."""
        return sha256(self.credentials.api_key.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Account({self.name!r}, {self.key_id})"


def new_credentials(rng: Random, *, passphrase: bool) -> Credentials:
    """A key nobody has. Its secret is base64, which also passes for the ASCII text that some
    venues' secrets are; `rng` had better be unpredictable."""
    return Credentials(
        api_key=rng.randbytes(16).hex(),
        api_secret=b64encode(rng.randbytes(48)).decode(),
        passphrase=rng.randbytes(12).hex() if passphrase else "",
    )


def redact_url(url: str) -> str:
    """The URL with every secret in it replaced: KuCoin's token travels in the query."""
    bare = _USER.sub(f"//{HIDDEN}@", url)
    return _SECRET_QUERY.sub(lambda match: f"{match[1]}={HIDDEN}", bare)


def excerpt(payload: bytes, limit: int = 80) -> str:
    """The beginning of a peer's frame, for an error text.

    Frames that carry credentials or tokens are not quoted at all: the documented edition of
    Kraken Futures echoes `api_key` and `signed_challenge`.
    """
    if any(word in payload for word in (b"api_key", b"signed_challenge", b'"token"')):
        return "(not quoted: it carries credentials)"
    text = payload[:limit].decode("utf-8", "backslashreplace")
    return text if len(payload) <= limit else f"{text}..."
