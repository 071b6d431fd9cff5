"""HTTP as the kernel sees it: a request and a reply as values, whichever library carries them."""

from collections.abc import Mapping
from math import ceil

from msgspec import Struct, field

from venuewire.core.secrets import redact_url


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A request, ours to be made or a peer's to be answered; also a WebSocket upgrade's head."""

    method: str
    url: str
    """To be made: absolute. To be answered: `path?query`, undecoded."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case where a peer sent them."""
    body: bytes = b""
    peer: str = ""
    """The client's address, where a peer sent it."""
    secure: bool = False
    """It came over TLS."""

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def query(self) -> str:
        return self.url.partition("?")[2]

    def __repr__(self) -> str:
        # Headers and bodies carry keys and signatures, a query carries tokens.
        return f"HttpRequest({self.method} {redact_url(self.url)})"


class HttpReply(Struct, frozen=True, kw_only=True):
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def retry_after(self) -> float | None:
        """Seconds to stay away; None where the server named none, or a date."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

    def __repr__(self) -> str:
        return f"HttpReply({self.status}, {len(self.body)} bytes)"


def too_many(body: bytes, wait: float) -> HttpReply:
    """ "Too many requests", for so many more seconds."""
    return json_reply(429, body, retry_after=str(max(1, ceil(wait))))


def json_reply(status: int, body: bytes, **headers: str) -> HttpReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(
        status=status, body=body, headers={"content-type": "application/json", **named}
    )
