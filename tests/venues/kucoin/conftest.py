"""Rules that do not say otherwise hold in both editions."""

import pytest

from venues.kucoin.desk import Desk
from venuewire.core.terms import Edition


@pytest.fixture(params=["documented", "observed"])
def edition(request: pytest.FixtureRequest) -> Edition:
    chosen: Edition = request.param
    return chosen


@pytest.fixture
def desk(edition: Edition) -> Desk:
    return Desk(edition=edition)
