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


def test_shares_add_up() -> None:
    first, second, whole = Counts(), Counts(), Counts()
    first.admitted, second.admitted, first.bytes_in = 1, 2, 7
    first.refuse(429)
    for counts in (first, second):
        counts.close(1000)
    for counts in (first, second):
        whole.add(counts.read())
    assert (whole.admitted, whole.bytes_in) == (3, 7)
    assert (whole.refused, whole.closed) == ({429: 1}, {1000: 2})
    first.close(1000)
    assert whole.closed == {1000: 2}, "as of then"
