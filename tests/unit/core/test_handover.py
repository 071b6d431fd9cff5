"""What a successor is told of when it takes over, and what it must not be."""

import gc
from weakref import ref

from clock import EPOCH
from plain_dialect import PlainClient
from playbook import Playbook
from scripts import (
    AGAIN,
    ASKED,
    converge,
    converging,
    ended,
    fence,
    overlapping,
    ready,
    rotating,
    subscribed,
    take_over,
)
from venuewire.core import updates
from venuewire.core.commands import CloseLink, Deliver, Dial, ReportRoundTrip
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkClosed, LinkOpened
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Announced,
    Heartbeat,
    Maintenance,
    Message,
    Pong,
    Refused,
    Subscribed,
    Unsubscribed,
)
from venuewire.core.outages import LEAD
from venuewire.core.reconciler import RETRY_AFTER
from venuewire.core.sieve import OVERLAP
from venuewire.core.updates import Cause, Down, Gap, Ready, Rotated, Stalled

SOON = Maintenance(EPOCH + 1000, 600.0, "upgrade")


def numbered(number: int, book: Playbook) -> Message:
    return Message(channel="a", raw=b"%d" % number, sequence=number, received=book.now.realtime)


def switched(book: Playbook) -> Playbook:
    return book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)


# Nothing is left of whom it replaces.


def test_a_link_that_was_replaced_is_forgotten() -> None:
    book = subscribed()
    old = ref(book.session.strands[0])
    take_over(book.rotate(), 1, 2).skip()
    gc.collect()
    assert old() is None


def test_a_successor_that_was_given_up_is_forgotten() -> None:
    book = Playbook(PlainClient()) << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.rotate() << Dial(2, "ws://venue.test/2")
    rotation = book.session._succession.rotation
    assert rotation is not None
    new = ref(rotation.new)
    del rotation
    book >> LinkClosed(2, 1006, "unreachable")
    book.skip()
    gc.collect()
    assert new() is None


def test_who_has_just_taken_over_is_not_replaced_before_all_repeats_have_come() -> None:
    book = take_over(subscribed().rotate(), 1, 2)
    ended(book)
    book.hear(Heartbeat(), link=2).rotate().wait(OVERLAP - 0.1)
    book.end()
    book.wait(0.1) << Dial(3, "ws://venue.test/3") >> LinkOpened(3)
    converge(book, 3)
    fence(book, 2)
    for link in (2, 3):
        book.hear(Message(channel="a", raw=b"1"), link=link)
    book.wait(OVERLAP) << CloseLink(2, 1000, "") << Rotated(2, 3, ASKED)
    book.end()
    assert len(book.heard) == 1


# A successor that is in doubt.


def test_a_suspect_new_link_is_waited_for() -> None:
    profile = Profile(liveness=LivenessPolicy(silence_timeout=OVERLAP - 1, ping_timeout=30))
    book = subscribed(profile=profile).rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    converge(book, 2)
    fence(book, 1)
    book.wait(3).hear(Heartbeat(), link=1).wait(1) << b"ping 4"
    book.wait(2).hear(Heartbeat(), link=1).end()
    assert book.session.links == [1, 2]
    book.hear(Heartbeat(), link=2).wait(1)
    ended(book)


def test_what_was_refused_at_first_and_granted_then_is_not_refused() -> None:
    book = converging().hear(Refused("too many", 2, transient=True), link=2)
    book.wait(RETRY_AFTER) << b"subscribe 3 a"
    book.hear(Subscribed(3), link=2)
    fence(book, 1)
    ended(book.wait(OVERLAP))


def test_what_was_refused_and_then_given_up_is_not_told() -> None:
    book = subscribed().subscribe("b") << b"subscribe 2 b"
    book.hear(Subscribed(2)) << updates.Subscribed("b")
    book.rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << b"subscribe 3 a,b"
    book.hear(Refused("no", 3), link=2) << b"ping 4"
    book.unsubscribe("b") << b"unsubscribe 5 b"
    book.hear(Unsubscribed(5), link=1) << updates.Unsubscribed("b")
    book.hear(Pong(4), link=1) << ReportRoundTrip(4, 0.0)
    switched(book) << updates.Refused("no", "a")
    book.end()


def test_what_a_venue_refuses_without_being_asked_is_not_collected() -> None:
    book = overlapping()
    for number in range(3):
        book.hear(Refused("no", channel=f"unheard of {number}"), link=2)
    book.hear(Refused("confused"), link=2).hear(Refused("confused"), link=2)
    switched(book) << updates.Refused("confused", None)
    book.end()


def test_a_hole_in_the_new_links_numbers_is_told_where_the_old_one_has_not_filled_it() -> None:
    book = overlapping()
    for number in (1, 2):
        for link in (1, 2):
            book.hear(numbered(number, book), link=link)
    book.wait(1).hear(numbered(4, book), link=2)
    book.wait(1).hear(numbered(7, book), link=2)
    book.wait(OVERLAP - 2) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book << Gap("a", EPOCH + 10, EPOCH + 12, "the venue's numbers go from 4 to 7")
    told = [command.update for command in book.skip() if isinstance(command, Deliver)]
    assert [each.sequence for each in told if isinstance(each, Message)] == [4, 7]
    assert book.session.counters.gaps == 1


def test_a_hole_in_the_new_links_numbers_that_the_old_one_fills_is_none() -> None:
    book = overlapping()
    book.hear(numbered(1, book), link=2).wait(1)
    after_the_hole = numbered(3, book)
    book.hear(after_the_hole, link=2)
    for message in (numbered(1, book), numbered(2, book), after_the_hole):
        book.hear(message, link=1)
    book.wait(OVERLAP - 1)
    ended(book)


def flow(book: Playbook, seconds: int) -> Playbook:
    """The old link brings a message a second, the new one nothing."""
    for _ in range(seconds):
        book.hear(Message(channel="a", raw=b"%d" % book.seconds), link=1).wait(1)
    return book


def frozen() -> Playbook:
    """The new link has agreed twice to a channel, and never delivered it."""
    book = ready().subscribe("a", next_data_timeout=2.0) << b"subscribe 1 a"
    book.hear(Subscribed(1)) << updates.Subscribed("a")
    book.rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << b"subscribe 2 a"
    fence(book.hear(Subscribed(2), link=2), 1)
    flow(book, 2) << b"unsubscribe 4 a" << b"subscribe 5 a"
    return fence(book.hear(Subscribed(5), link=2), 1)


def test_a_channel_that_is_dead_on_the_new_link_is_told_of_and_that_link_replaced() -> None:
    book = flow(frozen(), int(OVERLAP)) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book << Stalled("a", "agreed to 2 times in a row, and never delivered")
    book.end()
    book.wait(OVERLAP) << Dial(3, "ws://venue.test/3")


def test_a_channel_that_was_dead_on_the_new_link_only_at_first_is_not_told_of() -> None:
    book = flow(frozen(), int(OVERLAP) - 1)
    late = Message(channel="a", raw=b"late")
    book.hear(late, link=1).hear(late, link=2).wait(1)
    ended(book)


# What the session counts is what it has told.


def test_a_new_link_that_is_lost_is_no_reconnect_and_no_gap() -> None:
    book = overlapping() >> LinkClosed(2)
    book.wait(1.0) << Dial(3, "ws://venue.test/3") >> LinkOpened(3)
    converge(book, 3)
    fence(book, 1)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 3, ASKED)
    book.end()
    assert book.session.counters.reconnects == 0
    assert book.session.counters.gaps == 0


# What is being given up.


def test_what_was_given_up_is_told_once() -> None:
    book = overlapping().unsubscribe("a") << b"unsubscribe 4 a" << b"unsubscribe 5 a"
    book.hear(Unsubscribed(4), link=1) << updates.Unsubscribed("a")
    switched(book)
    book.hear(Unsubscribed(5), link=2).end()


def test_what_was_given_up_and_not_confirmed_is_told_at_the_switch() -> None:
    book = overlapping().unsubscribe("a") << b"unsubscribe 4 a" << b"unsubscribe 5 a"
    book.hear(Unsubscribed(5), link=2)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << updates.Unsubscribed("a")
    book << Rotated(1, 2, ASKED)
    book.end()


# Maintenance.


def test_a_maintenance_announced_meanwhile_is_entered_on_a_fresh_link_too() -> None:
    book = rotating() >> LinkOpened(2) << b"subscribe 2 a"
    book.hear(Announced((SOON,)), link=1) << SOON
    book.hear(Subscribed(2), link=2)
    fence(book, 1)
    ended(book.wait(OVERLAP))
    book.wait(1000 - LEAD - 10 - OVERLAP) << Dial(3, "ws://venue.test/3")


def test_who_was_down_since_the_announcement_enters_it_on_a_fresh_link_too() -> None:
    book = ready(backoff=AGAIN).hear(Announced((SOON,))) << SOON >> LinkClosed(1, 1006, "gone")
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2)
    book.wait(1000 - LEAD - 1) << Dial(3, "ws://venue.test/3")


# The end.


def test_one_strand_refused_for_good_by_a_frame_ends_the_session_at_once() -> None:
    dialect = PlainClient()
    dialect.capacity = 1
    book = Playbook(dialect) << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book.subscribe("b") << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    book << Ready(2) << b"subscribe 2 b"
    book.hear(Refused("no such key", auth=True), link=2) << CloseLink(2, 1001, "")
    book << Down(Cause.REFUSED, "no such key", None) << CloseLink(1, 1000, "")
    book.end()
    assert book.session.phase is Phase.CLOSED
    assert book.session.links == []


def test_a_session_says_whether_it_is_still_to_replace_what_it_was_asked_to() -> None:
    dialect = PlainClient()
    dialect.capacity = 1
    book = Playbook(dialect) << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book.subscribe("b") << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    book << Ready(2) << b"subscribe 2 b"
    asked = book.now
    assert not book.session.replaces(asked)
    book.rotate() << Dial(3, "ws://venue.test/3")
    assert book.session.replaces(asked)
    book >> LinkClosed(3, 1006, "unreachable")
    book << updates.Notice("link 1 stays: no connection: unreachable")
    book << Dial(4, "ws://venue.test/4")
    assert book.session.replaces(asked)
    book >> LinkClosed(4, 1006, "unreachable")
    book << updates.Notice("link 2 stays: no connection: unreachable")
    assert not book.session.replaces(asked)
