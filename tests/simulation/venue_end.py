"""The venue's end of a simulated world: a floor, its faults, and the links that end there.

Law: every frame passes the venue's gate (see `link`), HTTP passes its doors.
"""

from typing import TYPE_CHECKING

from clock import EPOCH
from simulation.world import Peak
from venuewire.core.floor import Floor
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account
from venuewire.core.terms import Edition
from venuewire.core.venue import Door, Venue
from venuewire.faults.fault import Deed, Say
from venuewire.faults.scenario import parse_all
from venuewire.faults.spec import Spec
from venuewire.faults.troubles import Troubles, announce

if TYPE_CHECKING:
    from simulation.link import Link
    from simulation.world import World


class LocalFloor:
    """One venue in the world: its floor, its faults, and the links that end there."""

    def __init__(self, world: "World", venue: Venue, edition: Edition = "documented") -> None:
        self.world, self.venue, self.edition = world, venue, edition
        self.name = f"{venue.name}/{edition}"
        self.troubles = Troubles(venue, world.chance(f"{self.name}:troubles"))
        self.troubled = False
        """There are faults, though perhaps none that has begun."""
        self.longest_delay = Peak()
        """Seconds that a fault has kept a frame on its way, at most."""
        accounts = [Account("demo", venue.demo)]
        self.floor: Floor = venue.floor(
            venue.terms(edition), accounts, self.now, world.chance(f"{self.name}:floor")
        )
        self._faults = 0

    def now(self) -> Instant:
        """The time as this venue sees it."""
        seconds = self.world.seconds
        now = Instant(seconds, EPOCH + seconds)
        return self.troubles.clock(now) if self.troubled else now

    def door(self, method: str, path: str) -> Door:
        found = [d for d in self.venue.doors if d.method == method and d.local == path]
        assert found, f"no {method} {path} at {self.venue.name}"
        return found[0]

    def settle(self) -> None:
        """Send what was pushed to sessions other than the one just served."""
        if not self.floor.pushes:
            return
        pushes, self.floor.pushes = self.floor.pushes, []
        for push in pushes:
            for session in push.sessions:
                session.link.carry_down(push.frame, pushed=True)

    # Faults.

    def fault(self, spec: str) -> int:
        """As `LocalVenue.fault`."""
        return self.afflict(*parse_all(spec))

    def afflict(self, *specs: Spec) -> int:
        self._faults += 1
        self.troubled = True
        for each in specs:
            self.troubles.add(each, self._faults, self.world.seconds)
        self._wake_for_faults()
        return self._faults

    def clear_faults(self) -> None:
        self.troubles.clear()
        self.troubled = False

    def _wake_for_faults(self) -> None:
        now = self.world.seconds
        for link in self._links():
            link.shorten()
        for deed in self.troubles.due(now):
            self._do(deed)
        due = self.troubles.deadline(now)
        if due is not None:
            self.world.at(due, self._wake_for_faults)

    def _do(self, deed: Deed) -> None:
        if isinstance(deed, Say):
            announce(self.floor, deed, self.now())
            self.settle()
        else:
            for link in self._links():
                link.hang_up(deed)

    def _links(self) -> "list[Link]":
        return [s.link for s in list(self.floor.sessions.values()) if s.link is not None]
