"""How an upgrade request to Kraken Prime is signed, for both sides.

Law 1: the signed text is `GET`, timestamp, host, path, one a line, without a last newline.
Law 2: the secret is the key as ASCII text; it is not decoded from base64.
Law 3: no message of these functions contains any part of a key or a secret.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Credentials

VENUE_PATH: Final = "/ws/v1"
LOCAL_PATH: Final = "/kraken-prime/ws/v1"

_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?Z"
)
_TO_STANDARD: Final = str.maketrans("-_", "+/")


def check(credentials: Credentials) -> None:
    """Raises `ConfigurationError` for what can be neither signed with nor sent."""
    if not (credentials.api_key.isascii() and credentials.api_key.isprintable()):
        raise ConfigurationError("api_key: only printable ASCII can be sent in a header")
    if not credentials.api_secret.isascii():
        raise ConfigurationError("api_secret: Kraken Prime secrets are ASCII text")


def sign(secret: str, timestamp: str, host: str, path: str) -> str:
    """`ApiSign`, in the URL-safe alphabet with padding, as the official sample writes it."""
    return base64.urlsafe_b64encode(_mac(secret, timestamp, host, path)).decode("ascii")


def matches(
    signature: str, secret: str, timestamp: str, hosts: Iterable[str], paths: Iterable[str]
) -> bool:
    """Was this signed for one of these hosts and paths? The likeliest come first: each costs a
    digest. Both base64 alphabets are accepted: the pages say "base64", their sample is URL-safe."""
    given = signature.translate(_TO_STANDARD).encode("utf-8", "replace")
    return any(
        hmac.compare_digest(given, base64.b64encode(_mac(secret, timestamp, host, path)))
        for host in hosts
        for path in paths
    )


def parse_timestamp(text: str) -> float | None:
    """Seconds since the epoch; None when it is no `2019-02-13T05:17:32.000000Z`, where up to
    nine fractional digits, or none, will do."""
    parts = _TIMESTAMP.fullmatch(text)
    if parts is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{parts[1]}+00:00")
    except ValueError:
        return None  # Such as the 30th of February.
    return moment.timestamp() + float(f"0{parts[2] or '.0'}")


def bare_host(host: str) -> str:
    """A `Host` header without its port, in lower case; brackets of an IPv6 address go too."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def signed_path(path: str) -> str:
    """The path that is signed for a URL's path: a local venue stands in for the venue's own."""
    return VENUE_PATH if path == LOCAL_PATH else path or "/"


def _mac(secret: str, timestamp: str, host: str, path: str) -> bytes:
    text = f"GET\n{timestamp}\n{host}\n{path}".encode("utf-8", "replace")
    return hmac.digest(secret.encode("ascii"), text, hashlib.sha256)
