"""What an operator publishes: what is filled in, who hears it, what a newcomer is then shown."""

from typing import Any

import msgspec
import pytest

from caller import Caller
from venues.kraken_futures.futures import (
    BOB,
    PRIVATE,
    Futures,
    challenge,
    login,
    proof,
    subscribe,
    unsubscribe,
)
from venuewire.core.errors import LocalProtocolError

XBT = "PI_XBTUSD"
BOOK = {
    "feed": "book_snapshot",
    "timestamp": 5,
    "tickSize": 0.5,
    "seq": 91192,
    "bids": [{"price": 439.3, "qty": 20108.0}, {"price": 439.0, "qty": 7}],
    "asks": [{"price": 439.6, "qty": 50.0}],
}


def shown(venue: Futures, feed: str, product: str = XBT) -> Any:
    """The snapshot that a newcomer gets."""
    caller = venue.join()
    snapshot = caller.send(subscribe(feed, product))[-1]
    caller.session.lost()
    return snapshot


def test_feed_and_product_are_filled_in(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", XBT))
    assert venue.publish(f"ticker:{XBT}", {"bid": 1.5}) == 1
    assert caller.heard() == [{"feed": "ticker", "product_id": XBT, "bid": 1.5}]


def test_values_are_passed_on_as_they_were_written(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", XBT))
    written = (
        b'{"product_id":"pi_xbtusd","bid":1.10,"big":123456789012345678901234567890,"a":"\xc3\xa9"}'
    )
    venue.publish(f"ticker:{XBT}", written)
    [frame] = caller.raw()
    assert frame == (
        b'{"feed":"ticker","product_id":"PI_XBTUSD","bid":1.10,'
        b'"big":123456789012345678901234567890,"a":"\xc3\xa9"}'
    )


def test_it_is_encoded_once_for_everybody(venue: Futures) -> None:
    callers = [venue.join() for _ in range(3)]
    for caller in callers:
        caller.send(subscribe("ticker", XBT))
    assert venue.publish(f"ticker:{XBT}", {}) == 3
    assert len(venue.floor.pushes) == 1


def test_a_closing_session_hears_nothing(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", XBT))
    caller.session.close(1000)
    assert venue.publish(f"ticker:{XBT}", {}) == 0


@pytest.mark.parametrize("feed", ["ticker", "ticker_lite"])
def test_a_newcomer_is_shown_the_last_ticker(venue: Futures, feed: str) -> None:
    venue.publish(f"{feed}:{XBT}", {"bid": 1})
    venue.publish(f"{feed}:{XBT}", {"bid": 2})
    assert shown(venue, feed) == {"feed": feed, "product_id": XBT, "bid": 2}
    assert "ask" in shown(venue, feed, "PF_XBTUSD"), "another product keeps its own"


def test_publishing_lists_a_product(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", "PI_NEWUSD"))
    assert venue.publish("ticker:pi_newusd", {"bid": 1}) == 0
    assert shown(venue, "ticker", "PI_NEWUSD")["bid"] == 1


def test_listed_products_are_bounded() -> None:
    venue = Futures(products=("PI_XBTUSD",), max_products=2)
    venue.publish("ticker:PI_NEWUSD", {})
    with pytest.raises(LocalProtocolError, match="no more than 2 products"):
        venue.publish("ticker:PI_OTHERUSD", {})
    assert venue.publish(f"ticker:{XBT}", {}) == 0


@pytest.mark.parametrize("product", ["", "X" * 65, "PI_É"])
def test_a_product_id_is_short_and_plain(product: str) -> None:
    with pytest.raises(LocalProtocolError, match="is no product id"):
        Futures().publish(f"ticker:{product}", {})


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"1", b"{", b'{"a":}', b'{"a":"\xff"}', b"\xff", b'{"a":' + b"[" * 100_000],
)
@pytest.mark.parametrize("channel", [f"ticker:{XBT}", "fills", "heartbeat"])
def test_a_payload_is_a_json_object(payload: bytes, channel: str) -> None:
    with pytest.raises(LocalProtocolError, match="must be a JSON object"):
        Futures().publish(channel, payload)


@pytest.mark.parametrize("channel", ["nope", "nope:PI_XBTUSD", "fills:PI_XBTUSD", ""])
def test_an_unknown_channel_is_refused(channel: str) -> None:
    with pytest.raises(LocalProtocolError, match="no feed is called"):
        Futures().publish(channel, {})


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        ({"feed": "trade"}, "the payload's feed is 'trade', the channel's is 'book'"),
        ({"feed": 5}, "feed: Expected `str`"),
        ({"product_id": "PI_ETHUSD"}, "the payload's product_id is 'PI_ETHUSD', not 'PI_XBTUSD'"),
        ({"product_id": None}, "product_id: Expected `str`"),
        ({"seq": "x"}, "seq: Expected `int`"),
        ({"feed": "book_snapshot", "bids": []}, "missing required field `asks`"),
        ({"feed": "book_snapshot", "bids": [5], "asks": []}, "Expected `object`"),
    ],
)
def test_what_is_wrong_with_a_payload_is_said(payload: dict[str, Any], cause: str) -> None:
    venue = Futures()
    with pytest.raises(LocalProtocolError, match=cause):
        venue.publish(f"book:{XBT}", payload)
    assert shown(venue, "book")["seq"] == 0, "nothing is remembered of it"


# Trades.


def test_trades_are_numbered_within_a_product(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("trade", XBT, "PF_XBTUSD"))
    for product in (XBT, XBT, "PF_XBTUSD"):
        venue.publish(f"trade:{product}", {"qty": 1})
    assert [frame["seq"] for frame in caller.heard()] == [1, 2, 1]


def test_a_trade_that_has_a_number_keeps_it(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("trade", XBT))
    venue.publish(f"trade:{XBT}", {"seq": 1487})
    venue.publish(f"trade:{XBT}", {})
    assert [frame["seq"] for frame in caller.heard()] == [1487, 1488]


def test_a_newcomer_is_shown_the_last_trades_newest_first() -> None:
    venue = Futures(max_trades=2)
    for price in (1, 2, 3):
        venue.publish(f"trade:{XBT}", {"price": price})
    assert shown(venue, "trade")["trades"] == [
        {"feed": "trade", "product_id": XBT, "price": 3, "seq": 3},
        {"feed": "trade", "product_id": XBT, "price": 2, "seq": 2},
    ]


def test_a_trade_snapshot_replaces_the_trades(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("trade", XBT))
    venue.publish(f"trade:{XBT}", {"price": 1})
    snapshot = {"feed": "trade_snapshot", "product_id": XBT, "trades": [{"seq": 9}, {"seq": 8}]}
    venue.publish(f"trade:{XBT}", snapshot)
    assert caller.heard()[1] == snapshot
    assert shown(venue, "trade") == snapshot
    venue.publish(f"trade:{XBT}", {})
    assert [trade["seq"] for trade in shown(venue, "trade")["trades"]] == [10, 9, 8]


def test_an_empty_trade_snapshot_does_not_count_backwards(venue: Futures) -> None:
    venue.publish(f"trade:{XBT}", {"seq": 5})
    venue.publish(f"trade:{XBT}", {"feed": "trade_snapshot", "trades": []})
    venue.publish(f"trade:{XBT}", {})
    assert [trade["seq"] for trade in shown(venue, "trade")["trades"]] == [6]


@pytest.mark.parametrize("trades", [None, 5, [5], [{"seq": "x"}]])
def test_a_trade_snapshot_lists_trades(trades: Any) -> None:
    with pytest.raises(LocalProtocolError, match="the payload"):
        Futures().publish(f"trade:{XBT}", {"feed": "trade_snapshot", "trades": trades})


# Books.


def test_a_book_snapshot_is_what_newcomers_are_shown(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("book", XBT))
    assert venue.publish(f"book:{XBT}", BOOK) == 1
    assert caller.heard() == [BOOK | {"product_id": XBT}]
    assert shown(venue, "book") == BOOK | {"product_id": XBT}


def test_seq_increments_by_one_from_the_snapshot_on(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("book", XBT))
    venue.publish(f"book:{XBT}", BOOK)
    change = {"side": "sell", "price": 439.6, "qty": 3, "timestamp": 6}
    venue.publish(f"book:{XBT}", change)
    venue.publish(f"book:{XBT}", change)
    assert [frame["seq"] for frame in caller.heard()] == [91192, 91193, 91194]
    assert shown(venue, "book")["seq"] == 91194


def test_changes_are_applied_to_the_book(venue: Futures) -> None:
    venue.publish(f"book:{XBT}", BOOK)
    changes: list[tuple[str, float, float]] = [
        ("buy", 439.3, 0),
        ("buy", 438.0, 2.0),
        ("buy", 100.0, 0),
        ("sell", 439.5, 1.0),
    ]
    for side, price, qty in changes:
        venue.publish(f"book:{XBT}", {"side": side, "price": price, "qty": qty})
    venue.publish(f"book:{XBT}", {"side": "buy", "price": 439.0, "qty": 8, "timestamp": 77})
    book = shown(venue, "book")
    assert book["bids"] == [{"price": 439.0, "qty": 8.0}, {"price": 438.0, "qty": 2.0}]
    assert book["asks"] == [{"price": 439.5, "qty": 1.0}, {"price": 439.6, "qty": 50.0}]
    assert (book["timestamp"], book["tickSize"]) == (77, 0.5)
    assert shown(venue, "book") == book


def test_free_text_is_told_but_changes_no_level(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("book", XBT))
    before = shown(venue, "book")
    assert venue.publish(f"book:{XBT}", {"hello": "world"}) == 1
    [told] = caller.heard()
    assert (told["hello"], told["seq"]) == ("world", 1)
    assert shown(venue, "book") == before | {"seq": 1}


def test_levels_kept_are_bounded_and_the_farthest_gives_way() -> None:
    venue = Futures(max_levels=2)
    venue.publish(f"book:{XBT}", BOOK | {"asks": [{"price": p, "qty": 1} for p in (5, 6, 7)]})
    for side, price in (("buy", 440.0), ("sell", 5.5)):
        venue.publish(f"book:{XBT}", {"side": side, "price": price, "qty": 1})
    book = shown(venue, "book")
    assert [level["price"] for level in book["bids"]] == [440.0, 439.3]
    assert [level["price"] for level in book["asks"]] == [5.0, 5.5]


# Private feeds.

EMPTY: dict[str, dict[str, Any]] = {
    "fills": {"feed": "fills_snapshot", "account": "alice", "fills": []},
    "open_orders": {"feed": "open_orders_snapshot", "account": "alice", "orders": []},
    "open_orders_verbose": {
        "feed": "open_orders_verbose_snapshot",
        "account": "alice",
        "orders": [],
    },
    "open_positions": {
        "feed": "open_positions",
        "account": "alice",
        "positions": [],
        "seq": 0,
        "timestamp": 1_700_000_000_000,
    },
    "balances": {
        "feed": "balances_snapshot",
        "account": "alice",
        "timestamp": 1_700_000_000_000,
        "seq": 0,
        "holding": {},
        "futures": {},
        "flex_futures": {},
    },
    "account_log": {"feed": "account_log_snapshot", "logs": []},
}


@pytest.mark.parametrize("feed", EMPTY)
def test_an_account_in_which_nothing_has_happened(
    venue: Futures, caller: Caller, feed: str
) -> None:
    proven = login(caller)
    echo = proven if venue.edition == "documented" else {}
    assert caller.send(subscribe(feed, **proven)) == [
        {"event": "subscribed", "feed": feed, **echo},
        EMPTY[feed],
    ]


@pytest.mark.parametrize("feed", PRIVATE)
def test_an_account_limits_who_hears_it(venue: Futures, feed: str) -> None:
    alice, bob = venue.join(), venue.join()
    alice.send(subscribe(feed, **login(alice)))
    bob.send(subscribe(feed, **proof(challenge(bob, BOB), BOB)))
    assert venue.publish(feed, {"a": 1}, account="alice") == 1
    assert (alice.heard(), bob.heard()) == ([{"feed": feed, "a": 1}], [])
    assert venue.publish(feed, {"a": 2}) == 2


@pytest.mark.parametrize("feed", PRIVATE)
def test_nothing_private_follows_unsubscribed(venue: Futures, caller: Caller, feed: str) -> None:
    proven = login(caller)
    caller.send(subscribe(feed, **proven))
    caller.send(unsubscribe(feed, **proven))
    assert venue.publish(feed, {}) == 0


def test_a_private_snapshot_replaces_that_of_its_account(venue: Futures, caller: Caller) -> None:
    told = {"feed": "balances_snapshot", "holding": {"USD": 1.0}}
    venue.publish("balances", told, account="bob")
    assert caller.send(subscribe("balances", **login(caller)))[1] == EMPTY["balances"]
    assert caller.send(subscribe("balances", **login(caller, BOB)))[1] == told


def test_open_positions_are_always_told_whole(venue: Futures, caller: Caller) -> None:
    venue.publish("open_positions", {"positions": [1]})
    snapshot = caller.send(subscribe("open_positions", **login(caller)))[1]
    assert snapshot == {"feed": "open_positions", "positions": [1]}


def test_an_update_is_not_a_snapshot(venue: Futures, caller: Caller) -> None:
    venue.publish("fills", {"fills": [1]})
    assert caller.send(subscribe("fills", **login(caller)))[1] == EMPTY["fills"]


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="no account is called 'carol'"):
        Futures().publish("fills", {}, account="carol")


def test_a_public_feed_is_for_everybody() -> None:
    with pytest.raises(LocalProtocolError, match="ticker is public"):
        Futures().publish(f"ticker:{XBT}", {}, account="alice")


def test_a_heartbeat_may_be_published(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("heartbeat"))
    assert venue.publish("heartbeat", {"time": 1}) == 1
    assert msgspec.json.decode(caller.raw()[0]) == {"feed": "heartbeat", "time": 1}
