"""Which door a request stands before: by the path on our own base URL, or by a venue's own host.

Law: a trailing slash makes no difference, a port in `Host` neither; a host of a venue's own is
looked at first, because there its own paths hold. Pure.
"""

from collections.abc import Iterable
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from venuewire.core.errors import ConfigurationError
from venuewire.core.venue import Door, Venue

_Hall = TypeVar("_Hall")


class WrongMethod(Struct, frozen=True):
    """There is a door here, for other methods."""

    allowed: tuple[str, ...]


class Match(Struct, Generic[_Hall], frozen=True):
    hall: _Hall
    door: Door


_Key: TypeAlias = tuple[str, str]
"""Host, empty for our own base URL; and path."""


class DoorPlan(Generic[_Hall]):
    """All doors of a listener. `_Hall` is whatever stands behind them."""

    def __init__(self, venues: Iterable[tuple[Venue, _Hall]]) -> None:
        self._doors: dict[_Key, dict[str, Match[_Hall]]] = {}
        self.endpoints: list[tuple[Venue, Door]] = []
        """For those who ask at the wrong place."""
        for venue, hall in venues:
            for door in venue.doors:
                self._add(venue, Match(hall, door))

    def find(self, method: str, host: str, path: str) -> Match[_Hall] | WrongMethod | None:
        """`host` is a `Host` header, with its port or without; `path` has no query."""
        place = _trimmed(path)
        at = self._doors.get((host_name(host), place)) or self._doors.get(("", place))
        if at is None:
            return None
        return at.get(method) or WrongMethod(tuple(sorted(at)))

    def _add(self, venue: Venue, match: Match[_Hall]) -> None:
        door = match.door
        here = self._doors.setdefault(("", _trimmed(door.local)), {})
        if door.method in here:
            raise ConfigurationError(f"two venues have a door at {door.method} {door.local}")
        here[door.method] = match
        for host in door.hosts:
            self._doors.setdefault((host, _trimmed(door.path)), {}).setdefault(door.method, match)
        self.endpoints.append((venue, door))


def host_name(host: str) -> str:
    """Of a `Host` header, in lower case and without its port; of `[::1]:9010`, `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _trimmed(path: str) -> str:
    return path.rstrip("/") or "/"
