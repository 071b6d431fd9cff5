"""What the primary and a worker tell each other: two closed unions.

Law: a worker begins with a `Charter`, and is told everything after it in the order in which it
happened; so what a worker knows is what the primary knew when it sent the last message.
"""

from typing import Any, TypeAlias

from msgspec import Struct

from venuewire.core.floor import RecordKey
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account
from venuewire.server.answers import Sessions
from venuewire.server.vitals import Vitals
from venuewire.transport import http_tunnel
from venuewire.transport.acts import Act, FaultBegan, Learned
from venuewire.transport.counts import Reading
from venuewire.transport.journal import Event
from venuewire.transport.limits import Limits

# To a worker.


class Furnished(Struct, frozen=True):
    """One venue as a worker begins with it."""

    terms: dict[str, Any]
    accounts: tuple[Account, ...]
    records: tuple[tuple[RecordKey, bytes], ...]
    """What the floor knows beside them, the latest last."""

    def __repr__(self) -> str:
        return f"Furnished({len(self.accounts)} accounts, {len(self.records)} records)"


class TlsFiles(Struct, frozen=True):
    certificate: str
    key: str


class Charter(Struct, frozen=True, tag=True):
    """All a worker must know to begin."""

    venues: dict[str, Furnished]
    faults: tuple[FaultBegan, ...]
    limits: Limits
    tls: TlsFiles | None


class Cut(Struct, frozen=True, tag=True):
    """As `Orders.cut`."""

    code: int | None
    reason: str
    abort: bool
    venue: str | None
    session: int | None


class Aged(Struct, frozen=True, tag=True):
    """As `Orders.age`."""

    seconds: float
    venue: str | None
    session: int | None


class ListSessions(Struct, frozen=True, tag=True):
    """As `Orders.session_states`."""

    venue: str | None
    after: int
    limit: int


class Look(Struct, frozen=True, tag=True):
    """Tell your share of what has happened, and is there."""


class Examine(Struct, frozen=True, tag=True):
    """Tell how your sessions are."""


class TakeTls(Struct, frozen=True, tag=True):
    """Read the certificate again, for those who come from now on."""

    files: TlsFiles


Task: TypeAlias = Act | Cut | Aged | ListSessions | Look | Examine | TakeTls


class Order(Struct, frozen=True, tag=True):
    """To be answered by `Done`."""

    number: int
    task: Task


class Admitted(Struct, frozen=True, tag=True):
    """Whoever has `Knocked` is let in."""

    id: int
    number: int
    """Of the session."""
    at: Instant
    request: HttpRequest
    """As it is to be understood: a fault may have changed it."""


class Rejected(Struct, frozen=True, tag=True):
    """It is let in, to hear in its first frame that it may not stay."""

    id: int
    number: int
    at: Instant
    code: int
    reason: str


class Refused(Struct, frozen=True, tag=True):
    id: int
    reply: HttpReply


class Ignored(Struct, frozen=True, tag=True):
    """By a fault."""

    id: int
    resets: bool
    """Its connection is reset; else it is left without an answer."""


class Stop(Struct, frozen=True, tag=True):
    """See your clients out, and end."""


Decision: TypeAlias = Admitted | Rejected | Refused | Ignored
Downward: TypeAlias = Charter | Order | Decision | Stop | http_tunnel.Downward


# To the primary.


class VenueShare(Struct, frozen=True):
    """One venue's share of one worker."""

    counts: Reading
    held: int
    """Subscriptions."""
    holders: dict[str, int]
    """Open sessions by key: `Account.key_id`."""


class Share(Struct, frozen=True, tag=True):
    venues: dict[str, VenueShare]
    refused: dict[int, int]
    """Requests that reached no venue, by HTTP status."""
    cpu: float
    """Seconds of this process."""


class Listed(Struct, frozen=True, tag=True):
    sessions: Sessions


class Examined(Struct, frozen=True, tag=True):
    vitals: Vitals


Answer: TypeAlias = int | Share | Listed | Examined | None
"""A number is of sessions that heard it, or were concerned."""


class Ready(Struct, frozen=True, tag=True):
    """The charter is carried out."""


class Done(Struct, frozen=True, tag=True):
    number: int
    answer: Answer = None


class Knocked(Struct, frozen=True, tag=True):
    """Somebody is at a WebSocket door."""

    id: int
    venue: str
    door: int
    """Its place in `Venue.doors`."""
    request: HttpRequest


class WentAway(Struct, frozen=True, tag=True):
    """Whoever has knocked waits no more; a decision is told all the same."""

    id: int


class Parted(Struct, frozen=True, tag=True):
    """A session that was let in is gone."""

    venue: str
    number: int


class Happened(Struct, frozen=True, tag=True):
    """Events for the journal; their numbers are not theirs yet."""

    events: tuple[Event, ...]


class Present(Struct, frozen=True, tag=True):
    """Who is connected, of the addresses of which that has changed."""

    upto: int
    """The serial of the last connection that was taken; later ones are not counted."""
    by_address: dict[str, int]
    turned_away: int
    """Being told that there is no room; not counted above."""


Upward: TypeAlias = (
    Ready | Done | Knocked | WentAway | Parted | Happened | Present | Learned | http_tunnel.Upward
)
