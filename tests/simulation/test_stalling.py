"""A channel that is acknowledged, delivers once more and is frozen behind it, at every venue.

Method: the channels of a public session flow once a second, and the application expects something
every ten. The fault lets each channel deliver once on each link, as a snapshot would.
"""

from collections import Counter
from itertools import pairwise

import pytest

from simulation.client import Client
from simulation.venue_end import LocalFloor
from simulation.world import World
from venuewire.core.floor import Publication
from venuewire.core.lifecycle import Phase
from venuewire.core.updates import Down, Gap, Rotated, Stalled
from venuewire.core.venue import ClientOptions, Venue
from venuewire.venues import venues

EXPECTED = 10.0
"""Seconds."""

every_venue = pytest.mark.parametrize("venue", venues().values(), ids=list(venues()))


class Flow:
    """A session whose channels flow, and are expected to."""

    def __init__(self, venue: Venue, next_data_timeout: float | None = EXPECTED) -> None:
        self.world = World(seed=5)
        self.place = LocalFloor(self.world, venue)
        self.channels = venue.public
        scheme = "http" if venue.http_based else "ws"
        options = ClientOptions(url=f"{scheme}://venue.test{venue.endpoint}")
        self.client = Client(self.place, options=options)
        for channel in self.channels:
            now = self.world.now()
            self.client.session.subscribe(channel, now, next_data_timeout=next_data_timeout)
        self.client.connect()
        self.world.later(self._publish, 1.0)
        self.world.run(30)
        assert self.client.session.phase is Phase.READY

    def _publish(self) -> None:
        for channel in self.channels:
            self.place.floor.publish(Publication(channel=channel, payload=b"{}"), self.place.now())
        self.place.settle()
        self.world.later(self._publish, 1.0)

    def stalls(self) -> dict[str, int]:
        """How often each channel was told to have stalled."""
        told = [update for update in self.client.heard(Stalled) if isinstance(update, Stalled)]
        return dict.fromkeys(self.channels, 0) | Counter(stalled.channel for stalled in told)


@every_venue
def test_a_frozen_channel_is_told_of_asked_for_again_and_left(venue: Venue) -> None:
    """Three times: it is asked for again, left with its link, then only told of. When it flows
    again the session has not changed, and a second freeze is treated as the first."""
    flow = Flow(venue)
    assert set(flow.stalls().values()) == {0}
    flow.place.fault("frozen-channel")
    flow.world.run(600)
    assert set(flow.stalls().values()) == {3}
    assert len(flow.client.heard(Rotated)) == 1
    assert flow.client.heard(Down) == []
    flow.place.clear_faults()
    flow.world.run(60)
    assert flow.client.session.active == list(flow.channels)
    assert set(flow.stalls().values()) == {3}
    flow.place.fault("frozen-channel")
    flow.world.run(60)
    assert min(flow.stalls().values()) > 3


@every_venue
def test_the_gaps_of_a_channel_that_stalls_follow_one_another(venue: Venue) -> None:
    flow = Flow(venue)
    flow.place.fault("frozen-channel")
    flow.world.run(120)
    gaps = [update for update in flow.client.heard(Gap) if isinstance(update, Gap)]
    for channel in flow.channels:
        told = [gap for gap in gaps if gap.channel == channel]
        assert len(told) == 2
        assert all(gap.since < gap.until for gap in told)
        assert all(before.until <= after.since for before, after in pairwise(told))


@every_venue
def test_without_an_expectation_it_is_a_quiet_channel(venue: Venue) -> None:
    flow = Flow(venue, None)
    flow.place.fault("frozen-channel")
    flow.world.run(600)
    assert set(flow.stalls().values()) == {0}
    assert flow.client.heard(Down) == []


@every_venue
def test_a_channel_that_flows_is_never_told_of(venue: Venue) -> None:
    flow = Flow(venue)
    flow.place.fault("latency:seconds=2")
    flow.world.run(3600)
    assert set(flow.stalls().values()) == {0}
    assert flow.client.heard(Down) == []
