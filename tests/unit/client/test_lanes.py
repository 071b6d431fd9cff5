"""Lanes: how each delivery gives way, what is told of it, and what is held for a gap."""

import pytest

from venuewire.client.lanes import Lanes
from venuewire.client.losses import CONFLATED, FELL_BEHIND
from venuewire.core.delivery import Block, Conflate, Delivery, DropOldest, Fail
from venuewire.core.messages import Message
from venuewire.core.updates import (
    Backfilled,
    Cause,
    Down,
    Gap,
    Overrun,
    Ready,
    Subscribed,
    Unsubscribed,
    Update,
)

LAST = Down(Cause.CLOSED, "closed", None)


def message(channel: str, at: float, raw: bytes = b"1", subject: str = "") -> Message:
    return Message(channel=channel, raw=raw, received=at, subject=subject)


def messages(channel: str, *at: float) -> list[Update]:
    return [message(channel, each) for each in at]


def lanes_of(delivery: Delivery | None = None, limit: int = 1000, size: int = 10_000) -> Lanes:
    return Lanes(limit, size, delivery)


def all_of(lanes: Lanes) -> list[Update]:
    taken = []
    while (update := lanes.take()) is not None:
        taken.append(update)
    return taken


def by_subject(message: Message) -> str:
    return message.subject


def test_updates_come_out_as_they_went_in() -> None:
    lanes = lanes_of()
    news: list[Update] = [
        Ready(1),
        message("b", 1.0),
        message("a", 2.0),
        Gap("b", 1.0, 2.0, "lost"),
    ]
    news += [Subscribed("a"), message("b", 3.0), message("a", 4.0), Ready(2)]
    lanes.put(news)
    assert len(lanes) == 8
    assert all_of(lanes) == news
    lanes.put(news)
    assert all_of(lanes) == news
    assert (len(lanes), lanes.dropped) == (0, 0)


def test_the_oldest_go_and_one_gap_stands_in_their_place() -> None:
    lanes = lanes_of(DropOldest(2))
    lanes.put([*messages("a", 1, 2), message("b", 3.0), *messages("a", 4, 5)])
    assert lanes.dropped == 2
    assert all_of(lanes) == [
        Gap("a", 1.0, 2.0, FELL_BEHIND),
        message("b", 3.0),
        *messages("a", 4, 5),
    ]


def test_a_gap_among_those_that_go_becomes_part_of_theirs() -> None:
    lanes = lanes_of(DropOldest(1))
    lanes.put([message("a", 1.0), Gap("a", 1.0, 4.0, "the link was lost"), *messages("a", 5, 6)])
    assert all_of(lanes) == [Gap("a", 1.0, 5.0, FELL_BEHIND), message("a", 6.0)]


def test_a_channel_is_conflated_into_its_newest_message_in_place() -> None:
    lanes = lanes_of(Conflate())
    lanes.put([message("a", 1.0), message("b", 2.0), *messages("a", 3, 4)])
    assert lanes.dropped == 2
    assert all_of(lanes) == [
        Gap("a", 1.0, 3.0, CONFLATED),
        message("a", 4.0),
        message("b", 2.0),
    ]


def test_a_message_of_each_key_stays() -> None:
    lanes = lanes_of(Conflate(by=by_subject))
    lanes.put([message("all", at, subject="xyx"[at % 3]) for at in range(6)])
    assert all_of(lanes) == [
        Gap("all", 0.0, 3.0, CONFLATED),
        message("all", 5.0, subject="x"),
        message("all", 4.0, subject="y"),
    ]


def test_what_is_conflated_does_not_overtake_what_was_told_meanwhile() -> None:
    lanes = lanes_of(Conflate())
    down, gap = Down(Cause.LOST, "lost", 1.0), Gap("a", 1.0, 2.0, "lost")
    lanes.put([message("a", 1.0), down, gap, *messages("a", 3, 4)])
    assert all_of(lanes) == [
        Gap("a", 1.0, 3.0, CONFLATED),
        down,
        gap,
        message("a", 4.0),
    ]


def test_keys_are_bounded_too() -> None:
    lanes = lanes_of(Conflate(by=by_subject, limit=2))
    lanes.put([message("all", float(at), subject=str(at)) for at in range(4)])
    assert all_of(lanes) == [
        Gap("all", 0.0, 1.0, FELL_BEHIND),
        message("all", 2.0, subject="2"),
        message("all", 3.0, subject="3"),
    ]


@pytest.mark.parametrize("key", [lambda message: message.nothing, lambda message: [message]])
def test_a_key_that_fails_is_complained_of_and_counts_as_none(key: object) -> None:
    complaints: list[type[Exception]] = []
    lanes = Lanes(
        100,
        100,
        Conflate(by=key),  # type: ignore[arg-type]
        lambda error: complaints.append(type(error)),
    )
    lanes.put(messages("a", 1, 2))
    assert all_of(lanes) == [Gap("a", 1.0, 1.0, CONFLATED), message("a", 2.0)]
    assert len(complaints) == 2


def test_an_overrun_channel_is_given_up_after_what_waits_of_it() -> None:
    lanes = lanes_of(Fail(2))
    lanes.put([*messages("a", 1, 2), message("b", 2.5), *messages("a", 3, 4)])
    assert lanes.overrun == ["a"]
    assert lanes.dropped == 2
    assert all_of(lanes) == [
        *messages("a", 1, 2),
        message("b", 2.5),
        Gap("a", 3.0, 4.0, FELL_BEHIND),
        Overrun("a", 2),
    ]
    lanes.put(messages("a", 5))
    assert all_of(lanes) == [Gap("a", 5.0, 5.0, FELL_BEHIND)]
    lanes.choose("a", None)
    lanes.put(messages("a", 6))
    assert all_of(lanes) == messages("a", 6)
    assert lanes.overrun == ["a"]


def test_a_full_channel_blocks_until_half_of_it_is_left() -> None:
    lanes = lanes_of(Block(4))
    lanes.put(messages("a", 1, 2, 3))
    assert not lanes.full
    lanes.put(messages("a", 4, 5))
    assert lanes.full == {"a"}
    for _ in range(2):
        lanes.take()
    assert lanes.full == {"a"}
    lanes.take()
    assert not lanes.full
    assert all_of(lanes) == messages("a", 4, 5)
    assert lanes.dropped == 0


def test_patience_at_an_end_a_blocking_channel_drops_until_it_has_been_caught_up_with() -> None:
    lanes = lanes_of(Block(4))
    lanes.put(messages("a", 1, 2, 3, 4, 5))
    lanes.relent()
    assert not lanes.full
    lanes.put(messages("a", 6))
    assert not lanes.full
    assert [lanes.take() for _ in range(3)] == [
        Gap("a", 1.0, 2.0, FELL_BEHIND),
        *messages("a", 3, 4),
    ]
    lanes.put(messages("a", 7, 8))
    assert lanes.full == {"a"}


@pytest.mark.parametrize("size", [1, 500])
def test_beyond_the_limits_of_the_session_the_fullest_channel_gives_way(size: int) -> None:
    lanes = lanes_of(limit=16 if size == 1 else 1000, size=16 * size)
    lanes.put([message("quiet", 0.0, bytes(size))])
    lanes.put([message("loud", float(at), bytes(size)) for at in range(1, 17)])
    quiet, gap, *rest = all_of(lanes)
    assert quiet == message("quiet", 0.0, bytes(size))
    assert gap == Gap("loud", 1.0, 3.0, FELL_BEHIND)
    assert len(rest) == 13


def test_beyond_the_limits_of_the_session_each_gives_way_in_its_own_manner() -> None:
    lanes = lanes_of(limit=4)
    lanes.choose("a", Fail())
    lanes.put(messages("a", 1, 2, 3, 4, 5))
    assert lanes.overrun == ["a"]
    assert all_of(lanes) == [*messages("a", 1, 2, 3, 4, 5), Overrun("a", 5)]
    lanes.choose("b", Block())
    lanes.put(messages("b", 1, 2, 3, 4, 5))
    lanes.put(messages("c", 6, 7))
    assert lanes.full == {"b"}
    assert lanes.dropped == 0
    lanes.relent()
    assert all_of(lanes) == [
        Gap("b", 1.0, 4.0, FELL_BEHIND),
        *messages("b", 5),
        *messages("c", 6, 7),
    ]


def test_when_nobody_ever_asks_the_last_of_each_kind_and_channel_stays() -> None:
    lanes = lanes_of(DropOldest(4), limit=8)
    for link in range(1, 1000):
        gap = Gap("a", link - 0.5, float(link), "lost")
        lanes.put([Ready(link), Subscribed("a"), gap, message("a", link), Subscribed("b")])
        assert len(lanes) <= 8 + 2 * 4 + 2
    heard = all_of(lanes)
    assert [update for update in heard if not isinstance(update, Gap | Message)][-3:] == [
        Ready(999),
        Subscribed("a"),
        Subscribed("b"),
    ]
    assert min(gap.since for gap in heard if isinstance(gap, Gap)) == 0.5


def test_gaps_with_no_message_between_them_become_one() -> None:
    lanes = lanes_of()
    lanes.put([Gap("a", float(at), at + 1.0, f"loss {at}") for at in range(100)])
    assert all_of(lanes) == [Gap("a", 0.0, 100.0, "loss 99")]


def test_gaps_become_one_where_messages_between_them_were_conflated() -> None:
    lanes = lanes_of(Conflate())
    for at in range(100):
        lanes.put([message("a", float(at)), Gap("a", float(at), at + 0.5, "lost")])
        assert len(lanes) <= 6
    conflated, *rest = all_of(lanes)
    assert conflated == Gap("a", 0.0, 98.0, CONFLATED)
    assert rest[-2:] == [message("a", 99.0), Gap("a", 99.0, 99.5, "lost")]
    assert isinstance(rest[0], Gap)
    assert rest[0].since == 0.0


def test_what_is_found_for_a_gap_comes_right_after_it() -> None:
    lanes = lanes_of()
    gap, other = Gap("a", 1.0, 3.0, "lost"), Gap("a", 4.0, 5.0, "lost")
    lanes.put([message("a", 1.0), gap, *messages("a", 3, 4), other, message("b", 5.0), LAST])
    assert [lanes.take(), lanes.take()] == [message("a", 1.0), gap]
    lanes.hold("a")
    assert lanes.take() == message("b", 5.0)
    assert lanes.take() is None
    lanes.put([])
    done = Backfilled(gap, 1)
    lanes.release("a", [message("a", 2.0), done])
    assert all_of(lanes) == [message("a", 2.0), done, *messages("a", 3, 4), other, LAST]


def test_what_is_held_is_bounded_and_what_was_found_is_not_dropped_for_it() -> None:
    lanes = lanes_of(DropOldest(2))
    lanes.put([Gap("a", 1.0, 3.0, "lost")])
    lanes.take()
    lanes.hold("a")
    lanes.put(messages("a", 3, 4, 5))
    lanes.release("a", messages("a", 1, 2))
    lanes.put(messages("a", 6))
    assert all_of(lanes) == [
        *messages("a", 1, 2),
        Gap("a", 3.0, 4.0, FELL_BEHIND),
        *messages("a", 5, 6),
    ]


def test_a_choice_may_change_and_ends_with_the_wish() -> None:
    lanes = lanes_of()
    lanes.choose("a", DropOldest(1))
    lanes.put(messages("a", 1, 2))
    lanes.choose("a", DropOldest(3))
    lanes.put(messages("a", 3, 4, 5))
    assert all_of(lanes) == [Gap("a", 1.0, 2.0, FELL_BEHIND), *messages("a", 3, 4, 5)]
    lanes.forget("a")
    lanes.put([Unsubscribed("a"), Unsubscribed("b")])
    all_of(lanes)
    lanes.put(messages("a", *range(100)))
    assert lanes.dropped == 2


def test_channels_that_are_no_longer_wanted_are_forgotten() -> None:
    lanes = lanes_of()
    for number in range(1000):
        channel = f"option {number}"
        lanes.choose(channel, DropOldest(2))
        lanes.put(messages(channel, 1))
        lanes.forget(channel)
        lanes.put([Unsubscribed(channel)])
        all_of(lanes)
    assert not lanes._lanes
    assert not lanes._chosen
    assert not lanes._order
