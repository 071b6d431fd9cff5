"""Which messages are numbered by one: a number left out is a gap on these feeds, and on no others.

The guide lets `seq` of book and trade count within a product; what the `seq` of other feeds counts
no page says.
"""

from typing import Any

import msgspec
import pytest

from clock import at
from venuewire.core.messages import Message
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures import KRAKEN_FUTURES


def heard(**frame: Any) -> Message:
    dialect = KRAKEN_FUTURES.client(ClientOptions())
    message = dialect.decode(msgspec.json.encode(frame), at(3.0))
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("feed", ["book", "trade"])
def test_book_and_trade_count_by_one(feed: str) -> None:
    assert heard(feed=feed, product_id="PI_XBTUSD", seq=7).sequence == 7
    assert heard(feed=f"{feed}_snapshot", product_id="PI_XBTUSD", seq=6).sequence == 6


@pytest.mark.parametrize("feed", ["ticker", "ticker_lite", "fills", "open_orders", "unheard_of"])
def test_no_other_feed_is_known_to(feed: str) -> None:
    assert heard(feed=feed, product_id="PI_XBTUSD", seq=7).sequence is None
