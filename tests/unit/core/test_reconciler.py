"""From what is wanted to what the venue agreed to, on one link."""

import pytest

from clock import EPOCH
from plain_dialect import PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Dial
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkClosed, LinkOpened, ReadingPaused
from venuewire.core.grace import LAG_GRACE
from venuewire.core.inflight import PATIENCE
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import FirstMessage, Message, Refused, Subscribed, Unsubscribed
from venuewire.core.updates import Cause, Down, Gap, Ready


def ready() -> Playbook:
    book = Playbook(PlainClient()) << Dial(1, "ws://venue.test/1")
    return book >> LinkOpened(1) << Ready(1)


def asked(channel: str = "a") -> Playbook:
    return ready().subscribe(channel) << f"subscribe 1 {channel}".encode()


def active(book: Playbook) -> list[str]:
    return book.session.active


def test_a_channel_is_active_only_by_the_venues_word() -> None:
    book = asked()
    assert active(book) == []
    book.hear(Subscribed(1)) << updates.Subscribed("a")
    assert active(book) == ["a"]


def test_one_answer_per_symbol_settles_a_request_symbol_by_symbol() -> None:
    book = asked("a,b")
    book.hear(Subscribed(1, ("b",))) << updates.Subscribed("b")
    book.hear(Refused("no such symbol", id=1, channel="a"))
    book << updates.Refused("no such symbol", "a")
    assert active(book) == ["b"]


def test_a_refusal_is_scoped_to_the_request_it_answers() -> None:
    book = asked().subscribe("b") << b"subscribe 2 b"
    book.hear(Refused("no", id=2, code=404)) << updates.Refused("no", "b", 404)
    book.hear(Subscribed(1)) << updates.Subscribed("a")
    assert active(book) == ["a"]


def test_a_refusal_that_names_nothing_answers_the_oldest_where_the_venue_has_no_ids() -> None:
    profile = Profile(liveness=LivenessPolicy(), answers_by_id=False)
    book = Playbook(PlainClient(profile)) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book.subscribe("b") << b"subscribe 2 b"
    book.hear(Refused("Invalid feed")) << updates.Refused("Invalid feed", "a")


def test_a_refusal_of_nothing_we_asked_is_reported_without_a_channel() -> None:
    book = ready().hear(Refused("what?")) << updates.Refused("what?", None)
    assert book.session.counters.refused == 1


def test_a_refusal_of_what_is_already_so_is_an_agreement() -> None:
    book = asked().hear(Refused("Already subscribed", id=1, benign=True))
    book << updates.Subscribed("a")
    book.unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Refused("Not subscribed", id=2, benign=True)) << updates.Unsubscribed("a")
    book.hear(Refused("Already subscribed", benign=True)).end()


def test_a_refused_unsubscription_is_reported() -> None:
    book = asked().hear(Subscribed(1))
    book.skip()
    book.unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Refused("no", id=2)) << updates.Refused("no", "a")


def test_an_agreement_to_nothing_we_wait_for_is_ignored() -> None:
    ready().hear(Subscribed(7)).hear(Unsubscribed(7)).end()


def test_a_channel_given_up_while_it_was_asked_for_stays_given_up() -> None:
    book = asked().unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Subscribed(1)).end()
    assert active(book) == []
    book.hear(Unsubscribed(2)) << updates.Unsubscribed("a")


def test_what_was_not_answered_is_asked_for_again() -> None:
    book = asked().wait(PATIENCE) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")


def test_a_venue_that_leaves_the_same_request_unanswered_again_is_left() -> None:
    book = asked().wait(PATIENCE) << b"subscribe 2 a"
    book.wait(PATIENCE) << CloseLink(1, 1001, "", abort=True)
    book << Down(Cause.UNANSWERED, "no answer to the subscription of a", None)


def test_an_answer_that_waits_to_be_read_is_not_overdue() -> None:
    """Our own loop came four seconds late: read first, then judge."""
    book = asked().oversleep(PATIENCE + 4)
    assert book.session.deadline == PATIENCE + 4 + LAG_GRACE
    book.hear(Subscribed(1)) << updates.Subscribed("a")
    book.wait(60).end()


def test_after_that_it_is_overdue() -> None:
    book = asked().oversleep(PATIENCE + 4).wait(LAG_GRACE) << b"subscribe 2 a"
    book.end()


def test_what_had_to_wait_is_asked_for_however_late_we_are() -> None:
    dialect = PlainClient(Profile(liveness=LivenessPolicy(), requests=(1, 10.0)))
    dialect.singly = True
    book = Playbook(dialect)
    book.skip()
    book.subscribe("a,b") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a"
    book.hear(Subscribed(1)).skip()
    book.oversleep(60) << b"subscribe 2 b"


def test_an_answer_makes_earlier_silence_forgotten() -> None:
    book = asked().wait(PATIENCE) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    wish = book.session.wish("a")
    assert wish is not None
    assert wish.unanswered == 0


def test_an_unanswered_unsubscription_is_done_all_the_same() -> None:
    book = asked().hear(Subscribed(1))
    book.skip()
    book.unsubscribe("a") << b"unsubscribe 2 a"
    book.wait(PATIENCE) << updates.Unsubscribed("a")
    book.end()


def test_a_channel_given_up_meanwhile_is_not_asked_for_again() -> None:
    book = asked().unsubscribe("a") << b"unsubscribe 2 a"
    book.wait(PATIENCE) << updates.Unsubscribed("a")
    book.end()


@pytest.mark.parametrize("wanted", ["a", "a,b"])
def test_unsubscribing_before_ready_asks_the_venue_nothing(wanted: str) -> None:
    book = Playbook(PlainClient())
    book.skip()
    book.subscribe(wanted).unsubscribe(wanted)
    book.skip()
    book >> LinkOpened(1) << Ready(1)
    book.end()


def test_the_same_channel_with_other_options_takes_the_place_of_the_old() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    book.subscribe("a", depth=25) << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.hear(Unsubscribed(2)) << updates.Unsubscribed("a")
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    book.subscribe("a", depth=25).end()


def test_a_wish_that_was_refused_is_replaced_without_a_word_to_the_venue() -> None:
    book = asked().hear(Refused("no", id=1)) << updates.Refused("no", "a")
    book.subscribe("a", depth=25) << b"subscribe 2 a"


def test_what_was_missed_while_a_channel_was_refused_is_told_when_it_is_granted() -> None:
    book = Playbook(PlainClient(), backoff=Backoff(initial=1.0, limit=1.0))
    book.skip()
    book.subscribe("a") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a"
    book.hear(Subscribed(1)) << updates.Subscribed("a")
    book.wait(5) >> LinkClosed(1)
    book.skip()
    book.wait(1).skip()
    book >> LinkOpened(2)
    book.skip()
    book.hear(Refused("not now", id=2)) << updates.Refused("not now", "a")
    book.wait(4).subscribe("a") << b"subscribe 3 a"
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 10, "the link closed with 1006")


def test_a_request_that_was_overtaken_by_another_says_nothing_of_that() -> None:
    """The channel was given up and wanted again before the first request was answered."""
    book = asked().unsubscribe("a") << b"unsubscribe 2 a"
    book.subscribe("a") << b"subscribe 3 a"
    book.hear(Unsubscribed(2)).skip()
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    book.wait(20).end()
    assert book.session.active == ["a"]


# Keeping to what the venue allows.


def test_requests_keep_to_the_venues_limit_and_the_rest_waits() -> None:
    dialect = PlainClient(Profile(liveness=LivenessPolicy(), requests=(2, 10.0)))
    dialect.singly = True
    book = Playbook(dialect)
    book.skip()
    book.subscribe("a,b,c") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a" << b"subscribe 2 b"
    for number in (1, 2):
        book.hear(Subscribed(number)).skip()
    book.wait(9.9).end()
    book.wait(0.1) << b"subscribe 3 c"


def test_what_waits_for_its_turn_is_forgotten_with_the_link() -> None:
    dialect = PlainClient(Profile(liveness=LivenessPolicy(), requests=(1, 10.0)))
    dialect.singly = True
    book = Playbook(dialect, backoff=Backoff(initial=100.0, limit=100.0))
    book.skip()
    book.subscribe("a,b") >> LinkOpened(1)
    book.skip()
    book >> LinkClosed(1)
    book.skip()
    book.session.strands[0].subscriptions.forget("b")
    assert book.session.deadline is not None
    assert book.session.deadline != 10.0


# One bad channel among many.


def test_where_one_of_many_is_at_fault_each_is_asked_for_alone() -> None:
    book = asked("a,b").hear(Refused("no such topic", id=1, splits=True))
    book << b"subscribe 2 a" << b"subscribe 3 b"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book.hear(Refused("no such topic", id=3, splits=True)) << updates.Refused("no such topic", "b")
    assert active(book) == ["a"]


def test_a_channel_given_up_meanwhile_is_not_asked_for_alone() -> None:
    book = asked("a,b").unsubscribe("b") << b"unsubscribe 2 b"
    book.hear(Refused("no such topic", id=1, splits=True)) << b"subscribe 3 a"


# Numbers left out.


def numbered(sequence: int, kind: str = "update") -> Message:
    return Message(channel="a", raw=b"1", sequence=sequence, kind=kind)


def test_a_number_left_out_is_a_gap() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    book.hear(numbered(7)).hear(numbered(8)).wait(5).hear(numbered(10))
    book << Gap("a", EPOCH, EPOCH + 5, "the venue's numbers go from 8 to 10")
    assert book.session.counters.gaps == 1
    assert len(book.heard) == 3


def test_a_message_may_carry_several_numbers() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    several = [(7, 9), (10, 12), (11, 13)]
    for first, last in several:
        book.hear(Message(channel="a", raw=b"1", sequence=last, first_sequence=first))
    book.hear(Message(channel="a", raw=b"1", sequence=20, first_sequence=15))
    book << Gap("a", EPOCH, EPOCH, "the venue's numbers go from 13 to 15")


def test_a_snapshot_begins_the_numbers_anew() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    book.hear(numbered(7)).hear(numbered(100, "snapshot")).hear(numbered(101)).end()


def test_an_old_number_is_no_gap() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    book.hear(numbered(7)).hear(numbered(8)).hear(numbered(6)).hear(numbered(8)).end()
    book.hear(numbered(9)).end()


def test_first_data_begins_the_numbers() -> None:
    book = asked().hear(FirstMessage(1, numbered(1))) << updates.Subscribed("a")
    book.hear(numbered(3)) << Gap("a", EPOCH, EPOCH, "the venue's numbers go from 1 to 3")


def test_a_late_or_repeated_first_message_does_not_turn_the_numbers_back() -> None:
    book = asked().hear(numbered(2))
    book.hear(FirstMessage(1, numbered(1, "snapshot"))) << updates.Subscribed("a")
    book.hear(numbered(3)).end()


def test_asking_again_begins_the_numbers_anew() -> None:
    book = asked().hear(Subscribed(1)) << updates.Subscribed("a")
    book.hear(numbered(7)).subscribe("a", depth=25)
    book.skip()
    book.hear(numbered(1)).hear(numbered(2)).end()


# Refusals that are not for good, or not for us.


def test_what_was_too_much_at_once_is_asked_for_again() -> None:
    book = asked().hear(Refused("too fast", id=1, transient=True))
    book << updates.Refused("too fast", "a")
    book.wait(4.9).end()
    book.wait(0.1) << b"subscribe 2 a"


def test_an_error_that_names_nothing_answers_no_request_where_the_venue_has_ids() -> None:
    book = asked().hear(Refused("Malformed request")) << updates.Refused("Malformed request", None)
    book.hear(Subscribed(1)) << updates.Subscribed("a")


def test_each_link_has_all_its_tries() -> None:
    book = Playbook(PlainClient(), backoff=Backoff(initial=1.0, limit=1.0))
    book.skip()
    book.subscribe("a") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a"
    book.wait(PATIENCE) << b"subscribe 2 a"
    book >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2) << b"subscribe 3 a"
    book.wait(PATIENCE) << b"subscribe 4 a"


def test_an_answer_we_do_not_read_is_not_late() -> None:
    book = asked() >> ReadingPaused(2 * PATIENCE)
    book.wait(2 * PATIENCE + LAG_GRACE - 0.1).end()
    book.hear(Subscribed(1)) << updates.Subscribed("a")


def test_requests_that_had_to_wait_are_sent_while_we_do_not_read() -> None:
    profile = Profile(liveness=LivenessPolicy(), requests=(1, PATIENCE + 1))
    dialect = PlainClient(profile)
    dialect.singly = True
    book = Playbook(dialect) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a,b") << b"subscribe 1 a"
    book >> ReadingPaused(2 * PATIENCE)
    book.wait(PATIENCE + 1) << b"subscribe 2 b"


def test_the_next_link_is_not_excused() -> None:
    book = Playbook(PlainClient(), backoff=Backoff(initial=1.0, limit=1.0))
    book << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book >> ReadingPaused(100.0) >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2")
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.wait(PATIENCE) << b"subscribe 3 a"
