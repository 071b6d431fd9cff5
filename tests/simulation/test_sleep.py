"""A machine that slept, at every venue: its links are probed at once, by that venue's own ping.

Method: the client is told what a sentinel would tell it; the world's own clocks go on as ever.
"""

import pytest

from clock import EPOCH
from simulation.client import Client
from simulation.venue_end import LocalFloor
from simulation.world import World
from venuewire.core.events import TimeJumped
from venuewire.core.liveness import Verdict
from venuewire.core.updates import Alive, Cause, Down, Gap, Ready, Suspect
from venuewire.core.venue import Venue
from venuewire.venues import venues

HOUR = 3600.0
PROBE_ANSWERED_WITHIN = 10.0
"""Seconds: no venue's pong takes longer to be overdue."""

every_venue = pytest.mark.parametrize("venue", venues().values(), ids=list(venues()))


def connected(venue: Venue) -> tuple[World, Client]:
    world = World(seed=7)
    client = Client(LocalFloor(world, venue), credentials=venue.demo).connect(*venue.watched)
    world.run(20)
    assert len(client.heard(Ready)) == 1
    return world, client


def wake(world: World, client: Client) -> None:
    client.tell(TimeJumped(HOUR, EPOCH + world.seconds))


@every_venue
def test_a_link_that_outlived_it_is_cleared_at_once(venue: Venue) -> None:
    world, client = connected(venue)
    wake(world, client)
    assert client.session.health(world.now()).verdict is Verdict.SUSPECT
    world.run(0.1)
    assert client.session.health(world.now()).verdict is Verdict.ALIVE
    world.run(600)
    assert len(client.heard(Suspect)) == len(client.heard(Alive)) == 1
    assert client.heard(Down) == []


@every_venue
def test_a_link_that_did_not_is_replaced_as_soon_as_its_probe_is_overdue(venue: Venue) -> None:
    world, client = connected(venue)
    slept_at = EPOCH + world.seconds
    client.place.fault("half-open")
    wake(world, client)
    world.run(PROBE_ANSWERED_WITHIN)
    downs = [update for update in client.heard(Down) if isinstance(update, Down)]
    assert downs[0].cause is Cause.SILENT
    client.place.clear_faults()
    world.run(60)
    gaps = [update for update in client.heard(Gap) if isinstance(update, Gap)]
    assert {gap.channel for gap in gaps} == set(venue.watched)
    assert all(gap.since <= slept_at for gap in gaps[: len(venue.watched)])


@every_venue
def test_a_clock_that_is_set_back_suspects_nobody(venue: Venue) -> None:
    world, client = connected(venue)
    client.tell(TimeJumped(-HOUR, EPOCH + world.seconds))
    world.run(600)
    assert client.heard(Suspect) == []
    assert client.heard(Down) == []
