"""Which messages are numbered without a hole, and what becomes of a hole.

The page on the increments of a book: "sequenceStart(new) <= sequenceEnd+1(old) and
sequenceEnd(new) > sequenceEnd(old)". The page on a futures book counts its changes 16, 17, 18. A
`sequence` on any other topic is the book's, which goes on between two tickers or trades.
"""

from typing import Any

import msgspec
import pytest

from clock import EPOCH, at
from playbook import Playbook
from venuewire.core.events import Fetched, LinkOpened
from venuewire.core.http import HttpReply
from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Ready, Subscribed
from venuewire.core.venue import ClientOptions, Venue
from venuewire.venues.kucoin import KUCOIN, KUCOIN_FUTURES

BOOK = "/market/level2:BTC-USDT"
FUTURES_BOOK = "/contractMarket/level2:XBTUSDTM"
GRANT = HttpReply(
    status=200,
    body=b'{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"wss://e.kucoin.com/",'
    b'"encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}',
)


def frame(topic: str, data: Any) -> bytes:
    return msgspec.json.encode({"type": "message", "topic": topic, "subject": "s", "data": data})


def heard(topic: str, data: Any, venue: Venue = KUCOIN) -> tuple[int | None, int | None]:
    message = venue.client(ClientOptions()).decode(frame(topic, data), at(0))
    assert isinstance(message, Message)
    return message.first_sequence, message.sequence


def changes(first: Any, last: Any) -> dict[str, Any]:
    return {"changes": {"asks": []}, "sequenceStart": first, "sequenceEnd": last, "symbol": "A-B"}


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        (changes(14103844, 14103847), (14103844, 14103847)),
        (changes("14103844", "14103847"), (14103844, 14103847)),
        (changes(7, 7), (7, 7)),
        (changes(19, 15), (15, 19)),
        (changes(7, None), (None, None)),
        (changes(None, 7), (None, None)),
        (changes(-7, 7), (None, None)),
        (changes("7.0", "8"), (None, None)),
        (changes("9" * 5000, "8"), (None, None)),
        (changes("٣", "٤"), (None, None)),
        (changes(1.5, 7), (None, None)),
        (changes([7], {"a": 8}), (None, None)),
        ({}, (None, None)),
        ([7, 8], (None, None)),
        (None, (None, None)),
    ],
)
def test_a_spot_book_says_from_where_to_where(data: Any, numbers: tuple[int, int]) -> None:
    assert heard(BOOK, data) == numbers


@pytest.mark.parametrize(
    ("sequence", "number"),
    [(16, 16), ("16", 16), (0, 0), ("", None), ("x", None), (-1, None), (True, None)],
)
def test_a_futures_book_counts_its_changes(sequence: Any, number: int | None) -> None:
    data = {"sequence": sequence, "change": "3988.50,buy,44", "timestamp": 1731897467182}
    assert heard(FUTURES_BOOK, data, KUCOIN_FUTURES) == (None, number)


@pytest.mark.parametrize(
    "topic",
    [
        "/market/ticker:BTC-USDT",
        "/market/ticker:all",
        "/market/match:BTC-USDT",
        "/market/snapshot:BTC-USDT",
        "/spotMarket/level1:BTC-USDT",
        "/spotMarket/level2Depth5:BTC-USDT",
        "/contractMarket/ticker:XBTUSDTM",
        "/contractMarket/tickerV2:XBTUSDTM",
        "/contractMarket/execution:XBTUSDTM",
        "/contractMarket/level2Depth50:XBTUSDTM",
        "/new/topic:BTC-USDT",
    ],
)
def test_no_other_sequence_can_prove_a_hole(topic: str) -> None:
    assert heard(topic, {"sequence": "16"} | changes(15, 16)) == (None, None)


def test_a_hole_is_one_gap() -> None:
    """Goal: five messages of which one was lost are four messages and one gap; messages that
    overlap, or come again, are none."""
    book = Playbook(KUCOIN.client(ClientOptions()))
    book.skip()
    book >> Fetched(1, GRANT)
    book.skip()
    book >> LinkOpened(1)
    book.frame(b'{"id":"x","type":"welcome"}') << Ready(1)
    book.subscribe(BOOK).skip()
    book.frame(b'{"id":"1","type":"ack"}') << Subscribed(BOOK)
    for first, last in [(10, 12), (13, 13), (12, 14), (13, 14)]:
        book.frame(frame(BOOK, changes(first, last)))
    book.wait(5).frame(frame(BOOK, changes(16, 20)))
    book << Gap(BOOK, EPOCH, EPOCH + 5, "the venue's numbers go from 14 to 16")
    book.frame(frame(BOOK, changes(21, 21))).end()
    assert book.session.counters.gaps == 1
    assert len(book.heard) == 6
