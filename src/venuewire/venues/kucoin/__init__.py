"""KuCoin's classic WebSocket API: spot and margin, and futures, which share nothing but a dialect.

https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
"""

from collections.abc import Iterable
from random import Random
from typing import Final

from venuewire.core.dialect import ClientDialect
from venuewire.core.floor import Floor
from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Terms
from venuewire.core.venue import ClientOptions, Door, Venue
from venuewire.venues.kucoin.client import PRIVATE_PATH, PUBLIC_PATH, KuCoinClient
from venuewire.venues.kucoin.floor import KuCoinFloor
from venuewire.venues.kucoin.idiom import IDIOM
from venuewire.venues.kucoin.terms import FUTURES, SPOT, Market, futures_terms, spot_terms

DOCS: Final = "https://www.kucoin.com/docs-new/websocket-api/base-info/introduction"

DEMO: Final = Credentials(
    "venuewire-demo-kucoin-key", "venuewire-demo-kucoin-secret", "venuewire-demo-passphrase"
)


CONNECTS: Final = (30, 60.0)
"""Connections per seconds, as the venue publishes it, per user."""


def _doors(market: Market) -> tuple[Door, ...]:
    stream = market.stream.removeprefix("wss://").rstrip("/")
    return (
        _token_door("token-public", market, PUBLIC_PATH),
        _token_door("token-private", market, PRIVATE_PATH),
        Door(name="session", kind="websocket", hosts=(stream,), path="/", local=f"{market.local}/"),
    )


def _token_door(name: str, market: Market, path: str) -> Door:
    return Door(
        name=name,
        kind="http",
        hosts=market.hosts,
        path=path,
        local=market.local + path,
        method="POST",
    )


def _spot_client(options: ClientOptions) -> ClientDialect:
    return KuCoinClient(SPOT, options)


def _futures_client(options: ClientOptions) -> ClientDialect:
    return KuCoinClient(FUTURES, options)


def _spot_floor(terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random) -> Floor:
    return KuCoinFloor(SPOT, terms, accounts, clock=clock, rng=rng)


def _futures_floor(terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random) -> Floor:
    return KuCoinFloor(FUTURES, terms, accounts, clock=clock, rng=rng)


KUCOIN: Final = Venue(
    name=SPOT.name,
    docs=DOCS,
    url=SPOT.url,
    endpoint=SPOT.local,
    doors=_doors(SPOT),
    demo=DEMO,
    watched=("/market/ticker:BTC-USDT", "/account/balance"),
    public=("/market/ticker:BTC-USDT",),
    terms=spot_terms,
    client=_spot_client,
    floor=_spot_floor,
    idiom=IDIOM,
    connects=CONNECTS,
    http_based=True,
)
KUCOIN_FUTURES: Final = Venue(
    name=FUTURES.name,
    docs=DOCS,
    url=FUTURES.url,
    endpoint=FUTURES.local,
    doors=_doors(FUTURES),
    demo=DEMO,
    watched=("/contractMarket/tickerV2:XBTUSDTM", "/contractAccount/wallet"),
    public=("/contractMarket/tickerV2:XBTUSDTM",),
    terms=futures_terms,
    client=_futures_client,
    floor=_futures_floor,
    idiom=IDIOM,
    connects=CONNECTS,
    http_based=True,
)
VENUES: Final = (KUCOIN, KUCOIN_FUTURES)
