"""What holds for every venue and edition, with the real dialects on both ends."""

import pytest

from simulation.client import Client
from simulation.link import Link
from simulation.venue_end import LocalFloor
from simulation.world import World
from venuewire.core import updates
from venuewire.core.floor import Publication
from venuewire.core.lifecycle import Phase
from venuewire.core.terms import Edition
from venuewire.core.updates import Alive, Cause, Down, Gap, Ready, Suspect, Unreadable
from venuewire.core.venue import Venue
from venuewire.venues import venues

DEAD_WITHIN = 50.0
"""Seconds: the longest any venue's table allows a half-open link to go unnoticed."""

every_venue = pytest.mark.parametrize("venue", venues().values(), ids=list(venues()))
every_edition = pytest.mark.parametrize("edition", ["documented", "observed"])


def connected(venue: Venue, edition: Edition = "documented") -> tuple[World, Client]:
    world = World(seed=1)
    place = LocalFloor(world, venue, edition)
    return world, Client(place, credentials=venue.demo).connect(*venue.watched)


def link_of(client: Client) -> Link:
    (link,) = client.links.values()
    return link


@every_venue
@every_edition
def test_a_healthy_session_raises_no_alarm(venue: Venue, edition: Edition) -> None:
    world, client = connected(venue, edition)
    world.run(6 * 3600)
    assert client.session.phase is Phase.READY
    assert client.session.active == list(venue.watched)
    news = {type(update) for _, update in client.updates}
    assert not news & {Down, Suspect, Alive, Gap, Unreadable, updates.Refused}


@every_venue
@every_edition
@pytest.mark.parametrize("direction", ["up", "down", "both"])
def test_a_half_open_link_is_noticed_and_everything_comes_back(
    venue: Venue, edition: Edition, direction: str
) -> None:
    world, client = connected(venue, edition)
    world.run(20)
    client.place.fault(f"black-hole:way={direction}")
    for _ in range(int(DEAD_WITHIN)):
        world.run(1)
        if client.heard(Down):
            client.place.clear_faults()
    downs = [update for update in client.heard(Down) if isinstance(update, Down)]
    assert downs
    assert downs[0].cause in {Cause.SILENT, Cause.LOST}
    world.run(60)
    assert client.session.active == list(venue.watched)
    assert len(client.heard(Ready)) == 2
    gaps = [update.channel for update in client.heard(Gap) if isinstance(update, Gap)]
    # Two where an agreement had no effect and was asked for again: one after the other.
    assert sorted(set(gaps)) == sorted(venue.watched)


@every_venue
def test_a_venue_that_cuts_its_sessions_is_dialed_again(venue: Venue) -> None:
    world, client = connected(venue)
    world.run(20)
    for session in list(client.place.floor.sessions.values()):
        session.close(1001, "service restart")
        link_of(client).flush()
    world.run(60)
    assert client.session.phase is Phase.READY
    assert client.session.counters.reconnects == 1


@every_venue
@every_edition
def test_what_is_published_arrives(venue: Venue, edition: Edition) -> None:
    world, client = connected(venue, edition)
    world.run(5)
    before = client.session.counters.messages
    for channel in venue.watched:
        publication = Publication(channel=channel, payload=b"{}")
        assert client.place.floor.publish(publication, world.now()) == 1
        client.place.settle()
    world.run(1)
    assert client.session.counters.messages == before + len(venue.watched)
