"""Kraken Futures (derivatives) WebSocket v1."""

from typing import Final

from venuewire.core.secrets import Credentials
from venuewire.core.venue import Door, Venue
from venuewire.venues.kraken_futures.client import URL, KrakenFuturesClient
from venuewire.venues.kraken_futures.floor import KrakenFuturesFloor
from venuewire.venues.kraken_futures.idiom import IDIOM
from venuewire.venues.kraken_futures.terms import terms

DEMO: Final = Credentials(
    api_key="venuewire-kraken-futures-demo-key",
    api_secret=(  # noqa: S106 -- published on purpose, and worth nothing elsewhere
        "dmVudWV3aXJlIGRlbW8gc2VjcmV0OiBwdWJsaXNoZWQsIHdvcnRobGVzcyBhbnl3aGVyZSBlbHNlLi4uLi4uLg=="
    ),
)

KRAKEN_FUTURES: Final = Venue(
    name="kraken-futures",
    docs="https://docs.kraken.com/exchange/api-reference/futures-websocket/heartbeat",
    url=URL,
    endpoint="/kraken-futures/ws/v1",
    doors=(
        Door(
            name="public",
            kind="websocket",
            hosts=("futures.kraken.com", "demo-futures.kraken.com", "www.cryptofacilities.com"),
            path="/ws/v1",
            local="/kraken-futures/ws/v1",
        ),
    ),
    demo=DEMO,
    watched=("ticker:PI_XBTUSD", "notifications_auth"),
    public=("ticker:PI_XBTUSD",),
    terms=terms,
    client=KrakenFuturesClient,
    floor=KrakenFuturesFloor,
    idiom=IDIOM,
)

VENUES: Final = (KRAKEN_FUTURES,)
