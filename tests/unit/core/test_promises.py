"""Channels that were agreed to and owe data: the first, or the next."""

from clock import at
from venuewire.core.promises import Promises
from venuewire.core.subscriptions import Standing, Subscriptions, Topic, Wish


def agreed(topic: Topic, now: float = 0.0) -> tuple[Promises, Subscriptions, Wish]:
    promises, subscriptions = Promises(), Subscriptions()
    subscriptions.want(topic)
    subscriptions.stand([topic.channel], Standing.ACTIVE)
    wish = subscriptions.get(topic.channel)
    assert wish is not None
    promises.watch(wish, at(now))
    return promises, subscriptions, wish


def first(within: float) -> Topic:
    return Topic("a", promise=within)


def following(within: float) -> Topic:
    return Topic("a", next_data_timeout=within)


def test_a_channel_that_may_be_quiet_promises_nothing() -> None:
    promises, subscriptions, wish = agreed(Topic("a"))
    assert promises.deadline is None
    assert promises.broken(subscriptions, at(1e9)) == []
    promises.recheck(wish, at(1e9))
    assert promises.deadline is None


def test_what_was_never_agreed_to_owes_nothing() -> None:
    assert Wish(following(30.0)).data_due is None


# First data.


def test_a_promise_is_broken_when_it_falls_due_and_nothing_came() -> None:
    promises, subscriptions, wish = agreed(first(15.0))
    assert promises.deadline == 15.0
    assert promises.broken(subscriptions, at(14.9)) == []
    assert promises.broken(subscriptions, at(15)) == [wish]
    assert promises.deadline is None
    assert promises.broken(subscriptions, at(15)) == []


def test_the_first_due_of_several_is_the_deadline() -> None:
    promises, subscriptions, _wish = agreed(first(15.0))
    subscriptions.want(Topic("b", promise=5.0))
    subscriptions.stand(["b"], Standing.ACTIVE)
    other = subscriptions.get("b")
    assert other is not None
    promises.watch(other, at(1))
    assert promises.deadline == 6.0
    assert promises.broken(subscriptions, at(6)) == [other]
    assert promises.deadline == 15.0


def test_any_message_keeps_it_and_no_more_is_promised() -> None:
    promises, subscriptions, wish = agreed(first(15.0))
    wish.last_data = at(1)
    assert promises.broken(subscriptions, at(15)) == []
    assert promises.deadline is None


def test_what_nobody_wants_any_more_is_not_missed() -> None:
    promises, subscriptions, wish = agreed(first(15.0))
    subscriptions.forget("a")
    assert promises.broken(subscriptions, at(15)) == []
    promises.watch(wish, at(15))
    promises.clear()
    assert promises.deadline is None


def test_what_is_being_asked_for_again_owes_nothing_yet() -> None:
    promises, subscriptions, _wish = agreed(first(15.0))
    subscriptions.stand(["a"], Standing.PENDING)
    assert promises.broken(subscriptions, at(15)) == []


# The next data.


def test_the_next_message_is_due_after_agreeing_and_after_any_message() -> None:
    promises, subscriptions, wish = agreed(following(30.0))
    wish.last_data = at(20)
    assert promises.broken(subscriptions, at(30)) == []
    assert promises.deadline == 50.0
    wish.last_data = at(45)
    assert promises.broken(subscriptions, at(50)) == []
    assert promises.broken(subscriptions, at(75)) == [wish]


def test_a_message_from_before_the_agreement_does_not_shorten_it() -> None:
    """A frozen channel was asked for again: it has all of its time."""
    promises, subscriptions, wish = agreed(following(30.0))
    wish.last_data = at(1)
    promises.watch(wish, at(100))
    assert promises.broken(subscriptions, at(129)) == []
    assert promises.broken(subscriptions, at(130)) == [wish]


def test_where_first_data_are_promised_sooner_they_are_due_sooner() -> None:
    promises, _, wish = agreed(Topic("a", promise=15.0, next_data_timeout=30.0))
    assert promises.deadline == 15.0
    wish.last_data = at(10)
    assert wish.data_due == 40.0


def test_a_silence_that_was_told_is_not_told_again() -> None:
    promises, subscriptions, wish = agreed(following(30.0))
    assert promises.broken(subscriptions, at(30)) == [wish]
    promises.recheck(wish, at(30))
    for moment in range(60, 600, 30):
        assert promises.deadline == moment
        assert promises.broken(subscriptions, at(moment)) == []


def test_unless_it_has_spoken_in_between() -> None:
    promises, subscriptions, wish = agreed(following(30.0))
    assert promises.broken(subscriptions, at(30)) == [wish]
    promises.recheck(wish, at(30))
    wish.last_data = at(50)
    assert promises.broken(subscriptions, at(60)) == []
    assert promises.broken(subscriptions, at(80)) == [wish]
