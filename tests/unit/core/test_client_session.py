"""A session of several links, because one may not carry all that is wanted."""

import pytest

from plain_dialect import PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Dial, ReportRoundTrip
from venuewire.core.errors import NotLive
from venuewire.core.events import LinkClosed, LinkOpened, LoopLagged
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict
from venuewire.core.messages import Message, Pong, Subscribed, Unsubscribed
from venuewire.core.updates import Cause, Down, Ready, Rotated

AGAIN = Backoff(initial=1.0, limit=1.0)
LOST = "the link closed with 1006"


def session(backoff: Backoff = AGAIN) -> Playbook:
    """Two channels to a link."""
    dialect = PlainClient()
    dialect.capacity = 2
    return Playbook(dialect, backoff=backoff) << Dial(1, "ws://venue.test/1")


def two_links(backoff: Backoff = AGAIN) -> Playbook:
    """Three channels on two links, all agreed to."""
    book = session(backoff) >> LinkOpened(1) << Ready(1)
    book.subscribe("a,b,c") << b"subscribe 1 a,b" << Dial(2, "ws://venue.test/2")
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 c"
    book.hear(Subscribed(1), 1) << updates.Subscribed("a") << updates.Subscribed("b")
    return book.hear(Subscribed(2), 2) << updates.Subscribed("c")


def test_what_one_link_may_not_carry_goes_over_another() -> None:
    book = two_links()
    assert book.session.links == [1, 2]
    assert book.session.active == book.session.channels == ["a", "b", "c"]
    book.hear(Message(channel="c", raw=b"1"), link=2)
    book.hear(Message(channel="a", raw=b"2"), link=1)
    assert [m.channel for m in book.heard] == ["c", "a"]


def test_before_it_is_begun_all_links_are_planned_and_then_dialed() -> None:
    dialect = PlainClient()
    dialect.capacity = 1
    book = Playbook(dialect, connect=False)
    book.subscribe("a,b").end()
    book.connect() << Dial(1, "ws://venue.test/1") << Dial(2, "ws://venue.test/2")


def test_there_is_room_again_where_a_channel_was_given_up() -> None:
    book = two_links().unsubscribe("a") << b"unsubscribe 3 a"
    book.hear(Unsubscribed(3), 1) << updates.Unsubscribed("a")
    book.subscribe("d") << b"subscribe 4 d"
    book.end()
    assert book.session.links == [1, 2]


def test_a_link_that_carries_nothing_any_more_is_closed_unless_it_is_the_last() -> None:
    book = two_links().unsubscribe("c") << b"unsubscribe 3 c"
    book << CloseLink(2, 1000, "") << updates.Unsubscribed("c")
    book.unsubscribe("a,b") << b"unsubscribe 4 a,b"
    book.hear(Unsubscribed(4), 1) << updates.Unsubscribed("a") << updates.Unsubscribed("b")
    book.end()
    assert book.session.links == [1]


def test_asking_again_for_a_channel_asks_the_link_that_carries_it() -> None:
    book = two_links().subscribe("c")
    book.end()
    book.subscribe("c", depth=5) << b"unsubscribe 3 c" << b"subscribe 4 c"
    assert book.session.links == [1, 2]


def test_a_lost_link_takes_its_own_channels_down_and_no_others() -> None:
    book = two_links() >> LinkClosed(2)
    book.skip()
    assert book.session.phase is Phase.WAITING
    assert book.session.active == ["a", "b"]
    health = book.session.health(book.now)
    assert (health.verdict, health.evidence, health.links) == (Verdict.DEAD, LOST, (1,))
    book.wait(1) << Dial(3, "ws://venue.test/3") >> LinkOpened(3) << Ready(3)
    book << b"subscribe 3 c"


def test_the_session_is_as_sound_as_its_weakest_link() -> None:
    book = two_links().wait(5).hear(Message(channel="a", raw=b"1"), link=1)
    health = book.session.health(book.now)
    assert (health.link, health.frame_age) == (2, 5.0)


def test_a_ping_is_answered_when_all_links_have() -> None:
    book = two_links().ping() << b"ping 3" << b"ping 4"
    book.hear(Pong(4), 2) << ReportRoundTrip(4, 0.0)
    book.hear(Pong(3), 1) << ReportRoundTrip(3, 0.0)
    book >> LinkClosed(2)
    book.skip()
    with pytest.raises(NotLive, match="the session is waiting"):
        book.ping()


def test_our_own_lag_concerns_all_links() -> None:
    book = two_links() >> LoopLagged(2.0)
    assert [strand.liveness.grace.lag for strand in book.session.strands] == [2.0, 2.0]
    book.end()


def test_links_are_replaced_one_after_the_other() -> None:
    book = two_links().wait(1).rotate()
    for old, new in [(1, 3), (2, 4)]:
        take_over_shard(book, old, new) << CloseLink(old, 1000, "")
        book << Rotated(old, new, "asked for by the application")
    book.end()
    assert book.session.links == [3, 4]


def take_over_shard(book: Playbook, old: int, new: int) -> Playbook:
    book << Dial(new, f"ws://venue.test/{new}") >> LinkOpened(new)
    asked = int(book.skip()[0].payload.split()[1])  # type: ignore[union-attr]
    book.hear(Subscribed(asked), new)
    ping = int(book.skip()[0].payload.split()[1])  # type: ignore[union-attr]
    book.hear(Pong(ping), old) << ReportRoundTrip(ping, 0.0)
    return book.wait(5)


def test_giving_up_what_a_link_being_replaced_carries_ends_that_too() -> None:
    book = two_links().rotate()
    take_over_shard(book, 1, 3).skip()
    book >> LinkOpened(4)
    book.skip()
    book.unsubscribe("c")
    closed = [command.link for command in book.skip() if isinstance(command, CloseLink)]
    assert closed == [4, 2]
    assert book.session.links == [3]
    book.wait(60).end()


def test_one_link_that_cannot_be_made_any_more_ends_the_session() -> None:
    book = two_links(Backoff(attempts=0)) >> LinkClosed(2)
    book << Down(Cause.LOST, LOST, None) << CloseLink(1, 1000, "")
    book.end()
    assert book.session.phase is Phase.CLOSED
    assert book.session.links == []


def test_closing_closes_all_links_and_says_so_once() -> None:
    book = two_links().close() << CloseLink(2, 1000, "") << CloseLink(1, 1000, "")
    book << Down(Cause.CLOSED, "closed by the application", None)
    book.end()


def test_news_of_a_link_that_is_gone_is_ignored() -> None:
    book = two_links().unsubscribe("c")
    book.skip()
    book.hear(Message(channel="c", raw=b"1"), link=2) >> LinkClosed(2)
    book.end()
    assert book.heard == []
    assert book.session.ear(2)(2, b"", book.now) is None
