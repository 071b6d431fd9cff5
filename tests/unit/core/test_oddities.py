"""A machine that slept, a clock that was set, a loop that lagged: told in scripts.

In these scripts the wall clock jumps by `Playbook.ahead`; the monotonic one stands still meanwhile.
"""

import pytest

from clock import EPOCH, at
from plain_dialect import PlainClient
from playbook import Playbook
from scripts import ready, subscribed
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Deliver, Dial, ReportRoundTrip
from venuewire.core.dialect import Profile
from venuewire.core.errors import NotLive
from venuewire.core.events import LinkClosed, LinkOpened, LoopLagged, ReadingPaused, TimeJumped
from venuewire.core.grace import LAG_GRACE
from venuewire.core.inflight import PATIENCE
from venuewire.core.liveness import LivenessPolicy, Verdict
from venuewire.core.messages import Heartbeat, Message, Pong, Subscribed
from venuewire.core.updates import Alive, Down, Gap, Ready, Suspect

HOUR = 3600.0
PINGING = Profile(liveness=LivenessPolicy(ping_interval=20.0, ping_timeout=5.0))
ASLEEP = "the clock 3600.0 s ahead, as after sleep"


def slept(book: Playbook) -> Playbook:
    """An hour of which the monotonic clock knows nothing."""
    since = EPOCH + book.seconds + book.ahead
    book.ahead += HOUR
    return book >> TimeJumped(HOUR, since)


def set_back(book: Playbook, seconds: float) -> Playbook:
    since = EPOCH + book.seconds + book.ahead
    book.ahead -= seconds
    return book >> TimeJumped(-seconds, since)


# Sleep.


def test_after_sleep_a_link_is_suspect_and_probed_at_once() -> None:
    """No order may go out on it before it has answered: the age of its last frame is that of a
    clock that stood still."""
    book = slept(ready(PINGING)) << Suspect(f"nothing heard for 0.0 s, {ASLEEP}") << b"ping 1"
    with pytest.raises(NotLive, match="after sleep"):
        book.session.health(book.now).assert_live(1e9)
    book.hear(Pong(1)) << ReportRoundTrip(1, 0.0) << Alive(f"nothing heard for 0.0 s, {ASLEEP}")
    assert book.session.health(book.now).evidence == "nothing heard for 0.0 s"


def test_frames_do_not_prove_that_a_link_outlived_sleep() -> None:
    """They may have been waiting since before it."""
    book = slept(ready(PINGING)) << Suspect(f"nothing heard for 0.0 s, {ASLEEP}") << b"ping 1"
    book.hear(Heartbeat()).end()
    assert book.session.health(book.now).verdict is Verdict.SUSPECT


def test_neither_does_the_pong_to_a_ping_from_before_it() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.seconds += 1
    slept(book).skip()
    book.hear(Pong(1)) << ReportRoundTrip(1, 1.0)
    assert book.session.health(book.now).verdict is Verdict.SUSPECT
    book.hear(Pong(2)).skip()
    assert book.session.health(book.now).verdict is Verdict.ALIVE


def test_a_link_that_did_not_outlive_it_is_left_when_the_probe_is_overdue() -> None:
    """Goal: nothing of what was missed is unaccounted for: the gap begins before the sleep, though
    frames were read after it."""
    book = subscribed("a", PINGING)
    slept(book).skip()
    book.hear(Message(channel="a", raw=b"1")).hear(Heartbeat()).wait(4.9).end()
    book.wait(0.1) << CloseLink(1, 1001, "", abort=True)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2) << b"subscribe 3 a"
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    [gap] = book.skip()
    assert isinstance(gap, Deliver)
    assert isinstance(gap.update, Gap)
    assert (gap.update.since, gap.update.until) == (EPOCH, EPOCH + HOUR + 6)


def test_a_link_that_was_suspect_already_is_told_once_and_needs_the_pong() -> None:
    policy = LivenessPolicy(silence_timeout=3.0, ping_timeout=3.0)
    book = ready(Profile(liveness=policy)).wait(3) << Suspect("nothing heard for 3.0 s")
    book << b"ping 1"
    slept(book) << b"ping 2"
    book.hear(Heartbeat()).end()
    book.hear(Pong(2)).skip()
    assert book.session.health(book.now).verdict is Verdict.ALIVE


def test_sleeping_twice_keeps_the_first_moment_in_doubt() -> None:
    book = ready(PINGING)
    slept(book).skip()
    slept(book) << b"ping 2"
    assert book.session.strands[0].liveness.covered_until == EPOCH


def test_nothing_is_judged_before_the_probes_answer_is_due() -> None:
    book = ready(PINGING).subscribe("a") << b"subscribe 1 a"
    book.wait(PATIENCE - 0.1)
    slept(book).skip()
    book.wait(4.9).end()
    book.hear(Pong(2)).skip()
    book.wait(0.2) << b"subscribe 3 a"


def test_waiting_for_the_next_attempt_counts_the_sleep() -> None:
    book = ready(backoff=Backoff(initial=2 * HOUR, limit=2 * HOUR)) >> LinkClosed(1)
    [down] = book.skip()
    assert isinstance(down, Deliver)
    assert isinstance(down.update, Down)
    assert down.update.retry_in is not None
    assert down.update.retry_in > HOUR
    slept(book)
    assert book.session.deadline == down.update.retry_in - HOUR
    slept(book).wait(0) << Dial(2, "ws://venue.test/2")


def test_an_attempt_under_way_is_left_alone() -> None:
    book = Playbook(PlainClient(PINGING)) << Dial(1, "ws://venue.test/1")
    due = book.session.deadline
    slept(book)
    set_back(book, 5).end()
    assert book.session.deadline == due


# A clock that was set.


def test_setting_the_clock_back_moves_no_deadline_and_blames_nobody() -> None:
    book = ready(PINGING)
    set_back(book, HOUR) << b"ping 1"
    assert book.session.health(book.now).verdict is Verdict.ALIVE
    book.hear(Pong(1)).skip()
    book.wait(19.9).end()
    book.wait(0.1) << b"ping 2"


def test_a_gap_is_told_in_terms_of_the_clock_that_was_set_back() -> None:
    """Heard last at 0, cut and back two seconds later, the clock set back by ten in between."""
    book = subscribed()
    set_back(book, 10) << b"ping 2"
    book.seconds += 1
    book >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2) << b"subscribe 3 a"
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    book << Gap("a", EPOCH - 10, EPOCH - 8, "the link closed with 1006")


def test_so_is_one_that_had_begun_before() -> None:
    book = subscribed() >> LinkClosed(1)
    book.skip()
    set_back(book, 10).wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2)
    book << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH - 10, EPOCH - 9, "the link closed with 1006")


def test_and_one_that_numbers_prove() -> None:
    book = subscribed().hear(Message(channel="a", raw=b"1", sequence=1))
    set_back(book, 10) << b"ping 2"
    book.hear(Message(channel="a", raw=b"1", sequence=3))
    book << Gap("a", EPOCH - 10, EPOCH - 10, "the venue's numbers go from 1 to 3")


def test_a_wall_clock_that_runs_wild_moves_no_deadline() -> None:
    """Without a word of it: the kernel measures on the monotonic clock only."""
    book = ready(PINGING)
    for ahead in (HOUR, -HOUR, 1e9, -1e9):
        book.ahead = ahead
        book.wait(4.9).end()
    assert book.session.deadline == 20.0


# Lag.


def test_a_loop_that_lagged_gets_time_to_read() -> None:
    policy = LivenessPolicy(silence_timeout=3.0, ping_timeout=3.0)
    book = ready(Profile(liveness=policy)).wait(2.9) >> LoopLagged(2.0)
    book.wait(LAG_GRACE - 0.01).end()
    book.wait(0.02) << Suspect("nothing heard for 3.4 s, our own loop 2.0 s late") << b"ping 1"
    assert book.session.health(at(3.4)).lag == 2.0


# Not reading.


LISTENING = Profile(liveness=LivenessPolicy(silence_timeout=3.0, ping_timeout=3.0))


def test_silence_while_we_do_not_read_is_ours() -> None:
    book = ready(LISTENING) >> ReadingPaused(30.0)
    book.wait(30)
    health = book.session.health(at(29.9))
    assert health.verdict is Verdict.ALIVE
    assert (
        health.evidence == "nothing heard for 29.9 s, not read, because the application is behind"
    )
    book.wait(LAG_GRACE) << Suspect("nothing heard for 30.5 s") << b"ping 1"


def test_a_pong_we_do_not_read_is_not_overdue_and_our_own_pings_go_on() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book >> ReadingPaused(30.0)
    book.wait(20) << b"ping 2"
    book >> ReadingPaused(0.0)
    book.wait(LAG_GRACE - 0.25).hear(Pong(1)) << ReportRoundTrip(1, 20.25)
    book.hear(Pong(2)) << ReportRoundTrip(2, 0.25)
    book.end()


def test_a_probe_whose_answer_we_do_not_read_kills_no_link() -> None:
    book = ready(LISTENING).wait(3) << Suspect("nothing heard for 3.0 s") << b"ping 1"
    book >> ReadingPaused(10.0)
    book.wait(10).hear(Pong(1))
    assert [type(c) for c in book.skip()] == [Deliver, ReportRoundTrip]
