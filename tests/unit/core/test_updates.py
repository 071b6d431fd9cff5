"""What holds of updates, whoever makes them."""

from venuewire.core.updates import Gap


def test_a_gap_never_ends_before_it_begins() -> None:
    """Whatever the wall clock did in between."""
    assert Gap("a", 10.0, 12.0, "lost").until == 12.0
    assert Gap("a", 10.0, 8.0, "lost") == Gap("a", 10.0, 10.0, "lost")
