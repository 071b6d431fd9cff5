"""What happened outside. Apart from frames, the only way news reaches a session.

Law: link and attempt numbers come back as they were given, so that news of a dead link is known
as such; one line in `ClientSession.handle` ignores it.
"""

from typing import TypeAlias

from msgspec import Struct

from venuewire.core.http import HttpReply


class LinkOpened(Struct, frozen=True):
    """The WebSocket handshake completed."""

    link: int


class LinkClosed(Struct, frozen=True):
    """The link is gone: closed by a peer, lost, or never established."""

    link: int
    code: int = 1006
    reason: str = ""
    reply: HttpReply | None = None
    """What the venue said instead of upgrading; None when it was not HTTP that failed."""

    def account(self, *, opened: bool) -> str:
        """What happened, in words."""
        if self.reply is not None:
            return f"the venue answered the upgrade with HTTP {self.reply.status}"
        fate = f"the link closed with {self.code}" if opened else "no connection"
        return f"{fate}: {self.reason}" if self.reason else fate


class PongReceived(Struct, frozen=True):
    """A WebSocket PONG frame, with the payload of the PING it answers."""

    link: int
    payload: bytes


class PingReceived(Struct, frozen=True):
    """A WebSocket PING frame: a sign of life. Whoever carries the link has answered it."""

    link: int


class FrameUnreadable(Struct, frozen=True):
    """A whole frame that is no text, so no dialect can read it; the link lives on."""

    link: int
    reason: str


class Fetched(Struct, frozen=True):
    """The HTTP reply to a `Fetch`."""

    link: int
    reply: HttpReply


class FetchFailed(Struct, frozen=True):
    """There was no HTTP reply to a `Fetch`."""

    link: int
    reason: str


class DeadlineReached(Struct, frozen=True):
    """`session.deadline` has passed. An early or repeated one is harmless."""


RareFrame: TypeAlias = PingReceived | PongReceived | FrameUnreadable
Event: TypeAlias = LinkOpened | LinkClosed | RareFrame | Fetched | FetchFailed | DeadlineReached
