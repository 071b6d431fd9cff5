"""What is done to a venue as a whole, as values: so that other processes that serve the same venue
can do the same, in the same order.

Law: an act carries whatever else would differ from process to process: moments, numbers, keys.
"""

from typing import Any, TypeAlias

from msgspec import Struct

from venuewire.core.floor import Note, Publication, RecordKey
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account
from venuewire.faults.fault import Say
from venuewire.transport.limits import Limits


class Published(Struct, frozen=True, tag=True):
    venue: str
    publication: Publication
    at: Instant


class Notified(Struct, frozen=True, tag=True):
    venue: str
    note: Note
    at: Instant


class Withdrew(Struct, frozen=True, tag=True):
    venue: str
    id: int


class Announced(Struct, frozen=True, tag=True):
    """A fault has had the venue tell about itself."""

    venue: str
    said: Say
    at: Instant


class Enrolled(Struct, frozen=True, tag=True):
    venue: str
    account: Account


class Revoked(Struct, frozen=True, tag=True):
    venue: str
    api_key: str
    at: Instant

    def __repr__(self) -> str:
        return f"Revoked({self.venue})"


class LetPass(Struct, frozen=True, tag=True):
    venue: str
    seconds: float


class FaultBegan(Struct, frozen=True, tag=True):
    venue: str
    number: int
    spec: str
    """Without the venue."""
    at: float
    """Monotonic seconds: when it was added."""


class FaultsCleared(Struct, frozen=True, tag=True):
    venue: str
    number: int | None
    """None: all."""


class Learned(Struct, frozen=True, tag=True):
    """A session has made the venue know something."""

    venue: str
    key: RecordKey
    value: bytes | None
    """As `Floor.kept` gives it."""

    def __repr__(self) -> str:
        return f"Learned({self.venue}, {self.key[0]})"


class Agreed(Struct, frozen=True, tag=True):
    """Other terms, for sessions that begin from now on."""

    venue: str
    terms: dict[str, Any]


class LimitsSet(Struct, frozen=True, tag=True):
    limits: Limits


Act: TypeAlias = (
    Published
    | Notified
    | Withdrew
    | Announced
    | Enrolled
    | Revoked
    | LetPass
    | FaultBegan
    | FaultsCleared
    | Learned
    | Agreed
    | LimitsSet
)
