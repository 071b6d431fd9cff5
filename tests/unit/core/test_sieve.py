"""Which messages of two links are heard, while one takes over from the other."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import at
from venuewire.core import sieve as sieves
from venuewire.core.health import Counters
from venuewire.core.messages import Message
from venuewire.core.sieve import OVERLAP, Sieve
from venuewire.core.subscriptions import Standing, Subscriptions, Topic


def sieve(standing: Standing = Standing.ACTIVE) -> Sieve:
    wishes = Subscriptions()
    wishes.want(Topic("a"))
    wishes.stand(["a"], standing)
    return Sieve(wishes, lambda message: bytes(message.raw), Counters())


def message(number: int, kind: str = "update") -> Message:
    return Message(channel="a", raw=b"%d" % number, kind=kind)


def knows(_: str) -> bool:
    return True


def test_before_the_switch_the_old_link_is_heard_and_the_new_one_is_not() -> None:
    between = sieve()
    assert between.from_old(message(1), at(0)) == message(1)
    assert between.from_new(message(2), at(0)) is None
    assert len(between) == 1


def test_what_only_the_new_link_brought_is_heard_at_the_switch_in_its_order() -> None:
    between = sieve()
    for number in (1, 2, 3):
        between.from_new(message(number), at(0))
    between.from_old(message(2), at(1))
    assert between.switch(knows) == [message(1), message(3)]


def test_after_the_switch_the_old_links_messages_are_not_heard_again() -> None:
    between = sieve()
    between.from_old(message(1), at(0))
    between.switch(knows)
    assert between.after(message(1), at(1)) is None
    assert between.after(message(1), at(1)) == message(1)
    assert between.after(message(2), at(1)) == message(2)


def test_messages_that_are_alike_are_counted_and_not_merged() -> None:
    between = sieve()
    for _ in range(3):
        between.from_old(message(1), at(0))
    between.from_new(message(1), at(0))
    between.switch(knows)
    heard = [between.after(message(1), at(1)) for _ in range(3)]
    assert heard == [None, None, message(1)]


def test_what_came_before_the_new_link_was_asked_has_no_twin() -> None:
    between = sieve(Standing.WANTED)
    between.from_old(message(1), at(0))
    between.switch(knows)
    assert between.after(message(1), at(0)) == message(1)


def test_a_channel_that_the_new_link_does_not_know_has_no_twin() -> None:
    between = sieve()
    other = Message(channel="b", raw=b"1")
    assert between.from_old(other, at(0)) == other
    between.switch(knows)
    assert between.after(other, at(0)) == other


def test_what_has_no_twin_by_then_never_had_one() -> None:
    between = sieve()
    between.from_old(message(1), at(0))
    between.switch(knows)
    assert between.after(message(1), at(OVERLAP + 0.1)) == message(1)


def test_forgetting_what_was_matched_does_not_forget_its_like() -> None:
    between = sieve()
    between.from_old(message(1), at(0))
    between.from_new(message(1), at(0.1))
    between.from_old(message(1), at(3))
    between.from_old(message(2), at(OVERLAP + 0.5))
    between.switch(knows)
    assert between.after(message(1), at(OVERLAP + 1)) is None


@pytest.mark.parametrize(("known", "heard"), [(True, []), (False, [message(1, "snapshot")])])
def test_a_snapshot_is_heard_only_where_something_was_missed(
    known: bool, heard: list[Message]
) -> None:
    between = sieve()
    between.from_new(message(1, "snapshot"), at(0))
    assert between.switch(lambda _: known) == heard


def test_what_begins_a_channel_and_never_came_by_a_link_that_is_proven_is_an_image() -> None:
    between = sieve()
    between.from_new(message(0), at(0))
    between.fence()
    between.from_new(message(1), at(1))
    assert between.switch(knows, proven=True) == [message(1)]


@pytest.mark.parametrize(("known", "proven"), [(False, True), (True, False)])
def test_an_image_is_heard_where_something_may_have_been_missed(known: bool, proven: bool) -> None:
    between = sieve()
    between.from_new(message(0), at(0))
    between.fence()
    assert between.switch(lambda _: known, proven=proven) == [message(0)]


def test_what_begins_a_channel_after_the_fence_may_be_news() -> None:
    between = sieve()
    between.fence()
    between.from_new(message(0), at(0))
    assert between.switch(knows, proven=True) == [message(0)]


def test_what_follows_the_beginning_is_no_image() -> None:
    between = sieve()
    between.from_old(message(0), at(0))
    between.from_new(message(0), at(0))
    between.from_new(message(1), at(0))
    between.fence()
    assert between.switch(knows, proven=True) == [message(1)]


def test_of_a_channel_that_was_given_up_nothing_is_heard() -> None:
    wishes = Subscriptions()
    wishes.want(Topic("a"))
    between = Sieve(wishes, lambda message: bytes(message.raw), Counters())
    between.from_new(message(1), at(0))
    wishes.forget("a")
    assert between.switch(knows) == []


def test_what_is_long_is_remembered_by_a_digest_and_told_apart_all_the_same() -> None:
    between = sieve()
    one, other = (Message(channel="a", raw=b"x" * 10_000 + end) for end in (b"1", b"2"))
    between.from_old(one, at(0))
    between.switch(knows)
    assert between.after(other, at(0)) == other
    assert between.after(one, at(0)) is None


def test_what_came_at_a_moment_is_held_until_the_old_link_brings_it() -> None:
    between = sieve()
    late = Message(channel="a", raw=b"1", received=5.0)
    between.from_new(late, at(0))
    assert between.holds("a", 5.0)
    assert not between.holds("a", 6.0)
    assert not between.holds("b", 5.0)
    between.from_old(late, at(1))
    assert not between.holds("a", 5.0)


def test_a_new_link_that_was_lost_leaves_nothing() -> None:
    between = sieve()
    between.from_old(message(1), at(0))
    between.from_new(message(2), at(0))
    between.clear()
    assert len(between) == 0
    assert between.switch(knows) == []
    assert between.after(message(1), at(0)) == message(1)


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieves, "MESSAGES_HELD", 3)
    between = sieve()
    for number in range(4):
        assert not between.is_full
        between.from_new(message(number), at(0))
    assert between.is_full


def test_what_is_held_back_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieves, "BYTES_HELD", 5)
    between = sieve()
    between.from_new(Message(channel="a", raw=b"123456"), at(0))
    assert between.is_full
    between.from_old(Message(channel="a", raw=b"123456"), at(0))
    assert not between.is_full


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieves, "MESSAGES_HELD", 3)
    between = sieve()
    for number in range(5):
        between.from_old(message(number), at(0))
    between.switch(knows)
    heard = [between.after(message(number), at(0)) for number in range(5)]
    assert heard == [message(0), message(1), None, None, None]


@given(st.integers(), st.integers(1, 60), st.integers(0, 50), st.integers(0, 50), st.booleans())
def test_each_message_is_heard_once_and_in_order_whatever_the_links_delays(
    seed: int, count: int, begins: int, old_ends: int, repeats: bool
) -> None:
    """Goal: laws 1 to 3, for numbered and for repeating content. Method: each link delivers in
    order, with delays of its own below the overlap; the new one begins after some message, and the
    old one ends after all that the new one does not have."""
    rng = Random(seed)
    begins = min(begins, count)
    old_ends = max(begins, min(old_ends, count))
    between = sieve()
    published = [message(n % 3 if repeats else n) for n in range(count)]
    old = arrivals(rng, range(old_ends))
    new = arrivals(rng, range(begins, count))
    switch_at = max([when for when, _ in old], default=0.0)
    heard: list[Message] = []
    switched = False
    steps = sorted(
        [(when, 0, n) for when, n in old] + [(when, 1, n) for when, n in new] + [(switch_at, 2, 0)]
    )
    for when, who, number in steps:
        if who == 2:
            heard += between.switch(knows)
            switched = True
            continue
        if who == 0 and number < begins:
            heard.append(published[number])  # Before the new link was asked.
            continue
        take = between.from_old if who == 0 else between.after if switched else between.from_new
        told = take(published[number], at(when))
        heard += [] if told is None else [told]
    assert [m.raw for m in heard] == [m.raw for m in published]


def arrivals(rng: Random, numbers: range) -> list[tuple[float, int]]:
    """In their order, each published a tenth of a second after the last."""
    latest, told = 0.0, []
    for number in numbers:
        latest = max(latest, number * 0.1 + rng.uniform(0, 2))
        told.append((latest, number))
    return told
