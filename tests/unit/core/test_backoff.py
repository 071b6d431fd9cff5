"""How long to wait before dialing again."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from venuewire.core.backoff import Backoff


@given(st.integers(1, 10_000), st.randoms(use_true_random=False))
def test_jitter_is_full_and_capped(failures: int, rng: Random) -> None:
    delay = Backoff(initial=0.5, factor=2, limit=30).delay(failures, rng)
    assert delay is not None
    assert 0 <= delay <= min(30, 0.5 * 2 ** min(failures - 1, 64))


def test_the_spread_does_not_collapse_at_the_cap() -> None:
    rng = Random(1)
    delays = [Backoff(limit=30).delay(50, rng) or 0.0 for _ in range(2000)]
    assert min(delays) < 1
    assert max(delays) > 29
    assert 14 < sum(delays) / len(delays) < 16


def test_it_never_gives_up_unless_told() -> None:
    assert Backoff().delay(1_000_000, Random(0)) is not None
    assert Backoff(attempts=2).delay(2, Random(0)) is not None
    assert Backoff(attempts=2).delay(3, Random(0)) is None
    assert Backoff(attempts=2).refused(3, Random(0)) is None
