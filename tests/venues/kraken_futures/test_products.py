"""The public feeds: `ticker`, `ticker_lite`, `trade` and `book`, by product."""

from typing import Any

import pytest

from caller import Caller
from venues.kraken_futures.futures import Futures, feeds, subscribe, unsubscribe

PUBLIC = ("ticker", "ticker_lite", "trade", "book")
XBT, ETH = "PI_XBTUSD", "PF_ETHUSD"


def acks(venue: Futures, event: str, feed: str, *products: str) -> list[dict[str, Any]]:
    groups = [list(products)] if venue.edition == "documented" else [[p.upper()] for p in products]
    return [{"event": event, "feed": feed, "product_ids": group} for group in groups]


@pytest.mark.parametrize("feed", PUBLIC)
def test_acknowledgments_come_first_and_then_a_snapshot_per_product(
    venue: Futures, caller: Caller, feed: str
) -> None:
    frames = caller.send(subscribe(feed, XBT, ETH))
    *said, first, second = frames
    assert said == acks(venue, "subscribed", feed, XBT, ETH)
    assert [first["product_id"], second["product_id"]] == [XBT, ETH]
    assert first["feed"] == (feed if "ticker" in feed else f"{feed}_snapshot")


@pytest.mark.parametrize("feed", PUBLIC)
def test_product_ids_are_compared_without_case(venue: Futures, caller: Caller, feed: str) -> None:
    """`documented` repeats the list as it was sent, `observed` in upper case."""
    frames = caller.send(subscribe(feed, "pi_xbtusd"))
    assert frames[:1] == acks(venue, "subscribed", feed, "pi_xbtusd")
    assert venue.publish(f"{feed}:pi_XBTUSD", {"a": 1}) == 1
    assert caller.heard()[0]["product_id"] == XBT
    given_up = caller.send(unsubscribe(feed, "Pi_xbtusd"))
    assert given_up == acks(venue, "unsubscribed", feed, "Pi_xbtusd")


def test_every_listed_product_can_be_subscribed(venue: Futures, caller: Caller) -> None:
    products = venue.floor.terms.products
    assert len(products) >= 20
    frames = caller.send(subscribe("ticker", *products))
    assert [frame["product_id"] for frame in frames[-len(products) :]] == list(products)


def test_the_default_ticker_is_well_formed(caller: Caller) -> None:
    ticker = caller.send(subscribe("ticker", XBT))[-1]
    assert list(ticker) == [
        *("feed", "product_id", "time", "bid", "ask", "bid_size", "ask_size", "volume", "dtm"),
        *("leverage", "index", "premium", "last", "change", "suspended", "tag", "pair"),
        *("openInterest", "markPrice", "maturityTime", "post_only", "volumeQuote"),
        *("funding_rate", "funding_rate_prediction", "relative_funding_rate"),
        *("relative_funding_rate_prediction", "next_funding_rate_time"),
    ]
    assert (ticker["pair"], ticker["tag"]) == ("XBT:USD", "perpetual")
    assert ticker["time"] == 1_700_000_000_000
    assert ticker["next_funding_rate_time"] == 1_700_002_800_000, "on the hour"
    assert ticker["bid"] < ticker["ask"]


def test_a_fixed_maturity_has_no_funding(venue: Futures, caller: Caller) -> None:
    venue.publish("trade:FI_XBTUSD_231229", {})
    ticker = caller.send(subscribe("ticker", "FI_XBTUSD_231229"))[-1]
    assert (ticker["pair"], ticker["tag"]) == ("XBT:USD", "month")
    assert not any("funding" in name for name in ticker)
    lite = caller.send(subscribe("ticker_lite", "FI_XBTUSD_231229"))[-1]
    assert lite["tag"] == "month"


def test_the_default_ticker_lite_is_well_formed(venue: Futures, caller: Caller) -> None:
    venue.publish("trade:ETHUSD", {})
    lite = caller.send(subscribe("ticker_lite", "ETHUSD"))[-1]
    assert list(lite) == [
        *("feed", "product_id", "bid", "ask", "change", "premium", "volume"),
        *("tag", "pair", "dtm", "maturityTime"),
    ]
    assert lite["pair"] == "ETH:USD"


def test_the_default_trade_snapshot_is_empty(caller: Caller) -> None:
    assert caller.send(subscribe("trade", XBT))[-1] == {
        "feed": "trade_snapshot",
        "product_id": XBT,
        "trades": [],
    }


def test_the_default_book_has_a_spread(caller: Caller) -> None:
    assert caller.send(subscribe("book", XBT))[-1] == {
        "feed": "book_snapshot",
        "product_id": XBT,
        "timestamp": 1_700_000_000_000,
        "tickSize": None,
        "seq": 0,
        "bids": [{"price": 100.0, "qty": 1.0}],
        "asks": [{"price": 100.5, "qty": 1.0}],
    }


def test_a_second_subscription_brings_a_fresh_snapshot(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", XBT))
    venue.publish(f"ticker:{XBT}", {"bid": 7})
    caller.heard()
    answer, snapshot = caller.send(subscribe("ticker", XBT))
    again = venue.refusal("", "Already subscribed to feed, re-requesting")
    if venue.edition == "documented":
        [again] = acks(venue, "subscribed", "ticker", XBT)
    assert answer == again
    assert snapshot["bid"] == 7


def test_a_second_subscription_adds_the_products_that_are_new(
    venue: Futures, caller: Caller
) -> None:
    caller.send(subscribe("ticker", XBT))
    frames = caller.send(subscribe("ticker", XBT, ETH))
    if venue.edition == "documented":
        assert frames[:1] == acks(venue, "subscribed", "ticker", XBT, ETH)
    else:
        [ack] = acks(venue, "subscribed", "ticker", ETH)
        assert frames[:2] == [venue.refusal("", "Already subscribed to feed, re-requesting"), ack]
    assert [frame["product_id"] for frame in frames[-2:]] == [XBT, ETH]
    assert venue.publish(f"ticker:{ETH}", {}) == 1
    assert venue.publish(f"ticker:{XBT}", {}) == 1


def test_a_product_named_twice_is_one_product(venue: Futures, caller: Caller) -> None:
    assert venue.floor.subscribers.count(caller.session) == 0
    caller.send(subscribe("ticker", XBT, XBT.lower()))
    assert venue.floor.subscribers.count(caller.session) == 1


def test_an_invalid_product_is_refused_as_the_edition_does(venue: Futures, caller: Caller) -> None:
    """`documented` refuses the request whole; `observed` answers product by product."""
    frames = caller.send(subscribe("book", XBT, "PI_NOPE", ETH))
    if venue.edition == "documented":
        assert frames == [{"event": "error", "message": "Invalid product id"}]
        assert venue.floor.subscribers.count(caller.session) == 0
    else:
        first, second = acks(venue, "subscribed", "book", XBT, ETH)
        alert = venue.refusal("", "Couldn't subscribe to invalid product `PI_NOPE`")
        assert frames[:3] == [first, alert, second]
        assert feeds(frames[3:]) == ["book_snapshot", "book_snapshot"]


@pytest.mark.parametrize("event", [subscribe, unsubscribe])
@pytest.mark.parametrize("ids", [{}, {"product_ids": None}, {"product_ids": []}])
def test_a_request_needs_products(
    venue: Futures, caller: Caller, event: Any, ids: dict[str, Any]
) -> None:
    expected = venue.refusal("Invalid product id", "Couldn't subscribe to invalid product ``")
    assert caller.send(event("ticker", **ids)) == [expected]


@pytest.mark.parametrize("ids", ["PI_XBTUSD", "", 0, False, {"a": 1}, [1], ["PI_XBTUSD", None]])
def test_product_ids_of_a_wrong_type_are_a_json_error(
    venue: Futures, caller: Caller, ids: Any
) -> None:
    request = subscribe("ticker", product_ids=ids)
    assert caller.send(request) == [venue.refusal("Json Error")]


def test_unsubscribing_an_invalid_product_is_refused(venue: Futures, caller: Caller) -> None:
    expected = venue.refusal("Invalid product id", "Couldn't subscribe to invalid product `PI_NO`")
    assert caller.send(unsubscribe("ticker", "pi_no")) == [expected]


def test_giving_up_what_one_does_not_have_is_answered(venue: Futures, caller: Caller) -> None:
    frames = caller.send(unsubscribe("ticker", XBT))
    if venue.edition == "documented":
        assert frames == acks(venue, "unsubscribed", "ticker", XBT)
    else:
        assert frames == [venue.refusal("", "Not subscribed to feed")]


def test_nothing_follows_unsubscribed_and_other_products_go_on(
    venue: Futures, caller: Caller
) -> None:
    caller.send(subscribe("trade", XBT, ETH))
    assert caller.send(unsubscribe("trade", XBT)) == acks(venue, "unsubscribed", "trade", XBT)
    assert venue.publish(f"trade:{XBT}", {}) == 0
    assert venue.publish(f"trade:{ETH}", {}) == 1
    assert [frame["product_id"] for frame in caller.heard()] == [ETH]


def test_a_session_that_leaves_is_forgotten(venue: Futures, caller: Caller) -> None:
    caller.send(subscribe("ticker", XBT))
    caller.session.lost()
    assert venue.publish(f"ticker:{XBT}", {}) == 0
    assert venue.floor.sessions == {}
