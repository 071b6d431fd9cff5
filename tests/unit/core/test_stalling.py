"""Channels that stall: agreed to and silent, or frozen behind a link that lives, told in scripts.

What is told, what is done about it, and what is not done: a quiet channel raises no alarm.
"""

import pytest

from clock import EPOCH
from plain_dialect import PlainClient
from playbook import Playbook
from scripts import message, take_over
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Deliver, Dial
from venuewire.core.dialect import Profile
from venuewire.core.errors import ConfigurationError
from venuewire.core.events import LinkClosed, LinkOpened
from venuewire.core.grace import LAG_GRACE
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import Message, Subscribed, Unsubscribed
from venuewire.core.subscriptions import Standing
from venuewire.core.updates import Gap, Ready, Rotated

# Agreeing, and never delivering.


def promised(channel: str = "a") -> Playbook:
    dialect = PlainClient()
    dialect.promise = 15.0
    book = Playbook(dialect, backoff=Backoff(initial=1.0, limit=1.0)) << Dial(
        1, "ws://venue.test/1"
    )
    book >> LinkOpened(1) << Ready(1)
    book.subscribe(channel) << f"subscribe 1 {channel}".encode()
    book.hear(Subscribed(1)).skip()
    return book


def stalled(times: int) -> updates.Stalled:
    return updates.Stalled("a", f"agreed to {times} times in a row, and never delivered")


def test_a_promise_is_kept_by_any_message() -> None:
    book = promised()
    book.hear(Message(channel="a", raw=b"1")).wait(60).end()


def test_a_message_before_the_ack_keeps_the_promise() -> None:
    dialect = PlainClient()
    dialect.promise = 15.0
    book = Playbook(dialect)
    book.skip()
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book.hear(Message(channel="a", raw=b"1")).hear(Subscribed(1)) << updates.Subscribed("a")
    book.wait(60).end()


def test_a_channel_that_may_be_quiet_raises_no_alarm() -> None:
    book = agreed(None).wait(86_400)
    book.hear(message()).wait(86_400).end()


def test_what_never_delivers_is_asked_for_again_then_left_then_only_reported() -> None:
    book = promised().wait(15) << stalled(1) << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.hear(Subscribed(3)) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 15, f"it had stalled: {stalled(1).evidence}")
    book.wait(15) << stalled(2)
    why = f"a stalled again: {stalled(2).evidence}"
    take_over(book, 1, 2) << CloseLink(1, 1000, "") << Rotated(1, 2, why)
    book << updates.Subscribed("a")
    book << Gap("a", EPOCH + 15, EPOCH + 30, f"it had stalled: {stalled(2).evidence}")
    book.wait(10) << stalled(3)
    book.wait(3600).end()


def test_delivering_once_makes_the_past_forgotten() -> None:
    book = promised().wait(15) << stalled(1) << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.hear(Subscribed(3)).skip()
    book.hear(Message(channel="a", raw=b"1"))
    book >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2) << b"subscribe 4 a"
    book.hear(Subscribed(4)).skip()
    book.wait(15) << stalled(1)


def test_a_channel_given_up_owes_nothing() -> None:
    book = promised().unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Unsubscribed(2)).skip()
    book.wait(60).end()


def test_a_channel_being_asked_for_again_owes_nothing_yet() -> None:
    book = promised()
    wish = book.session.wish("a")
    assert wish is not None
    wish.standing = Standing.PENDING
    book.wait(15).end()


# The next data, where somebody vouches for them.

QUICK = Backoff(initial=1.0, limit=1.0)


def agreed(next_data_timeout: float | None = 30.0) -> Playbook:
    """One channel, agreed to at 0."""
    book = Playbook(PlainClient(), backoff=QUICK) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a", next_data_timeout=next_data_timeout) << b"subscribe 1 a"
    return book.hear(Subscribed(1)) << updates.Subscribed("a")


def frozen(seconds: float = 30.0) -> updates.Stalled:
    evidence = f"no message for {seconds:.1f} s, where the next was due within 30 s"
    return updates.Stalled("a", evidence)


def flow(book: Playbook, seconds: int) -> Playbook:
    """A message every second."""
    for _ in range(seconds):
        book.wait(1).hear(message())
    return book


def test_a_channel_that_flows_raises_no_alarm() -> None:
    flow(agreed(), 1000).wait(29.9).end()


def test_a_channel_that_froze_is_subscribed_anew_and_the_gap_begins_with_its_last_message() -> None:
    book = flow(agreed(), 100).wait(30) << frozen() << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.wait(1).hear(Unsubscribed(2)).hear(Subscribed(3)) << updates.Subscribed("a")
    book << Gap("a", EPOCH + 100, EPOCH + 131, f"it had stalled: {frozen().evidence}")
    assert book.session.counters.gaps == 1
    flow(book, 100).end()


def test_one_that_freezes_again_is_left_then_only_told_of() -> None:
    """Goal: the other channels do not suffer for one that is dead at the venue. Each agreement
    brings a snapshot, which proves nothing. Method: an hour without another word."""
    book = agreed().hear(message()).wait(30) << frozen() << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.hear(Subscribed(3)).skip()
    book.hear(message()).wait(30) << frozen()
    why = f"a stalled again: {frozen().evidence}"
    take_over(book, 1, 2) << CloseLink(1, 1000, "") << Rotated(1, 2, why)
    book << updates.Subscribed("a")
    book << Gap("a", EPOCH + 30, EPOCH + 60, f"it had stalled: {frozen().evidence}")
    book.hear(message()).wait(30) << frozen()
    book.wait(3600).end()


def test_gaps_of_one_that_stays_frozen_follow_one_another() -> None:
    book = flow(agreed(), 10).wait(30)
    book.skip()
    book.hear(Subscribed(3)).skip()
    book.wait(30) << frozen(60.0)
    take_over(book, 1, 2)
    gaps = [c.update for c in book.skip() if isinstance(c, Deliver) and isinstance(c.update, Gap)]
    why = f"it had stalled: {frozen(60.0).evidence}"
    assert gaps == [Gap("a", EPOCH + 40, EPOCH + 70, why)]


def test_when_data_flow_again_all_tries_are_there_again() -> None:
    book = agreed().wait(30)
    book.skip()
    book.hear(Subscribed(3)).skip()
    flow(book, 60).wait(30) << frozen() << b"unsubscribe 4 a" << b"subscribe 5 a"
    book.end()


def test_also_after_it_was_only_told_of() -> None:
    book = agreed()
    wish = book.session.wish("a")
    assert wish is not None
    wish.undelivered = 2
    book.wait(30).skip()
    flow(book.wait(3600), 60).wait(30) << frozen() << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.end()


def test_data_that_flow_for_less_than_what_is_expected_are_no_recovery() -> None:
    book = agreed().wait(30)
    book.skip()
    book.hear(Subscribed(3)).skip()
    flow(book, 10).wait(30) << frozen() << Dial(2, "ws://venue.test/2")
    book.skip()


def test_a_late_reader_does_not_blame_a_channel() -> None:
    """Our own loop was blocked: what has been waiting is read before anything is judged."""
    book = flow(agreed(), 40)
    book.oversleep(60).end()
    book.hear(message()).wait(29.9).end()
    book.oversleep(60).wait(LAG_GRACE) << frozen(89.9 + LAG_GRACE)
    book.skip()


def test_time_without_a_link_does_not_count() -> None:
    book = flow(agreed(), 100) >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2")
    book.wait(9) >> LinkOpened(2)
    book.skip()
    book.wait(9)
    book.hear(Subscribed(2)).skip()
    book.wait(29.9).end()
    book.wait(0.2) << updates.Stalled("a", "agreed to 1 times in a row, and never delivered")
    book.skip()


def test_several_channels_are_told_of_together() -> None:
    book = Playbook(PlainClient(), backoff=QUICK)
    book.skip()
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a,b", next_data_timeout=30.0) << b"subscribe 1 a,b"
    book.hear(Subscribed(1)).skip()
    for name, number in [("a", 1), ("b", 2)]:
        wish = book.session.wish(name)
        assert wish is not None
        wish.undelivered = number - 1
    book.wait(30) << updates.Stalled("a", "agreed to 1 times in a row, and never delivered")
    book << b"unsubscribe 2 a"
    book << updates.Stalled("b", "agreed to 2 times in a row, and never delivered")
    book << b"subscribe 3 a" << Dial(2, "ws://venue.test/2")
    book.skip()


# What the application says, and when.


def test_an_expectation_is_ours_and_asks_the_venue_nothing() -> None:
    book = agreed(None)
    book.wait(1000).end()
    book.subscribe("a", next_data_timeout=30.0).end()
    book.wait(29.9).end()
    book.wait(0.2) << updates.Stalled("a", "agreed to 1 times in a row, and never delivered")
    book.skip()


def test_what_was_said_last_holds() -> None:
    book = agreed(30.0).subscribe("a")
    book.wait(86_400).end()


def test_saying_the_same_again_does_not_begin_anew() -> None:
    book = agreed(30.0).wait(20).subscribe("a", next_data_timeout=30.0)
    book.wait(10) << updates.Stalled("a", "agreed to 1 times in a row, and never delivered")
    book.skip()


def test_what_is_said_before_the_venue_has_agreed_holds_from_then_on() -> None:
    book = Playbook(PlainClient(), backoff=QUICK)
    book.skip()
    book.subscribe("a") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a"
    book.subscribe("a", next_data_timeout=30.0).wait(5).hear(Subscribed(1)).skip()
    book.wait(29.9).end()
    book.wait(0.2) << updates.Stalled("a", "agreed to 1 times in a row, and never delivered")
    book.skip()


def test_with_another_option_the_venue_is_asked_anew() -> None:
    book = agreed(30.0).subscribe("a", next_data_timeout=30.0, depth=25)
    book << b"unsubscribe 2 a" << b"subscribe 3 a"
    book.end()


def test_what_the_venue_itself_says_holds_where_the_application_is_silent() -> None:
    dialect = PlainClient()
    dialect.next_data_timeout = 30.0
    book = Playbook(dialect, backoff=QUICK)
    book.skip()
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    book.hear(Subscribed(1)).skip()
    book.hear(message()).wait(30) << frozen()
    book.skip()


def test_our_own_heartbeat_channel_is_watched_once_the_application_wants_it() -> None:
    """Before that its silence is the link's, and any frame disproves it."""
    dialect = PlainClient(Profile(liveness=LivenessPolicy(), heartbeat_channel="beat"))
    dialect.next_data_timeout = 30.0
    book = Playbook(dialect, backoff=QUICK)
    book.skip()
    book >> LinkOpened(1) << Ready(1) << b"subscribe 1 beat"
    book.hear(Subscribed(1)).wait(3600).end()
    book.subscribe("beat") << updates.Subscribed("beat")
    book.wait(30) << updates.Stalled("beat", "agreed to 1 times in a row, and never delivered")
    book.skip()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_an_expectation_is_a_positive_number_of_seconds(seconds: float) -> None:
    book = Playbook(PlainClient())
    book.skip()
    with pytest.raises(ConfigurationError, match="next_data_timeout"):
        book.subscribe("a", next_data_timeout=seconds)
