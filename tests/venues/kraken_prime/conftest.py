"""Both editions, and somebody authenticated in each."""

import pytest

from caller import Caller
from venues.kraken_prime.prime import join, local_venue
from venuewire.core.terms import Edition


@pytest.fixture(params=["documented", "observed"])
def edition(request: pytest.FixtureRequest) -> Edition:
    named: Edition = request.param
    return named


@pytest.fixture
def caller(edition: Edition) -> Caller:
    return join(*local_venue(edition))
