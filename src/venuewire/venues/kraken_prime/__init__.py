"""Kraken Prime: what the rest of the library knows of it."""

from collections.abc import Iterable
from random import Random
from typing import Final

from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Terms
from venuewire.core.venue import Door, Venue
from venuewire.venues.kraken_prime.client import URL, KrakenPrimeClient
from venuewire.venues.kraken_prime.floor import KrakenPrimeFloor
from venuewire.venues.kraken_prime.idiom import IDIOM
from venuewire.venues.kraken_prime.signing import LOCAL_PATH, VENUE_PATH
from venuewire.venues.kraken_prime.terms import terms


def _floor(
    terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random
) -> KrakenPrimeFloor:
    return KrakenPrimeFloor(terms, accounts, clock=clock, rng=rng)


KRAKEN_PRIME: Final = Venue(
    name="kraken-prime",
    docs="https://docs.kraken.com/institutional/api-reference/prime-websocket",
    url=URL,
    endpoint=LOCAL_PATH,
    doors=(
        Door(
            name="public",
            kind="websocket",
            hosts=("wss.prime.kraken.com", "wss.sandbox.prime.kraken.com"),
            path=VENUE_PATH,
            local=LOCAL_PATH,
        ),
    ),
    demo=Credentials("venuewire-demo-prime-key", "venuewire-demo-prime-secret"),
    watched=("MarketDataSnapshot:BTC-USD", "Balance"),
    public=("MarketDataSnapshot:BTC-USD",),
    terms=terms,
    client=KrakenPrimeClient,
    floor=_floor,
    idiom=IDIOM,
)

VENUES: Final = (KRAKEN_PRIME,)
