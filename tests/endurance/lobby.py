"""How sessions of one account begin at a served venue: tokens, signatures, and upgrade requests.

Law: whatever a door asks for is right here; what is wrong, a campaign makes wrong by itself.
"""

import time
from typing import Final

import msgspec
from msgspec import Struct

from endurance.served import Served, credentials
from raw_peer import upgrade
from venuewire.core.instant import Instant
from venuewire.core.stamps import Stamps
from venuewire.venues.kraken_futures.signing import Signer
from venuewire.venues.kraken_prime.signing import VENUE_PATH
from venuewire.venues.kraken_prime.signing import sign as sign_prime
from venuewire.venues.kraken_spot.signing import TOKEN_PATH, secret_bytes
from venuewire.venues.kraken_spot.signing import sign as sign_spot
from venuewire.venues.kucoin.signing import signed_headers

DOORS: Final = {
    "kraken-spot": "/kraken-spot/v2",
    "kraken-spot-auth": "/kraken-spot-auth/v2",
    "kraken-futures": "/kraken-futures/ws/v1",
    "kraken-prime": "/kraken-prime/ws/v1",
    "kucoin": "/kucoin/?token={}&connectId=fuzz",
    "kucoin-futures": "/kucoin-futures/?token={}",
}
"""Paths of all WebSocket doors; KuCoin's take a token."""
_HOST: Final = "localhost"


class Passes(Struct, frozen=True):
    """What an account was given, for any number of sessions."""

    account: str
    spot: str
    """The token of Kraken Spot's private channels."""
    tokens: dict[str, str]
    """Of each KuCoin market."""

    def path(self, door: str) -> str:
        return DOORS[door].format(self.tokens.get(door, ""))

    def upgrade(self, door: str) -> bytes:
        """A whole request."""
        if door != "kraken-prime":
            return upgrade(self.path(door), _HOST)
        keys, stamp = credentials(self.account)[door], Stamps().rfc3339(time.time()).decode()
        signed = sign_prime(keys.api_secret, stamp, _HOST, VENUE_PATH)
        return upgrade(
            self.path(door), _HOST, ApiKey=keys.api_key, ApiSign=signed, ApiTimestamp=stamp
        )

    def proof(self, challenge: str) -> dict[str, str]:
        """The members with which Kraken Futures' private feeds are subscribed."""
        keys = credentials(self.account)["kraken-futures"]
        return {
            "api_key": keys.api_key,
            "original_challenge": challenge,
            "signed_challenge": Signer(keys.api_secret).sign(challenge),
        }


def passes(served: Served, account: str) -> Passes:
    tokens = {market: _kucoin(served, account, market) for market in ("kucoin", "kucoin-futures")}
    return Passes(account, _spot(served, account), tokens)


def _spot(served: Served, account: str) -> str:
    keys, nonce = credentials(account)["kraken-spot"], str(time.time_ns() // 1000)
    form = f"nonce={nonce}".encode()
    signed = sign_spot(secret_bytes(keys.api_secret), TOKEN_PATH, nonce, form)
    headers = {"API-Key": keys.api_key, "API-Sign": signed}
    answer = served.fetch(f"/kraken-spot{TOKEN_PATH}", form, headers)
    token: str = msgspec.json.decode(answer)["result"]["token"]
    return token


def _kucoin(served: Served, account: str, market: str) -> str:
    keys, target = credentials(account)[market], "/api/v1/bullet-private"
    now = Instant(time.monotonic(), time.time())
    answer = served.fetch(f"/{market}{target}", b"", signed_headers(keys, "POST", target, now))
    token: str = msgspec.json.decode(answer)["data"]["token"]
    return token
