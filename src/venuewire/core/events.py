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

    @property
    def refused(self) -> bool:
        """The venue did not accept who we are."""
        return self.reply is not None and self.reply.status in {401, 403}

    @property
    def retry_after(self) -> float | None:
        """Seconds for which the venue asked us to stay away; None when it did not."""
        return None if self.reply is None else self.reply.retry_after

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


class LoopLagged(Struct, frozen=True):
    """Our own event loop was kept from its work: what has arrived may not have been read yet."""

    seconds: float
    """By which it came late."""


class TimeJumped(Struct, frozen=True):
    """The wall clock has parted from the monotonic one: the machine slept, or its clock was set."""

    seconds: float
    """By which the wall clock went ahead; below 0 when it was set back."""
    since: float
    """Seconds since the epoch, when the two were last seen to agree."""


class ReadingPaused(Struct, frozen=True):
    """The application is behind, and what the venue says is left in the socket."""

    seconds: float
    """For so long at most, from now; 0 when it is read again."""


RareFrame: TypeAlias = PingReceived | PongReceived | FrameUnreadable
LinkEvent: TypeAlias = LinkOpened | LinkClosed | RareFrame | Fetched | FetchFailed
Oddity: TypeAlias = LoopLagged | TimeJumped | ReadingPaused
TimeEvent: TypeAlias = DeadlineReached | Oddity
"""Of no link: what concerns time concerns all of a session."""
Event: TypeAlias = LinkEvent | TimeEvent
