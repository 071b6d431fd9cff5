"""Limits hold exactly: as much as is allowed, and not one more."""

import pytest

from caller import knock
from venues.kraken_spot.local import ALICE, UPGRADE, Local, signed, subscribe
from venuewire.core.http import HttpReply

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


def knocked(local: Local) -> tuple[int, float | None]:
    reply = knock(local.floor, local.clock, "public", UPGRADE)
    assert isinstance(reply, HttpReply)
    assert reply.body == b'{"error":["Exceeded connections"]}'
    return reply.status, reply.retry_after


def test_connects_from_one_address_can_be_limited_as_the_venue_publishes() -> None:
    local = Local(max_connects=150)
    for _ in range(150):
        local.public()
    assert knocked(local) == (429, 600)
    local.clock.seconds = 600
    local.public()


def test_a_full_venue_says_when_to_come_again() -> None:
    local = Local(max_sessions=1)
    local.public()
    assert knocked(local) == (429, 1)


def test_who_asks_for_tokens_too_often_hears_it() -> None:
    local = Local(max_calls=1)
    assert local.token()
    asked = signed(ALICE.credentials, "2")
    assert local.ask_for_token(asked) == {"error": ["EAPI:Rate limit exceeded"]}
    local.clock.seconds = 1
    assert local.ask_for_token(asked)["error"] == []
