"""The machine that judges a link, alone."""

import pytest

from clock import at
from venuewire.core.grace import LAG_GRACE
from venuewire.core.liveness import (
    PINGS_REMEMBERED,
    Judgment,
    Liveness,
    LivenessPolicy,
    Verdict,
)


def link(**policy: float | bool | None) -> Liveness:
    return Liveness(LivenessPolicy(**policy), at(0))  # type: ignore[arg-type]


def beat(liveness: Liveness, *seconds: float) -> None:
    for moment in seconds:
        liveness.heard = at(moment)
        liveness.beaten(at(moment))


def test_without_a_policy_nothing_is_ever_due() -> None:
    assert link().deadline is None
    assert link().check(at(1e9)) is Judgment.REST


def test_any_outgoing_message_resets_the_ping_timer() -> None:
    liveness = link(ping_interval=9)
    assert liveness.deadline == 9
    liveness.sent_at = 5
    assert liveness.check(at(9)) is Judgment.REST
    assert liveness.check(at(14)) is Judgment.PING


def test_asking_again_and_again_does_not_excuse_an_overdue_pong() -> None:
    """Pings an application asks for must not hide a dead link."""
    liveness = link(ping_timeout=5)
    for second in range(6):
        liveness.pinged(second, at(second))
    assert liveness.check(at(5)) is Judgment.SUSPECT


def test_a_probe_has_the_whole_timeout() -> None:
    liveness = link(ping_timeout=5, silence_timeout=3)
    liveness.pinged(1, at(0))
    assert liveness.check(at(3)) is Judgment.SUSPECT
    liveness.pinged(2, at(3))
    assert liveness.check(at(7.9)) is Judgment.REST
    assert liveness.check(at(8)) is Judgment.DEAD
    assert liveness.verdict is Verdict.DEAD


def test_a_pong_excuses_all_earlier_pings() -> None:
    liveness = link(ping_timeout=5)
    for second in (0, 1, 2):
        liveness.pinged(second, at(second))
    assert liveness.ponged(1, at(3)) == 2
    assert liveness.deadline == 2 + 5
    assert liveness.ponged(2, at(4)) == 2
    assert liveness.deadline is None


def test_a_pong_out_of_order_still_tells_its_round_trip() -> None:
    liveness = link(ping_timeout=5)
    liveness.pinged(1, at(0))
    liveness.pinged(2, at(1))
    assert liveness.ponged(2, at(2)) == 1
    assert liveness.ponged(1, at(3)) == 3
    assert liveness.ponged(1, at(3)) is None


def test_a_pong_without_id_answers_the_oldest() -> None:
    liveness = link(ping_timeout=5)
    liveness.pinged(1, at(0))
    liveness.pinged(2, at(1))
    assert liveness.ponged(None, at(2)) == 2
    assert liveness.deadline == 1 + 5


def test_a_pong_nobody_waits_for_answers_nothing() -> None:
    assert link().ponged(None, at(0)) is None


def test_only_so_many_pings_are_remembered() -> None:
    liveness = link(ping_timeout=5)
    for number in range(PINGS_REMEMBERED + 1):
        liveness.pinged(number, at(0))
    assert liveness.ponged(0, at(1)) is None
    assert liveness.ponged(1, at(1)) == 1


def test_silence_counts_only_while_subscribed_where_heartbeats_start_with_a_channel() -> None:
    liveness = link(silence_timeout=3, silence_while_subscribed=True)
    assert liveness.deadline is None
    liveness.expect(True, at(60))
    assert liveness.deadline == 63
    liveness.expect(True, at(61))
    assert liveness.deadline == 63
    liveness.expect(False, at(62))
    assert liveness.deadline is None


def test_the_heartbeat_interval_is_learned() -> None:
    liveness = link(silence_timeout=60, silence_beats=3)
    beat(liveness, 0, 2, 4)
    assert liveness.deadline == 4 + 60
    beat(liveness, 6)
    assert liveness.deadline == 6 + 3 * 2


def test_a_burst_of_heartbeats_is_no_rhythm() -> None:
    liveness = link(silence_beats=3)
    beat(liveness, 0, 0, 0, 0)
    assert liveness.deadline is not None
    assert liveness.deadline > 0.2


def test_a_late_reader_does_not_condemn_the_venue() -> None:
    """Our loop was blocked for 7 s: probe at once, read first, then judge."""
    liveness = link(silence_timeout=3, ping_timeout=3)
    assert liveness.check(at(10)) is Judgment.PING
    assert liveness.verdict is Verdict.ALIVE
    assert liveness.deadline == 10 + LAG_GRACE
    liveness.pinged(1, at(10))
    assert liveness.check(at(10.1)) is Judgment.REST
    liveness.heard = at(10.2)
    liveness.ponged(1, at(10.2))
    assert liveness.deadline == 13.2


def test_after_the_grace_silence_is_silence() -> None:
    liveness = link(silence_timeout=3, ping_timeout=3)
    liveness.check(at(10))
    assert liveness.check(at(10 + LAG_GRACE)) is Judgment.SUSPECT


def test_a_doubt_ends_by_the_evidence_that_disproves_it() -> None:
    liveness = link(ping_timeout=3)
    assert not liveness.clear(pong=True)
    liveness.pinged(1, at(0))
    liveness.check(at(3))
    assert not liveness.clear(pong=False)
    assert liveness.clear(pong=True)
    assert liveness.verdict is Verdict.ALIVE


@pytest.mark.parametrize(
    ("interval", "timeout", "due"), [(17, 10, 10), (12, 10, 10), (9, 10, 9), (None, 10, 10)]
)
def test_a_pong_is_due_no_later_than_the_next_ping(
    interval: float | None, timeout: float, due: float
) -> None:
    liveness = link(ping_interval=interval, ping_timeout=timeout)
    liveness.pinged(1, at(0))
    assert liveness.deadline == due


# What has been covered.


def test_a_pong_proves_what_was_sent_before_its_ping() -> None:
    link = Liveness(LivenessPolicy(ping_timeout=10.0), at(0))
    link.pinged(1, at(8))
    link.ponged(1, at(9))
    link.heard = at(12)
    assert link.covered_until == at(8).realtime


def test_without_a_pong_a_frame_is_under_way_no_longer_than_a_pong_may_be() -> None:
    link = Liveness(LivenessPolicy(ping_timeout=10.0), at(0))
    link.heard = at(60)
    assert link.covered_until == at(50).realtime
    link.pinged(1, at(50))
    assert link.covered_until == at(50).realtime


def test_a_pong_that_takes_longer_than_it_may_while_frames_come_shows_how_late_they_are() -> None:
    """They wait in a queue, and what was sent before the ping may be behind them."""
    link = Liveness(LivenessPolicy(ping_timeout=10.0), at(0))
    link.pinged(1, at(20))
    link.ponged(1, at(20))
    link.pinged(2, at(40))
    link.heard = at(51)
    assert link.covered_until == at(20).realtime
