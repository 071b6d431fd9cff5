"""Kraken Spot, WebSocket API v2."""

from typing import Final

from venuewire.core.secrets import Credentials
from venuewire.core.venue import Door, Venue
from venuewire.venues.kraken_spot.client import KrakenSpotClient
from venuewire.venues.kraken_spot.endpoints import (
    AUTH_HOSTS,
    HOSTS,
    LOCAL,
    LOCAL_AUTH,
    LOCAL_TOKEN,
    REST_HOST,
    URL,
)
from venuewire.venues.kraken_spot.floor import KrakenSpotFloor
from venuewire.venues.kraken_spot.idiom import IDIOM
from venuewire.venues.kraken_spot.signing import TOKEN_PATH
from venuewire.venues.kraken_spot.terms import terms_of

KRAKEN_SPOT: Final = Venue(
    name="kraken-spot",
    docs="https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ping",
    url=URL,
    endpoint=LOCAL,
    doors=(
        Door(name="public", kind="websocket", hosts=HOSTS, path="/v2", local=LOCAL),
        Door(name="private", kind="websocket", hosts=AUTH_HOSTS, path="/v2", local=LOCAL_AUTH),
        Door(
            name="token",
            kind="http",
            hosts=(REST_HOST,),
            path=TOKEN_PATH,
            local=LOCAL_TOKEN,
            method="POST",
        ),
    ),
    demo=Credentials(
        api_key="demo-kraken-spot",
        api_secret="ZGVtby1rcmFrZW4tc3BvdCwgcHVibGlzaGVkLCB3b3J0aCBub3RoaW5nIGVsc2V3aGVyZQ==",  # noqa: S106 - published
    ),
    watched=("executions", "balances"),
    public=("ticker:BTC/USD",),
    connects=(150, 600.0),
    terms=terms_of,
    client=KrakenSpotClient,
    floor=KrakenSpotFloor,
    idiom=IDIOM,
)
VENUES: Final = (KRAKEN_SPOT,)
