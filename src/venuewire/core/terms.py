"""The numbers a local venue lives by: published limits, and our guesses where none is published.

A venue extends `Terms` in its folder with numbers of its own; none is ever a literal in a rule,
so a later recording of the real venue changes data and not code.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from venuewire.core.pacing import Budget

Edition: TypeAlias = Literal["documented", "observed"]
"""`documented`: the venue's pages to the letter. `observed`: what live recordings show."""


class Terms(Struct, frozen=True, kw_only=True):
    """Times in seconds; None means no limit."""

    edition: Edition = "documented"
    idle_timeout: float | None = None
    """Hang up on a client that has sent nothing for this long."""
    lifetime: float | None = None
    """Cut a session this long after it began."""
    heartbeat_interval: float = 1.0
    control_ping_counts: bool = False
    """A WebSocket PING frame is a sign of life."""
    max_requests: int | None = None
    """Frames a client may send within `requests_window`."""
    requests_window: float = 1.0
    max_subscriptions: int = 1000
    """Channels one session may hold."""
    max_sessions: int = 10_000
    """Sessions open at once."""
    max_accounts: int = 10_000
    """API keys there can be."""
    revoked_close: int = 1008
    """The close code when a session's key is revoked. No venue publishes one."""

    def request_budget(self) -> Budget | None:
        if self.max_requests is None:
            return None
        return Budget(self.max_requests, self.requests_window)
