"""What a peer may make us hold, and how long it may keep us waiting. All of it in one table."""

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds. What a venue itself limits is in its `Terms`."""

    connections: int = 60_000
    """At once, of every kind; one more is dropped unheard."""
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
