"""Errors that carry something."""

from venuewire.core.errors import AccessRefused, NotHere


def test_a_refusal_of_access_keeps_what_the_venue_said() -> None:
    refusal = AccessRefused("too many", auth=False, retry_after=3)
    assert (refusal.reason, refusal.auth, refusal.retry_after) == ("too many", False, 3)


def test_what_is_not_here_says_what_it_is() -> None:
    missing = NotHere("session", "kucoin has no session 7")
    assert (missing.what, str(missing)) == ("session", "kucoin has no session 7")
