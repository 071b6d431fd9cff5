"""From what is wanted to what the venue agreed to, on one link."""

import pytest

from plain_dialect import PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.commands import CloseLink, Dial
from venuewire.core.events import LinkOpened
from venuewire.core.inflight import PATIENCE
from venuewire.core.messages import Refused, Subscribed, Unsubscribed
from venuewire.core.updates import Cause, Down, Ready


def ready() -> Playbook:
    book = Playbook(PlainClient()) << Dial(1, "ws://venue.test/1")
    return book >> LinkOpened(1) << Ready(1)


def asked(channel: str = "a") -> Playbook:
    return ready().subscribe(channel) << f"subscribe 1 {channel}".encode()


def active(book: Playbook) -> list[str]:
    return book.session.subscriptions.active


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


def test_a_refusal_that_names_nothing_answers_the_oldest_request() -> None:
    book = asked().subscribe("b") << b"subscribe 2 b"
    book.hear(Refused("Invalid feed")) << updates.Refused("Invalid feed", "a")


def test_a_refusal_of_nothing_we_asked_is_reported_without_a_channel() -> None:
    book = ready().hear(Refused("what?")) << updates.Refused("what?", None)
    assert book.session.counters.refused == 1


def test_a_refusal_of_what_is_already_so_is_an_agreement() -> None:
    book = asked().hear(Refused("Already subscribed", benign=True))
    book << updates.Subscribed("a")
    book.unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Refused("Not subscribed", benign=True)) << updates.Unsubscribed("a")
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


def test_an_answer_makes_earlier_silence_forgotten() -> None:
    book = asked().wait(PATIENCE) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    wish = book.session.subscriptions.get("a")
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
