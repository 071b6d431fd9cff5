"""What a peer may make us hold, and how long it may keep us waiting. All of it in one table."""

from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from venuewire.core.errors import ConfigurationError

GREATEST: Final = 2**31 - 1
"""Of any limit: what systems can count to everywhere."""
_MAY_BE_NOTHING: Final = frozenset(
    {"turned_away", "close_timeout", "journal_events", "drain_timeout"}
)


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes in bytes, times in seconds; None means no limit. What a venue itself limits is in its
    `Terms`; docs/reference/limits.md has both, and what is answered."""

    connections: int = 60_000
    """At once, of every kind; fewer where the system gives this process fewer descriptors. One more
    is told 503."""
    connections_per_address: int | None = None
    """At once; one more is told 429. None, because on one machine all clients have one address."""
    turned_away: int = 64
    """Connections that are being told so, at once; one more is dropped unheard."""
    tls_timeout: float = 10.0
    """For a TLS handshake."""
    head_bytes: int = 16 * 1024
    """A request line and its headers."""
    body_bytes: int = 64 * 1024
    """The body of an HTTP request."""
    request_timeout: float = 10.0
    """To deliver a whole request: from the connection's start, then from each answer."""
    message_bytes: int = 1024 * 1024
    """A WebSocket message, all its fragments added up."""
    queued_bytes: int = 4 * 1024 * 1024
    """Written to a client that does not read; beyond it the client is cut off."""
    unread_timeout: float = 60.0
    """For a client's system to acknowledge what was sent, where the kernel can tell."""
    close_timeout: float = 5.0
    """For a client to answer our CLOSE."""
    journal_events: int = 1000
    """Remembered of what happened lately."""
    drain_timeout: float = 5.0
    """For all clients to leave when the listener stops."""

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for a number nothing can be limited by."""
        for name, value in asdict(self).items():
            if value is None:
                continue
            if not 0 <= value <= GREATEST or (value == 0 and name not in _MAY_BE_NOTHING):
                least = "from" if name in _MAY_BE_NOTHING else "above"
                raise ConfigurationError(f"{name} must be a number {least} 0, at most {GREATEST}")
