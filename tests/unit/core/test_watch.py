"""How a session keeps its link alive, and notices when it is not, told in scripts."""

import pytest

from clock import at
from plain_dialect import PlainClient
from playbook import Playbook
from scripts import ready
from venuewire.core.commands import CloseLink, Deliver, Dial, ReportRoundTrip, SendPing
from venuewire.core.dialect import Profile
from venuewire.core.errors import NotLive
from venuewire.core.events import (
    DeadlineReached,
    Event,
    FrameUnreadable,
    LinkOpened,
    PingReceived,
    PongReceived,
)
from venuewire.core.grace import LAG_GRACE
from venuewire.core.liveness import LivenessPolicy, Verdict
from venuewire.core.messages import (
    Heartbeat,
    Pong,
)
from venuewire.core.updates import Alive, Cause, Down, Ready, Suspect, Unreadable, Update

PINGING = Profile(liveness=LivenessPolicy(ping_interval=20.0, ping_timeout=5.0))
LISTENING = Profile(liveness=LivenessPolicy(silence_timeout=3.0, ping_timeout=3.0))


def test_a_ping_is_sent_when_nothing_was_for_the_interval() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.hear(Pong(1)) << ReportRoundTrip(1, 0.0)
    book.wait(20) << b"ping 2"


def test_a_ping_may_be_a_control_frame() -> None:
    dialect = PlainClient(PINGING)
    dialect.control_pings = True
    book = Playbook(dialect)
    book.skip()
    book >> LinkOpened(1) << Ready(1)
    book.wait(20) << SendPing(1, b"1")
    book.seconds += 0.25
    book >> PongReceived(1, b"1") << ReportRoundTrip(1, 0.25)
    book >> PongReceived(1, b"not ours")
    book.end()


def test_an_overdue_pong_makes_the_link_suspect_and_an_overdue_probe_dead() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.wait(5) << Suspect("nothing heard for 25.0 s, a ping unanswered for 5.0 s") << b"ping 2"
    assert book.session.health(at(book.seconds)).verdict is Verdict.SUSPECT
    book.wait(5) << CloseLink(1, 1001, "", abort=True)
    [down] = book.skip()
    assert isinstance(down, Deliver)
    assert isinstance(down.update, Down)
    assert down.update.cause is Cause.SILENT


def test_any_frame_disproves_silence() -> None:
    book = ready(LISTENING).wait(3) << Suspect("nothing heard for 3.0 s") << b"ping 1"
    book.hear(Heartbeat()) << Alive("nothing heard for 0.0 s, a ping unanswered for 0.0 s")
    assert book.session.health(at(book.seconds)).verdict is Verdict.ALIVE


def test_only_a_pong_disproves_an_overdue_pong() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.wait(5)
    book.skip()
    book.hear(Heartbeat()).end()
    book.hear(Pong(2)) << ReportRoundTrip(2, 0.0) << Alive("nothing heard for 0.0 s")


def test_pongs_to_nothing_we_asked_prove_nothing() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.hear(Pong(99)).hear(Pong("x")).end()
    assert book.session.counters.pongs == 0


def test_a_pong_without_id_answers_the_oldest_ping() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book.hear(Pong()).end()
    assert book.session.counters.pongs == 1


def test_a_control_pong_that_answers_nothing_is_no_answer_to_the_oldest_ping() -> None:
    book = ready(PINGING).wait(20) << b"ping 1"
    book >> PongReceived(1, b"") >> PongReceived(1, b"not ours")
    assert book.session.counters.pongs == 0


def test_an_application_may_ask_for_a_sign_of_life() -> None:
    book = ready().ping() << b"ping 1"
    book.seconds += 0.5
    book.hear(Pong(1)) << ReportRoundTrip(1, 0.5)
    assert book.session.health(at(book.seconds)).round_trip == 0.5


def test_a_session_that_is_not_ready_cannot_ping() -> None:
    book = Playbook(PlainClient())
    book.skip()
    with pytest.raises(NotLive, match="dialing"):
        book.ping()


def test_an_early_or_repeated_wake_up_is_harmless() -> None:
    book = Playbook(PlainClient(PINGING)) << Dial(1, "ws://venue.test/1")
    book >> DeadlineReached() >> LinkOpened(1) << Ready(1)
    book >> DeadlineReached() >> DeadlineReached()
    book.end()


@pytest.mark.parametrize(
    ("event", "news"),
    [
        (PingReceived(1), []),
        (PongReceived(1, b""), []),
        (FrameUnreadable(1, "binary"), [Unreadable("binary")]),
    ],
)
def test_a_frame_without_text_is_a_sign_of_life(event: Event, news: list[Update]) -> None:
    book = ready(LISTENING).wait(3) << Suspect("nothing heard for 3.0 s") << b"ping 1"
    book >> event << Alive("nothing heard for 0.0 s, a ping unanswered for 0.0 s")
    for update in news:
        book << update
    book.end()


def test_a_link_that_never_answers_the_first_request_is_suspected_of_silence() -> None:
    """A link that is dead from its first frame must not wait for the patience of requests."""
    policy = LivenessPolicy(silence_timeout=3.0, ping_timeout=3.0, silence_while_subscribed=True)
    book = ready(Profile(liveness=policy))
    book.wait(60).end()
    book.subscribe("a") << b"subscribe 1 a"
    book.wait(2.9).end()
    book.wait(0.1) << Suspect("nothing heard for 63.0 s") << b"ping 2"
    book.wait(3) << CloseLink(1, 1001, "", abort=True)
    book.skip()


# Being late ourselves.


def test_when_we_were_late_the_venue_is_probed_before_it_is_blamed_and_we_say_so() -> None:
    """Goal: an application can tell "we were late" from "the venue was late"."""
    book = ready(LISTENING).oversleep(10) << b"ping 1"
    health = book.session.health(at(book.seconds))
    assert health.verdict is Verdict.ALIVE
    assert health.evidence == (
        "nothing heard for 10.0 s, a ping unanswered for 0.0 s, our own loop 7.0 s late"
    )
    assert (health.lag, health.lag_age) == (7.0, 0.0)
    book.wait(LAG_GRACE) << Suspect(
        "nothing heard for 10.5 s, a ping unanswered for 0.5 s, our own loop 7.0 s late"
    )
    book << b"ping 2"


def test_what_has_been_waiting_to_be_read_excuses_the_venue() -> None:
    book = ready(LISTENING).oversleep(10) << b"ping 1"
    book.hear(Heartbeat()).end()
    health = book.session.health(at(book.seconds + 2))
    assert health.evidence == "nothing heard for 2.0 s, a ping unanswered for 2.0 s"
    assert (health.lag, health.lag_age) == (7.0, 2.0)


def test_a_session_that_was_never_late_says_so() -> None:
    health = ready(LISTENING).session.health(at(0))
    assert (health.lag, health.lag_age) == (0.0, None)


def test_pings_go_on_while_what_has_waited_is_read() -> None:
    """A venue may ask for pings more often than a grace lasts."""
    policy = LivenessPolicy(ping_interval=0.1, ping_timeout=5.0)
    book = ready(Profile(liveness=policy)).wait(0.1) << b"ping 1"
    book.oversleep(4) << b"ping 2"
    book.wait(0.1) << b"ping 3"
