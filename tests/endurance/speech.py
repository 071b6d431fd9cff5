"""What a client may say at each door: right messages, and payloads made of them by spoiling.

Law 1: a speech is its seed: the same seed says the same, but for tokens and proofs, which are the
       venue's.
Law 2: hardly two payloads of a campaign are the same.
"""

from random import Random
from typing import Any, Final

from endurance.lobby import Passes
from endurance.values import Variation, large_values, values, variations

_RARELY: Final = 1 / 500
"""How often a large value is said."""
_BITTEN: Final = 1 / 30
_SPOT_CHANNELS: Final[dict[str, dict[str, Any]]] = {
    "ticker": {"symbol": ["BTC/USD"], "event_trigger": "bbo", "snapshot": True},
    "book": {"symbol": ["BTC/USD", "ETH/USD"], "depth": 10},
    "ohlc": {"symbol": ["XRP/USD"], "interval": 5},
    "trade": {"symbol": ["BTC/EUR"], "snapshot": False},
    "instrument": {"include_tokenized_assets": True},
}


def messages(door: str, passes: Passes) -> list[dict[str, Any]]:
    """One of each kind, all right."""
    match door:
        case "kraken-spot" | "kraken-spot-auth":
            return _spot(passes)
        case "kraken-futures":
            return _futures(passes)
        case "kraken-prime":
            return _prime()
        case _:
            return _kucoin(futures=door == "kucoin-futures")


def _spot(passes: Passes) -> list[dict[str, Any]]:
    asked = [{"channel": name, **more} for name, more in _SPOT_CHANNELS.items()]
    asked += [
        {"channel": "executions", "token": passes.spot, "snap_orders": True},
        {"channel": "balances", "token": passes.spot, "snapshot": True},
    ]
    subscribed = [
        {"method": method, "req_id": number, "params": params}
        for number, params in enumerate(asked, 1)
        for method in ("subscribe", "unsubscribe")
    ]
    order = {"order_type": "limit", "side": "buy", "order_qty": 1.5, "symbol": "BTC/USD"}
    return [
        {"method": "ping", "req_id": 101},
        {"method": "ping"},
        *subscribed,
        {"method": "add_order", "req_id": 7, "params": {**order, "token": passes.spot}},
    ]


def _futures(passes: Passes) -> list[dict[str, Any]]:
    # A challenge that was never given to this connection.
    proof = passes.proof("123e4567-e89b-12d3-a456-426614174000")
    public: list[dict[str, Any]] = [
        {"feed": feed, "product_ids": ["PI_XBTUSD", "PF_ETHUSD"]}
        for feed in ("ticker", "ticker_lite", "trade", "book")
    ]
    private: list[dict[str, Any]] = [
        {"feed": feed, **proof}
        for feed in ("notifications_auth", "fills", "open_orders", "balances", "account_log")
    ]
    asked: list[dict[str, Any]] = [{"feed": "heartbeat"}, *public, *private]
    return [
        {"event": "ping"},
        {"event": "challenge", "api_key": proof["api_key"]},
        *({"event": event, **each} for each in asked for event in ("subscribe", "unsubscribe")),
    ]


def _prime() -> list[dict[str, Any]]:
    stamp = "2026-11-25T12:00:00.000000Z"
    book = {"name": "MarketDataSnapshot", "Symbol": "BTC-USD", "Depth": 5, "Throttle": "1s"}
    said: list[dict[str, Any]] = [
        {"type": "Ping", "ts": stamp, "data": [{"any": [1, "thing", {"deep": None}]}]},
        {"type": "subscribe", "ts": stamp, "streams": [book], "tag": "mine"},
        {"type": "subscribe", "streams": [{"name": "Balance"}, {"name": "Order"}]},
        {"type": "subscribe", "streams": [{"name": "Security"}, {"name": "UserAnything"}]},
        {"type": "cancel"},
        {"type": "page", "after": "x"},
        {"type": "NewOrderSingle", "ts": stamp, "data": [{"Symbol": "BTC-USD", "Side": "Buy"}]},
    ]
    return [{"reqid": number, **each} for number, each in enumerate(said, 1)]


def _kucoin(*, futures: bool) -> list[dict[str, Any]]:
    topics = (
        [
            "/contractMarket/tickerV2:XBTUSDTM",
            "/contractMarket/level2:XBTUSDM",
            "/contract/position",
        ]
        if futures
        else [
            "/market/ticker:BTC-USDT,ETH-USDT",
            "/market/candles:BTC-USDT_1hour",
            "/market/ticker:all",
        ]
    )
    topics.append("/contractAccount/wallet" if futures else "/account/balance")
    return [
        {"id": "1545910590801", "type": "ping"},
        {"id": 7, "type": "ping"},
        *(
            {"id": str(n), "type": kind, "topic": topic, "privateChannel": n == 3, "response": True}
            for n, topic in enumerate(topics)
            for kind in ("subscribe", "unsubscribe")
        ),
        {"id": "9", "type": "openTunnel", "newTunnelId": "t", "response": True},
    ]


class Speech:
    def __init__(self, seed: int, door: str, passes: Passes) -> None:
        rng = Random(f"{seed}:{door}")
        self._variations: list[Variation] = [
            each for message in messages(door, passes) for each in variations(message)
        ]
        self._values = values(rng)
        self._large = large_values()

    def payload(self, rng: Random) -> bytes:
        """One of millions."""
        chance = rng.random
        around = self._variations[int(chance() * len(self._variations))]
        what = chance()
        if what < 0.4:
            value = b"%d" % rng.getrandbits(1 + int(chance() * 70))
        elif what < 0.6:
            value = b'"%x"' % rng.getrandbits(1 + int(chance() * 120))
        elif what < 1 - _RARELY:
            value = self._values[int(chance() * len(self._values))]
            if what < 0.8 and value.isascii():
                value = value[:-1] + b"%x" % rng.getrandbits(28) + value[-1:]
        else:
            value = self._large[int(chance() * len(self._large))]
        payload = around.head + value + around.tail
        return _bitten(payload, rng) if chance() < _BITTEN and payload.isascii() else payload


def _bitten(payload: bytes, rng: Random) -> bytes:
    """One byte is missing, doubled or another; ASCII all the same."""
    place = int(rng.random() * len(payload))
    between = (b"", payload[place : place + 1] * 2, b"%c" % rng.getrandbits(7))
    return payload[:place] + rng.choice(between) + payload[place + 1 :]
