"""The two venues as the rest of the library sees them."""

import pytest

from venuewire.core.venue import Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES, VENUES

DOORS = [
    (KUCOIN, "api.kucoin.com", "ws-api-spot.kucoin.com", "/kucoin"),
    (KUCOIN_FUTURES, "api-futures.kucoin.com", "ws-api-futures.kucoin.com", "/kucoin-futures"),
]


def test_there_are_two() -> None:
    assert [venue.name for venue in VENUES] == ["kucoin", "kucoin-futures"]


@pytest.mark.parametrize(("venue", "api", "stream", "local"), DOORS)
def test_doors(venue: Venue, api: str, stream: str, local: str) -> None:
    doors = [
        (door.name, door.method, door.kind, door.hosts, door.path, door.local)
        for door in venue.doors
    ]
    public, private = "/api/v1/bullet-public", "/api/v1/bullet-private"
    assert doors == [
        ("token-public", "POST", "http", (api,), public, local + public),
        ("token-private", "POST", "http", (api,), private, local + private),
        ("session", "GET", "websocket", (stream,), "/", f"{local}/"),
    ]
    assert (venue.url, venue.endpoint, venue.http_based) == (f"https://{api}", local, True)


def test_the_markets_share_no_host() -> None:
    spot, futures = (
        {host for door in venue.doors for host in door.hosts} for venue in (KUCOIN, KUCOIN_FUTURES)
    )
    assert not spot & futures
