"""What is done to sessions: by an operator's order, in whichever process carries them.

Law: who is meant is found out before anything is done.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from venuewire.core.errors import LocalProtocolError, NotHere
from venuewire.core.server_session import ServerSession
from venuewire.server.answers import Sessions, session_state
from venuewire.transport.hall import Hall
from venuewire.transport.venue_link import VenueLink


def hall_named(halls: Mapping[str, Hall], venue: str | None) -> Hall:
    """None is the only one. Raises `NotHere`, and `LocalProtocolError` when there are several."""
    if venue is None:
        if len(halls) != 1:
            raise LocalProtocolError("there are several venues here: name one")
        return next(iter(halls.values()))
    if venue not in halls:
        there = ", ".join(halls)
        raise NotHere("venue", f"venue: {venue!r} is not here; there are {there}")
    return halls[venue]


def chosen(
    halls: Mapping[str, Hall], venue: str | None = None, session: int | None = None
) -> list[tuple[Hall, ServerSession]]:
    """All sessions, a venue's, or one by its number. Raises `NotHere`."""
    if session is not None:
        hall = hall_named(halls, venue)
        found = hall.floor.sessions.get(session)
        if found is None:
            raise NotHere("session", f"{hall.venue.name} has no session {session}")
        return [(hall, found)]
    where = halls.values() if venue is None else [hall_named(halls, venue)]
    return [(hall, each) for hall in where for each in hall.floor.sessions.values()]


def check_after(halls: Mapping[str, Hall], venue: str | None, after: int) -> None:
    """Raises `LocalProtocolError`."""
    if after and venue is None and len(halls) > 1:
        raise LocalProtocolError("after: numbers count within one venue: name it")


def page_of(
    chosen: list[tuple[Hall, ServerSession]], *, after: int = 0, limit: int = 100
) -> Sessions:
    page = islice((pair for pair in chosen if pair[1].number > after), limit)
    return Sessions(tuple(session_state(*pair) for pair in page), len(chosen))


def merged(pages: Iterable[Sessions], venues: Sequence[str], limit: int) -> Sessions:
    """Of pages of several processes the one that begins them all."""
    there = tuple(pages)
    place = {name: number for number, name in enumerate(venues)}
    whole = (session for page in there for session in page.sessions)
    ordered = sorted(whole, key=lambda session: (place[session.venue], session.number))
    return Sessions(tuple(ordered[:limit]), sum(page.total for page in there))


def cut_sessions(
    chosen: list[tuple[Hall, ServerSession]], code: int | None, reason: str, *, abort: bool
) -> int:
    for hall, each in chosen:
        hall.note("cut", session=each.number, code=1006 if abort else code, reason=reason)
        link: VenueLink | None = each.link
        if link is None:
            each.close(code or 1001, reason, abort=abort)
        elif code is None and not abort:
            link.end()
        else:
            link.cut(code or 1001, reason, abort=abort)
    return len(chosen)


def age_sessions(chosen: list[tuple[Hall, ServerSession]], seconds: float) -> int:
    for hall, each in chosen:
        each.grow_older(seconds - (hall.now().monotonic - each.began_at))
        _settle(hall, each)
        hall.note("aged", session=each.number, seconds=seconds)
    return len(chosen)


def let_pass(hall: Hall, seconds: float) -> int:
    sessions = tuple(hall.floor.sessions.values())
    hall.let_pass(seconds)
    for each in sessions:
        _settle(hall, each)
    return len(sessions)


def _settle(hall: Hall, session: ServerSession) -> None:
    link: VenueLink | None = session.link
    if link is not None:
        link.settle(hall.now())
