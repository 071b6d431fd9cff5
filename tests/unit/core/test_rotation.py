"""One link replaced by another while both live, told in scripts of two links."""

import pytest

from plain_dialect import PlainClient
from playbook import ONCE, Playbook
from scripts import (
    AGAIN,
    ASKED,
    converge,
    converging,
    ended,
    fence,
    fencing,
    message,
    overlapping,
    ready,
    rotating,
    subscribed,
    take_over,
)
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Dial, ReportRoundTrip, SendPing
from venuewire.core.dialect import Profile
from venuewire.core.errors import NotLive
from venuewire.core.events import LinkClosed, LinkOpened, PongReceived
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import LivenessPolicy, Verdict
from venuewire.core.messages import Heartbeat, Message, Pong, Refused, Subscribed, Unsubscribed
from venuewire.core.sieve import OVERLAP
from venuewire.core.updates import Cause, Down, Notice, Ready, Rotated

# Make before break.


def test_the_old_link_goes_when_the_new_one_has_everything_and_nothing_is_missed() -> None:
    book = overlapping().wait(OVERLAP - 0.1)
    book.end()
    assert book.session.links == [1, 2]
    ended(book.wait(0.2))


def test_without_the_old_links_pong_nothing_is_proven() -> None:
    """What was under way on it when the new link began may still come."""
    book = fencing().wait(9.9)
    book.end()
    assert book.session.links == [1, 2]


def test_the_pong_to_a_later_ping_proves_as_much() -> None:
    """RFC 6455, section 5.5.3: "MAY elect to send a Pong frame for only the most recently processed
    Ping frame"."""
    book = fencing().wait(1).ping() << b"ping 4"
    book.hear(Pong(4), link=1) << ReportRoundTrip(4, 0.0)
    ended(book.wait(OVERLAP))


def test_the_pong_to_an_earlier_ping_proves_nothing() -> None:
    book = converging().ping() << b"ping 3"
    book.wait(1).hear(Subscribed(2), link=2) << b"ping 4"
    book.hear(Pong(3), link=1) << ReportRoundTrip(3, 1.0)
    book.wait(9).end()
    assert book.session.links == [1, 2]


def test_of_the_new_link_nothing_is_heard_before_it_takes_over() -> None:
    book = overlapping()
    book.hear(Message(channel="a", raw=b"2"), link=2).end()
    assert book.heard == []
    book.hear(Message(channel="a", raw=b"1"), link=1).hear(Message(channel="a", raw=b"2"), link=1)
    assert [m.raw for m in book.heard] == [b"1", b"2"]
    ended(book.wait(OVERLAP))
    assert book.session.counters.messages == 2
    assert book.session.counters.duplicates == 1


def test_what_the_old_link_never_brought_is_heard_when_the_new_one_takes_over() -> None:
    book = overlapping().hear(Message(channel="a", raw=b"1"), link=2)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book << Message(channel="a", raw=b"1")
    book.end()


def test_a_new_link_that_is_behind_repeats_nothing() -> None:
    book = overlapping().wait(OVERLAP - 1)
    book.hear(Message(channel="a", raw=b"1"), link=1).wait(1)
    ended(book)
    book.hear(Message(channel="a", raw=b"1"), link=2)
    assert len(book.heard) == 1
    book.wait(OVERLAP + 1).hear(Message(channel="a", raw=b"1"), link=2)
    assert len(book.heard) == 2


def test_snapshots_of_the_new_link_tell_nothing_new() -> None:
    book = overlapping().hear(Message(channel="a", raw=b"{}", kind="snapshot"), link=2)
    ended(book.wait(OVERLAP))


def test_a_session_without_channels_is_rotated_too() -> None:
    book = ready().rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    fence(book, 1)
    ended(book.wait(OVERLAP))


def test_a_venue_with_control_pings_proves_it_by_them() -> None:
    dialect = PlainClient()
    dialect.control_pings = True
    book = Playbook(dialect) << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << SendPing(1, b"1")
    book >> PongReceived(1, b"1") << ReportRoundTrip(1, 0.0)
    ended(book.wait(OVERLAP))


def test_the_session_stays_ready_and_live() -> None:
    book = overlapping()
    assert book.session.phase is Phase.READY
    health = book.session.health(book.now)
    assert (health.verdict, health.links, health.active) == (Verdict.ALIVE, (1, 2), 1)
    book.hear(Heartbeat(), link=1)
    book.session.health(book.now).assert_live(1.0)


def test_messages_on_our_own_account_are_not_repeated_at_the_switch() -> None:
    profile = Profile(liveness=LivenessPolicy(), heartbeat_channel="beat")
    book = ready(profile)
    book.hear(Subscribed(converge_one(book)))
    book.rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    converge(book, 2)
    fence(book, 1)
    book.hear(Heartbeat(Message(channel="beat", raw=b"1")), link=2)
    ended(book.wait(OVERLAP))


def converge_one(book: Playbook) -> int:
    (command,) = book.skip()
    return int(command.payload.split()[1])  # type: ignore[union-attr]


# Wishes meanwhile.


def test_a_wish_meanwhile_is_asked_on_both_links() -> None:
    book = overlapping().subscribe("b") << b"subscribe 4 b" << b"subscribe 5 b"
    book.hear(Subscribed(4), link=1) << updates.Subscribed("b")
    book.wait(OVERLAP + 1).end()  # It has not converged any more.
    book.hear(Subscribed(5), link=2) << b"ping 6"
    book.hear(Pong(6), link=1) << ReportRoundTrip(6, 0.0)
    ended(book.wait(OVERLAP))
    assert book.session.active == ["a", "b"]


def test_a_channel_that_only_the_new_link_was_granted_is_told_of_when_it_takes_over() -> None:
    book = overlapping().subscribe("b") << b"subscribe 4 b" << b"subscribe 5 b"
    book.hear(Subscribed(5), link=2) << b"ping 6"
    book.hear(Pong(6), link=1) << ReportRoundTrip(6, 0.0)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book << updates.Subscribed("b")
    book.end()


def test_a_channel_given_up_meanwhile_is_given_up_on_both_links() -> None:
    book = overlapping().unsubscribe("a") << b"unsubscribe 4 a" << b"unsubscribe 5 a"
    book.hear(Unsubscribed(5), link=2).end()
    book.hear(Unsubscribed(4), link=1) << updates.Unsubscribed("a")
    ended(book.wait(OVERLAP))


def test_a_channel_that_the_new_link_is_refused_is_refused_when_it_takes_over() -> None:
    book = converging().hear(Refused("no more", 2), link=2) << b"ping 3"
    book.hear(Pong(3), link=1) << ReportRoundTrip(3, 0.0)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book << updates.Refused("no more", "a")
    book.end()


# The new link is lost.


def test_a_new_link_that_is_lost_is_made_anew_and_the_old_one_serves_on() -> None:
    book = overlapping() >> LinkClosed(2)
    book.hear(message(), link=1).end()
    assert len(book.heard) == 1
    book.wait(1.0) << Dial(3, "ws://venue.test/3") >> LinkOpened(3)
    converge(book, 3)
    fence(book, 1)
    book.wait(OVERLAP) << CloseLink(1, 1000, "") << Rotated(1, 3, ASKED)
    book.end()


def test_what_a_lost_new_link_brought_is_not_held_back_any_longer() -> None:
    book = overlapping().hear(Message(channel="a", raw=b"1"), link=2)
    (old, new) = book.session._all
    assert old.sift is not None
    book >> LinkClosed(2)
    rotation = book.session._succession.rotation
    assert rotation is not None
    assert (rotation.new, len(rotation.sieve)) == (new, 0)


def test_a_new_link_that_is_refused_is_no_concern_of_the_old() -> None:
    """Tried again late, as any refusal."""
    book = rotating() >> LinkClosed(2, reply=None, reason="refused")
    book.end()
    assert book.session.phase is Phase.READY


def test_a_rotation_that_cannot_be_is_given_up_and_said() -> None:
    book = Playbook(PlainClient(), backoff=ONCE) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.rotate() << Dial(2, "ws://venue.test/2")
    book >> LinkClosed(2, 1006, "unreachable")
    book << Notice("link 1 stays: no connection: unreachable")
    book.hear(message(), link=1).end()
    assert book.session.phase is Phase.READY
    book.rotate() << Dial(3, "ws://venue.test/3")


# The end, and the beginning.


def test_closing_in_the_middle_closes_both_links_and_says_so_once() -> None:
    book = overlapping().close()
    book << CloseLink(2, 1000, "") << CloseLink(1, 1000, "")
    book << Down(Cause.CLOSED, "closed by the application", None)
    book.end()
    assert book.session.links == []


def test_only_a_ready_session_can_be_rotated() -> None:
    book = Playbook(PlainClient())
    book.skip()
    with pytest.raises(NotLive, match="cannot rotate: the session is dialing"):
        book.session.rotate(book.now)


def test_asking_twice_rotates_once() -> None:
    book = rotating().rotate()
    book.end()
    book >> LinkOpened(2)
    converge(book, 2)
    fence(book, 1)
    ended(book.wait(OVERLAP))
    book.wait(3600).end()


def test_a_link_is_replaced_before_the_venue_ends_it() -> None:
    book = subscribed(profile=Profile(liveness=LivenessPolicy(), lifetime=1000.0)).wait(899)
    book.end()
    take_over(book.wait(51), 1, 2) << CloseLink(1, 1000, "")
    book << Rotated(1, 2, "before its time is up")
    book.wait(800).end()
    book.wait(150) << Dial(3, "ws://venue.test/3")


def test_a_link_is_replaced_before_the_age_that_the_application_chose() -> None:
    book = Playbook(PlainClient(), backoff=AGAIN, rotate_after=100.0)
    book << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
    book.wait(95) << Dial(2, "ws://venue.test/2")


def test_links_begun_together_are_not_replaced_together() -> None:
    moments = set()
    for seed in range(10):
        book = Playbook(PlainClient(), backoff=Backoff(), rotate_after=100.0, seed=seed)
        book << Dial(1, "ws://venue.test/1") >> LinkOpened(1) << Ready(1)
        moments.add(book.session.deadline)
    assert len(moments) == 10
