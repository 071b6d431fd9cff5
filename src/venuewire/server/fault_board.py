"""The faults of all venues of one local venue: which there are, and where each belongs.

Law 1: a fault is checked as a whole when it is added; what makes no sense anywhere is refused.
Law 2: what is added before the local venue listens begins when it does.
"""

from collections.abc import Mapping
from itertools import count

from msgspec import Struct

from venuewire.core.errors import ConfigurationError, NotHere
from venuewire.faults.scenario import parse_all
from venuewire.faults.spec import Spec
from venuewire.transport.hall import Hall


class FaultState(Struct, frozen=True):
    """One fault at one venue."""

    id: int
    """What `fault` returned. The same fault at several venues, and the faults of one scenario,
    share it."""
    venue: str
    fault: str
    """As it is written; without the venue."""
    state: str
    """`waiting`, `active` or `over`."""


class FaultBoard:
    def __init__(self, halls: Mapping[str, Hall]) -> None:
        self._halls = halls
        self._ids = count(1)
        self._later: list[tuple[int, Hall, Spec]] | None = []
        """Added before there was anything to add it to; None from `begin` on."""

    def begin(self) -> None:
        """The local venue listens."""
        later, self._later = self._later or [], None
        for number, hall, spec in later:
            hall.add_fault(spec, number)

    def add(self, text: str, venue: str | None = None) -> int:
        """A spec, or a scenario's name; its id. Raises `ConfigurationError`."""
        placed = [place for spec in parse_all(text) for place in self._places(spec, venue)]
        number = next(self._ids)
        for hall, spec in placed:
            if self._later is None:
                hall.add_fault(spec, number)
            else:
                self._later.append((number, hall, spec))
        return number

    def clear(self, id: int | None = None) -> int:
        """End one, or all; how many there were, counted by venue."""
        kept = [each for each in self._later or () if id is not None and each[0] != id]
        cleared = len(self._later or ()) - len(kept)
        if self._later is not None:
            self._later = kept
        return cleared + sum(hall.clear_faults(id) for hall in self._halls.values())

    @property
    def states(self) -> tuple[FaultState, ...]:
        """In the order of their ids, then of the venues."""
        states = [
            FaultState(trouble.number, name, _bare(trouble.spec), trouble.state(now))
            for name, hall in self._halls.items()
            for now in [hall.now().monotonic]
            for trouble in hall.troubles
        ]
        states += [
            FaultState(number, hall.venue.name, _bare(spec), "waiting")
            for number, hall, spec in self._later or ()
        ]
        return tuple(sorted(states, key=lambda state: state.id))

    def _places(self, spec: Spec, venue: str | None) -> list[tuple[Hall, Spec]]:
        if venue is not None and spec.venue not in (None, venue):
            raise ConfigurationError(f"fault: {spec} is for {spec.venue}, and not for {venue}")
        name = spec.venue if venue is None else venue
        halls = list(self._halls.values()) if name is None else [self._hall(name)]
        unfit = {hall.venue.name: hall.troubles.unfit(spec.fault) for hall in halls}
        placed = [(hall, spec) for hall in halls if unfit[hall.venue.name] is None]
        if not placed:
            reasons = "; ".join(dict.fromkeys(filter(None, unfit.values())))
            raise ConfigurationError(f"fault: {spec.fault.name}: {reasons}")
        return placed

    def _hall(self, name: str) -> Hall:
        if name not in self._halls:
            there = ", ".join(self._halls)
            raise NotHere("venue", f"fault: {name!r} is not here; {there} are")
        return self._halls[name]


def _bare(spec: Spec) -> str:
    return str(Spec(spec.fault, spec.after, spec.lasting))
