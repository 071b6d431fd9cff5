"""Both editions of the venue, and somebody connected to it."""

import pytest

from caller import Caller
from venues.kraken_futures.futures import Futures
from venuewire.core.terms import Edition


@pytest.fixture(params=["documented", "observed"])
def edition(request: pytest.FixtureRequest) -> Edition:
    named: Edition = request.param
    return named


@pytest.fixture
def venue(edition: Edition) -> Futures:
    return Futures(edition)


@pytest.fixture
def caller(venue: Futures) -> Caller:
    return venue.join()
