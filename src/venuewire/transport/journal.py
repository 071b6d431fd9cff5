"""What happened at a local venue lately: who came, what they subscribed, why they went.

Law 1: bounded, in the number of events and in the length of each: the oldest are forgotten, and
       whoever reads is told how many were.
Law 2: no secret is ever written: no frame, no query, no header, no key; a client's own words only
       as the names of channels, cut short.
Law 3: each event is also one line for a log that wants it.
"""

import logging
from collections import deque
from itertools import count
from math import inf
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import asdict, replace

from venuewire.core.instant import Clock

LONGEST_TEXT: Final = 200
"""Characters of a reason or a channel."""
SELDOM: Final = 1.0
"""Seconds between two events of what anybody can cause."""

What: TypeAlias = Literal[
    "opened",
    "refused",
    "subscribed",
    "unsubscribed",
    "slow",
    "cut",
    "closed",
    "aged",
    "advanced",
    "published",
    "notified",
    "withdrawn",
    "account_added",
    "account_revoked",
    "fault_added",
    "faults_cleared",
    "draining",
    "serving",
    "limits_changed",
    "worker_began",
    "worker_lost",
    "reloaded",
    "not_reloaded",
]

logger: Final = logging.getLogger(__name__)


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened. What does not belong to its kind is left out."""

    number: int
    """Counts from 1, over all venues."""
    at: float
    """Seconds since the epoch."""
    what: What
    venue: str = ""
    """Empty where all are concerned."""
    session: int | None = None
    peer: str = ""
    """The client's address."""
    code: int | None = None
    """A close code; of a refusal the HTTP status, or the venue's own code."""
    reason: str = ""
    channel: str = ""
    seconds: float | None = None
    """How much older something was made."""
    heard: int | None = None
    """How many subscribers, or how many sessions were cut."""
    fault: str = ""
    id: int | None = None
    """Of a fault or a notification."""
    account: str = ""
    key: str = ""
    """Names an API key without showing it: `Account.key_id`."""

    def __str__(self) -> str:
        said = asdict(self)
        told = {name: value for name, value in said.items() if value not in {"", None}}
        head = f"{told.pop('venue', 'all')} {told.pop('what')}"
        del told["number"], told["at"]
        return " ".join([head, *(f"{name}={value!r}" for name, value in told.items())])


class Journal:
    def __init__(self, limit: int, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._events: deque[Event] = deque(maxlen=limit)
        self.written = 0
        """The number of the last event."""
        self._refused_at: dict[int, float] = {}

    def resize(self, limit: int) -> None:
        """Remember so many events from now on."""
        self._events = deque(self._events, maxlen=limit)

    def write(  # noqa: PLR0913 - the fields of an event, all by name
        self,
        what: What,
        venue: str = "",
        *,
        session: int | None = None,
        peer: str = "",
        code: int | None = None,
        reason: str = "",
        channel: str = "",
        seconds: float | None = None,
        heard: int | None = None,
        fault: str = "",
        id: int | None = None,
        account: str = "",
        key: str = "",
    ) -> None:
        event = Event(
            number=0,
            at=round(self._clock().realtime, 6),
            what=what,
            venue=venue,
            session=session,
            peer=peer,
            code=code,
            reason=reason[:LONGEST_TEXT],
            channel=channel[:LONGEST_TEXT],
            seconds=seconds,
            heard=heard,
            fault=fault[:LONGEST_TEXT],
            id=id,
            account=account[:LONGEST_TEXT],
            key=key,
        )
        self.enter(event)

    def enter(self, event: Event) -> None:
        """Give it the next number, and remember it."""
        self.written = next(self._numbers)
        event = replace(event, number=self.written)
        self._events.append(event)
        if logger.isEnabledFor(logging.INFO):
            logger.info("%s", event, extra={"event": event})

    def refused(self, code: int, *, peer: str, reason: str) -> None:
        """Somebody has not even come as far as a venue. Written at most once in a second for each
        HTTP status: anybody can cause it, and it must not wash away all else."""
        now = self._clock().monotonic
        if now - self._refused_at.get(code, -inf) >= SELDOM:
            self._refused_at[code] = now
            self.write("refused", peer=peer, code=code, reason=reason)

    def read(
        self, after: int = 0, limit: int | None = None, venue: str | None = None
    ) -> tuple[Event, ...]:
        """The oldest first, of those after that number; those that concern all venues, too."""
        found = (
            event
            for event in self._events
            if event.number > after and venue in {None, event.venue, event.venue or venue}
        )
        return tuple(event for event, _ in zip(found, range(limit or self.written), strict=False))

    def forgotten(self, after: int = 0) -> int:
        """How many events after that number are there no more."""
        kept = self._events[0].number if self._events else self.written + 1
        return max(0, kept - 1 - after)
