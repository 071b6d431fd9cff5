"""What every rule is held to: both editions."""

from typing import cast

import pytest

from venues.kraken_spot.local import Local
from venuewire.core.terms import Edition


@pytest.fixture(params=["documented", "observed"])
def edition(request: pytest.FixtureRequest) -> Edition:
    return cast("Edition", request.param)


@pytest.fixture
def local(edition: Edition) -> Local:
    return Local(edition)
