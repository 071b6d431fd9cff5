"""Limits hold exactly: as much as is allowed, and not one more."""

import pytest

from venues.kraken_spot.local import Local, subscribe

SYMBOLS = ("BTC/USD", "ETH/USD", "SOL/USD")


@pytest.mark.parametrize("count", [1, 2])
def test_a_request_may_have_as_many_symbols_as_the_limit(count: int) -> None:
    caller = Local(max_symbols_per_request=2).public()
    replies = caller.send(subscribe("trade", *SYMBOLS[:count], snapshot=False))
    assert [reply["success"] for reply in replies] == [True] * count


def test_and_not_one_more() -> None:
    caller = Local(max_symbols_per_request=2).public()
    (reply,) = caller.send(subscribe("trade", *SYMBOLS, snapshot=False))
    assert reply["error"] == "Exceeded symbols per request"
