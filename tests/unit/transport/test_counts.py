"""Plain numbers, which no client makes grow in kind."""

from venuewire.transport.counts import OTHER, Counts, tally_of


def test_close_codes_that_clients_make_up_are_counted_as_one() -> None:
    counts = Counts()
    for code in (1000, 1001, 1001, 1004, 3000, 4999, 77):
        counts.close(code)
    assert counts.closed == {1000: 1, 1001: 2, OTHER: 4}


def test_a_tally_is_the_sum_over_venues() -> None:
    first, second = Counts(), Counts()
    first.admitted, second.admitted, second.slow = 2, 3, 1
    first.refuse(401)
    first.refuse(429)
    second.refuse(401)
    tally = tally_of([first, second])
    assert (tally.admitted, tally.refused, tally.slow, tally.breaches) == (5, 3, 1, 0)
