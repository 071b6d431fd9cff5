"""Channels that were agreed to and have yet to deliver."""

from clock import at
from venuewire.core.promises import Promises
from venuewire.core.subscriptions import Subscriptions, Topic


def wishes(*channels: str) -> Subscriptions:
    subscriptions = Subscriptions()
    for channel in channels:
        subscriptions.want(Topic(channel))
    return subscriptions


def test_a_channel_that_may_be_quiet_promises_nothing() -> None:
    promises = Promises()
    promises.make("a", None, at(0))
    assert promises.deadline is None


def test_a_promise_is_broken_when_it_falls_due_and_nothing_came() -> None:
    promises, subscriptions = Promises(), wishes("a", "b")
    promises.make("a", 15.0, at(0))
    promises.make("b", 15.0, at(5))
    assert promises.deadline == 15.0
    assert promises.broken(subscriptions, at(15)) == ["a"]
    assert promises.deadline == 20.0
    assert promises.broken(subscriptions, at(15)) == []


def test_any_message_keeps_it() -> None:
    promises, subscriptions = Promises(), wishes("a")
    promises.make("a", 15.0, at(0))
    wish = subscriptions.get("a")
    assert wish is not None
    wish.last_data = at(1)
    assert promises.broken(subscriptions, at(15)) == []


def test_what_nobody_wants_any_more_is_not_missed() -> None:
    promises = Promises()
    promises.make("a", 15.0, at(0))
    assert promises.broken(wishes(), at(15)) == []
    promises.make("a", 15.0, at(15))
    promises.clear()
    assert promises.deadline is None
