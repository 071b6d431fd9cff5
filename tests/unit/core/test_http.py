"""HTTP as values."""

import pytest

from venuewire.core.http import HttpReply, HttpRequest, json_reply


def test_a_url_has_a_path_and_a_query() -> None:
    request = HttpRequest(method="GET", url="/kucoin/?token=t")
    assert (request.path, request.query) == ("/kucoin/", "token=t")


def test_json_replies_say_so() -> None:
    reply = json_reply(429, b"{}", retry_after="5")
    assert reply.headers == {"content-type": "application/json", "retry-after": "5"}
    assert reply.retry_after == 5


@pytest.mark.parametrize("text", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 20])
def test_a_retry_after_that_is_no_number_is_none(text: str) -> None:
    assert HttpReply(status=429, headers={"retry-after": text}).retry_after is None
