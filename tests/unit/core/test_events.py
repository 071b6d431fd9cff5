"""What happened to a link, in words."""

from venuewire.core.events import LinkClosed
from venuewire.core.http import HttpReply


def test_a_link_that_closed_says_how() -> None:
    assert LinkClosed(1, 1001, "restarting").account(opened=True) == (
        "the link closed with 1001: restarting"
    )
    assert LinkClosed(1).account(opened=True) == "the link closed with 1006"


def test_a_connection_that_was_never_made_says_why() -> None:
    assert LinkClosed(1, reason="refused").account(opened=False) == "no connection: refused"


def test_an_answered_upgrade_says_what_was_answered() -> None:
    closed = LinkClosed(1, reply=HttpReply(status=503))
    assert closed.account(opened=False) == "the venue answered the upgrade with HTTP 503"
