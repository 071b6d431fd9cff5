"""A venue's process that stops, goes on, dies and is started again, on loopback.

Law: these run always, so they take little time: one venue, pinged often.
"""

from collections.abc import Iterator
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Final
from urllib.parse import urlsplit

import pytest

from real.processes import ClientProcess, VenueProcess
from venuewire.venues import venue as venue_named

NAME: Final = "kraken-prime"
CHANNELS: Final = venue_named(NAME).watched
PING_INTERVAL: Final = 0.3
BOUND: Final = 3 * PING_INTERVAL
"""A `Ping` is due; it is unanswered when the next one is; and so is that."""
GRACE: Final = 1.0
STARTING: Final = 10.0


@pytest.fixture
def venue() -> Iterator[VenueProcess]:
    with VenueProcess("127.0.0.1:0", "--venue", NAME) as venue:
        yield venue


@pytest.fixture
def client(venue: VenueProcess) -> Iterator[ClientProcess]:
    options = {
        "url": venue.endpoints()[NAME],
        "ping_interval": PING_INTERVAL,
        "backoff_limit": 0.2,
    }
    with ClientProcess({NAME: options}) as client:
        client.until_subscribed(NAME, CHANNELS, after=0.0, limit=STARTING)
        yield client


def test_a_stopped_venue_is_noticed_and_comes_back(
    venue: VenueProcess, client: ClientProcess
) -> None:
    stopped = venue.signal(SIGSTOP)
    down = client.first(NAME, "Down", after=stopped, limit=BOUND + GRACE)
    assert down.fields["cause"] == "silent"
    continued = venue.signal(SIGCONT)
    client.until_subscribed(NAME, CHANNELS, after=continued, limit=2 * GRACE)
    assert client.gaps(NAME, after=stopped, count=len(CHANNELS)) == set(CHANNELS)


def test_a_killed_venue_is_noticed_at_once_and_its_successor_is_dialed(
    venue: VenueProcess, client: ClientProcess
) -> None:
    killed = venue.signal(SIGKILL)
    down = client.first(NAME, "Down", after=killed, limit=GRACE)
    assert down.fields["cause"] == "lost"
    assert down.at - killed < PING_INTERVAL  # Its system has said so; no ping has.
    address = urlsplit(venue.endpoints()[NAME]).netloc
    with VenueProcess(address, "--venue", NAME) as successor:
        successor.endpoints()
        client.until_subscribed(NAME, CHANNELS, after=killed, limit=2 * GRACE)
