"""What the application hears.

Law 1: each attempt that fails is one `Down`; a row of them ends with `Ready`, or the last of them
       is the last update of all.
Law 2: every interval in which something could have been missed is one `Gap`.
"""

from enum import Enum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from venuewire.core.messages import Maintenance, Message


class Cause(Enum):
    """Why a session is down."""

    LOST = "lost"
    """The connection broke, or could not be made."""
    SILENT = "silent"
    """The venue no longer answered: a link that looked open was dead."""
    UNANSWERED = "unanswered"
    """The venue did not answer a request in time, though it lives."""
    REFUSED = "refused"
    """The venue refused our credentials, token or signature."""
    MAINTENANCE = "maintenance"
    """The connection broke, or could not be made, while the venue said it would be down."""
    CONFIGURATION = "configuration"
    """What we were told to do cannot work; there is no next attempt."""
    CLOSED = "closed"
    """The application closed the session; there is no next attempt."""


class Ready(Struct, frozen=True):
    """Connected, greeted, authenticated. Wanted channels are being subscribed."""

    link: int
    """Counts the links of this session, from 1."""


class Subscribed(Struct, frozen=True):
    channel: str


class Unsubscribed(Struct, frozen=True):
    channel: str


class Refused(Struct, frozen=True):
    """A request was refused; the link lives on."""

    reason: str
    channel: str | None = None
    """None when the venue did not say which request it meant and none was pending."""
    code: int | None = None


class Stalled(Struct, frozen=True):
    """The venue agreed to a channel, and the data that were due on it did not come: the first it
    promises, or the next that somebody expects. It is asked again; if that does not help, by
    another link; after that this is only told. A `Gap` follows when it is agreed to again."""

    channel: str
    evidence: str


class Suspect(Struct, frozen=True):
    """Silence, or an overdue pong. A probe has been sent: `Alive` or `Down` follows."""

    evidence: str


class Alive(Struct, frozen=True):
    """The suspicion was unfounded."""

    evidence: str


class Down(Struct, frozen=True):
    cause: Cause
    reason: str
    retry_in: float | None
    """Seconds until the next attempt; None when there will be none: this update is the last."""


class Gap(Struct, frozen=True):
    """Something could have been missed on `channel` in this interval."""

    channel: str
    since: float
    """Seconds since the epoch: the last moment known to be covered."""
    until: float
    """Never before `since`, even where the wall clock was set back in between."""
    why: str

    def __post_init__(self) -> None:
        if self.until < self.since:
            force_setattr(self, "until", self.since)


class Rotated(Struct, frozen=True):
    """A link was replaced while the session stayed ready."""

    old: int
    link: int
    """Its successor, on which everything wanted has been agreed to."""
    why: str


class Overrun(Struct, frozen=True):
    """Iteration fell behind a channel that is delivered by `Fail`: it has been given up, and
    `Unsubscribed` follows. Subscribe again to go on."""

    channel: str
    waited: int
    """Messages of it that were waiting; they come before this."""


class Backfilled(Struct, frozen=True):
    """The application's `backfill` is done with a gap. What it found has come before this."""

    gap: Gap
    count: int
    """Messages it found."""
    failure: str | None = None
    """Why it found none, or not all; None when it did its work."""


class Unreadable(Struct, frozen=True):
    """The venue sent something that is not in its dialect. The link lives on."""

    reason: str


class Notice(Struct, frozen=True):
    """The venue said something about itself: a change of status, a maintenance."""

    text: str


Update: TypeAlias = (
    Message
    | Ready
    | Subscribed
    | Unsubscribed
    | Refused
    | Stalled
    | Suspect
    | Alive
    | Down
    | Gap
    | Overrun
    | Backfilled
    | Rotated
    | Maintenance
    | Unreadable
    | Notice
)
