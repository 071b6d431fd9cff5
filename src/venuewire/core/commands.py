"""What a session wants done: the only way it touches the world. I/O obeys and decides nothing."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from venuewire.core.http import HttpRequest
from venuewire.core.secrets import redact_url
from venuewire.core.updates import Update


class Fetch(Struct, frozen=True):
    """Make an HTTP request; answer with `Fetched` or `FetchFailed`, with the same `link`."""

    link: int
    request: HttpRequest


class Dial(Struct, frozen=True):
    """Open a WebSocket; answer with `LinkOpened` or `LinkClosed`."""

    link: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Dial({self.link}, {redact_url(self.url)})"


class SendFrame(Struct, frozen=True):
    """Send a text frame. Its `repr` does not show the payload: it may carry a proof or a token."""

    link: int
    payload: bytes

    def __repr__(self) -> str:
        return f"SendFrame({self.link}, {len(self.payload)} bytes)"


class SendPing(Struct, frozen=True):
    """Send a WebSocket PING frame; the answer comes back as `PongReceived`."""

    link: int
    payload: bytes


class CloseLink(Struct, frozen=True):
    link: int
    code: int
    reason: str
    abort: bool = False
    """Drop the connection without waiting: the peer is believed dead and would not answer."""


class Deliver(Struct, frozen=True):
    """Tell the application. A message that was held back comes this way too."""

    update: Update


class ReportRoundTrip(Struct, frozen=True):
    """Tell whoever asked for ping `id` that it was answered."""

    id: int
    seconds: float


Command: TypeAlias = Fetch | Dial | SendFrame | SendPing | CloseLink | Deliver | ReportRoundTrip
