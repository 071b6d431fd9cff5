"""The numbers a local venue lives by: published limits, and our guesses where none is published.

A venue extends `Terms` in its folder with numbers of its own; none is ever a literal in a rule,
so a later recording of the real venue changes data and not code.
"""

from math import inf
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict

from venuewire.core.errors import ConfigurationError
from venuewire.core.pacing import Budget

Edition: TypeAlias = Literal["documented", "observed"]
"""`documented`: the venue's pages to the letter. `observed`: what live recordings show."""


_POSITIVE: Final = frozenset(
    {
        *("max_requests", "max_connects", "max_calls"),
        *("requests_window", "connects_window", "calls_window", "heartbeat_interval"),
    }
)
"""Whoever wants none of it says None, or does not serve the venue."""


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
    sessions_per_account: int | None = None
    """Sessions open at once, where an account is known at the door."""
    max_connects: int | None = None
    """Sessions one address may begin within `connects_window`."""
    connects_window: float = 60.0
    max_calls: int | None = None
    """Requests one address may make at the venue's HTTP doors within `calls_window`."""
    calls_window: float = 1.0

    def __post_init__(self) -> None:
        """Raises `ConfigurationError` for a number nothing can be limited by."""
        for name, value in asdict(self).items():
            if type(value) in {int, float} and not 0 <= value < inf:
                raise ConfigurationError(f"terms: {name} must be a number from 0")
            if value == 0 and name in _POSITIVE:
                raise ConfigurationError(f"terms: {name} must be above 0")

    def request_budget(self) -> Budget | None:
        if self.max_requests is None:
            return None
        return Budget(self.max_requests, self.requests_window)
