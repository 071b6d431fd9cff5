"""Errors that carry something."""

from venuewire.core.errors import AccessRefused


def test_a_refusal_of_access_keeps_what_the_venue_said() -> None:
    refusal = AccessRefused("too many", auth=False, retry_after=3)
    assert (refusal.reason, refusal.auth, refusal.retry_after) == ("too many", False, 3)
