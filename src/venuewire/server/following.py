"""How a worker does what the primary has done, act by act.

Law: what cannot be followed is raised: a worker that knows something else than the primary is of no
use, and begins anew.
"""

from collections.abc import Mapping
from typing import assert_never

from venuewire.core.floor import RecordKey
from venuewire.server.charter import begin_fault, read_terms
from venuewire.server.session_deeds import let_pass
from venuewire.transport import acts
from venuewire.transport.hall import Hall
from venuewire.transport.premises import Premises


def follow(halls: Mapping[str, Hall], premises: Premises, act: acts.Act) -> int:
    """How many sessions here it concerned."""
    match act:
        case acts.LimitsSet(limits):
            premises.set_limits(limits)
            return 0
        case acts.Published() | acts.Notified() | acts.Withdrew() | acts.Announced():
            return _say(halls[act.venue], act)
        case acts.FaultBegan() | acts.FaultsCleared():
            return _spoil(halls[act.venue], act)
        case acts.Enrolled() | acts.Revoked() | acts.Agreed() | acts.LetPass() | acts.Learned():
            return _know(halls[act.venue], act)
        case _:
            assert_never(act)


def _say(hall: Hall, act: acts.Published | acts.Notified | acts.Withdrew | acts.Announced) -> int:
    match act:
        case acts.Published(_, publication, at):
            return hall.publish(publication, at)
        case acts.Notified(_, note, at):
            hall.notify(note, at)
        case acts.Withdrew(_, id):
            hall.withdraw(id)
        case acts.Announced(_, said, at):
            hall.say(said, at)
        case _:
            assert_never(act)
    return 0


def _know(
    hall: Hall, act: acts.Enrolled | acts.Revoked | acts.Agreed | acts.LetPass | acts.Learned
) -> int:
    match act:
        case acts.Enrolled(_, account):
            hall.enroll(account)
        case acts.Revoked(_, api_key, at):
            return hall.revoke(api_key, at)
        case acts.Agreed(_, terms):
            hall.adopt(read_terms(hall.venue, terms))
        case acts.LetPass(_, seconds):
            return let_pass(hall, seconds)
        case acts.Learned(_, key, value):
            _learn(hall, key, value)
        case _:
            assert_never(act)
    return 0


def _learn(hall: Hall, key: RecordKey, value: bytes | None) -> None:
    if value is not None:
        hall.take_back(key, value)
        hall.deliver()


def _spoil(hall: Hall, act: acts.FaultBegan | acts.FaultsCleared) -> int:
    match act:
        case acts.FaultBegan():
            begin_fault(hall, act)
        case acts.FaultsCleared(_, number):
            hall.clear_faults(number)
        case _:
            assert_never(act)
    return 0
