"""What a worker begins with: read off the primary's halls, and made halls of again.

Law: a charter holds all that `Archive` would keep, and the faults; what is told afterwards is told
act by act.
"""

from collections.abc import Iterable
from random import SystemRandom
from typing import Any

import msgspec

from venuewire.core.errors import LocalProtocolError
from venuewire.core.terms import Terms
from venuewire.core.venue import Venue
from venuewire.faults.spec import parse
from venuewire.server.dispatches import Charter, Furnished, TlsFiles
from venuewire.transport.acts import FaultBegan
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises
from venuewire.venues import venue as venue_named


def charter_of(halls: Iterable[Hall], limits: Limits, tls: TlsFiles | None) -> Charter:
    served = tuple(halls)
    return Charter(
        venues={hall.venue.name: _furnished(hall) for hall in served},
        faults=tuple(fault for hall in served for fault in _faults(hall)),
        limits=limits,
        tls=tls,
    )


def told_terms(terms: Terms) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(terms)
    return told


def read_terms(venue: Venue, told: dict[str, Any]) -> Terms:
    return msgspec.convert(told, type(venue.terms("documented")))


def hall_of(name: str, furnished: Furnished, premises: Premises) -> Hall:
    """The venue as a worker serves it; it follows what it is told."""
    venue = venue_named(name)
    terms = read_terms(venue, furnished.terms)
    floor = venue.floor(terms, furnished.accounts, premises.clock, SystemRandom())
    hall = Hall(venue, floor, premises)
    hall.follows = True
    for key, value in furnished.records:
        hall.take_back(key, value)
    floor.changed.clear()
    return hall


def begin_fault(hall: Hall, fault: FaultBegan) -> None:
    hall.add_fault(parse(fault.spec), fault.number, fault.at)


def _furnished(hall: Hall) -> Furnished:
    if hall.ledger is None:
        raise LocalProtocolError("a hall without a ledger cannot be furnished again")
    return Furnished(
        terms=told_terms(hall.floor.terms),
        accounts=tuple(hall.floor.accounts.values()),
        records=hall.ledger.records(),
    )


def _faults(hall: Hall) -> list[FaultBegan]:
    """With the moment at which each was added: it began by its own delay later."""
    return [
        FaultBegan(
            hall.venue.name, trouble.number, str(trouble.spec), trouble.since - trouble.spec.after
        )
        for trouble in hall.troubles
    ]
