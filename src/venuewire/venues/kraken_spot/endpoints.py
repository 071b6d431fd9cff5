"""Which URLs a session needs: where to dial, and where its token is fetched.

Law: the public and the private endpoint stand side by side, so either of them names both:
`ws.kraken.com` and `ws-auth.kraken.com`; on a local venue `.../kraken-spot/v2` and
`.../kraken-spot-auth/v2`. Of any other URL nothing is guessed.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import redact_url
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot.signing import TOKEN_PATH

URL: Final = "wss://ws.kraken.com/v2"
HOSTS: Final = ("ws.kraken.com", "beta-ws.kraken.com")
AUTH_HOSTS: Final = ("ws-auth.kraken.com", "beta-ws-auth.kraken.com")
REST_HOST: Final = "api.kraken.com"

LOCAL: Final = "/kraken-spot/v2"
LOCAL_AUTH: Final = "/kraken-spot-auth/v2"
LOCAL_TOKEN: Final = f"/kraken-spot{TOKEN_PATH}"

_LOCAL_PATH: Final = re.compile(r"(?P<prefix>.*)/kraken-spot(-auth)?/v2/?")


class Endpoints(Struct, frozen=True):
    public: str
    private: str
    token: str | None
    """Where the token of a private session is fetched; None when the URL doesn't tell."""


def endpoints(options: ClientOptions) -> Endpoints:
    """Raises `ConfigurationError` when `url` is none a WebSocket can be dialed at."""
    url = options.url or URL
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ConfigurationError(f"url: ws://... or wss://... is expected, not {redact_url(url)}")
    found = _at_kraken(parts) or _at_local_venue(parts) or Endpoints(url, url, None)
    return replace(found, token=options.token_url or found.token)


def _at_kraken(parts: SplitResult) -> Endpoints | None:
    hosts = dict(zip((*HOSTS, *AUTH_HOSTS), (*AUTH_HOSTS, *HOSTS), strict=True))
    named = parts.hostname or ""
    other = hosts.get(named)
    if other is None:
        return None
    public, private = (other, named) if named in AUTH_HOSTS else (named, other)
    place = parts.netloc.lower()
    return Endpoints(
        parts._replace(netloc=place.replace(named, public)).geturl(),
        parts._replace(netloc=place.replace(named, private)).geturl(),
        f"https://{REST_HOST}{TOKEN_PATH}",
    )


def _at_local_venue(parts: SplitResult) -> Endpoints | None:
    matched = _LOCAL_PATH.fullmatch(parts.path)
    if matched is None:
        return None
    rest = f"{parts.netloc}{matched['prefix']}"
    http = "https" if parts.scheme == "wss" else "http"
    return Endpoints(
        f"{parts.scheme}://{rest}{LOCAL}",
        f"{parts.scheme}://{rest}{LOCAL_AUTH}",
        f"{http}://{rest}{LOCAL_TOKEN}",
    )
