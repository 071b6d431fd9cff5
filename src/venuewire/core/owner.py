"""What the parts of a client's session need of the session: nothing but this is theirs to touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from venuewire.core import messages, updates
from venuewire.core.commands import Command
from venuewire.core.health import Counters
from venuewire.core.instant import Instant

if TYPE_CHECKING:
    from venuewire.core.strand import Strand


class Owner(Protocol):
    """Of strands."""

    counters: Counters
    commands: list[Command]
    rotate_after: float | None
    under_maintenance: bool
    """The venue says that it is."""

    def new_id(self) -> int: ...
    def new_link(self, strand: Strand) -> int: ...
    def told(self, strand: Strand, update: updates.Update) -> None: ...
    def review(self, now: Instant) -> None:
        """Something other than a message was heard."""
        ...

    def announced(self, word: messages.Announced, now: Instant) -> None: ...
    def next_rotation(self, now: Instant) -> float | None:
        """Monotonic seconds, when a link that is fresh now is to be replaced for all that has been
        announced."""
        ...

    def in_maintenance(self, now: Instant) -> bool: ...


class House(Protocol):
    """Of a succession of strands."""

    counters: Counters
    commands: list[Command]
    strands: list[Strand]

    def deliver(self, update: updates.Update) -> None: ...
    def new_strand(self) -> Strand: ...
    def forget(self, strand: Strand) -> None:
        """It has no link any more, and never will have."""
        ...
