"""No interval of a channel is told twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from clock import EPOCH
from scripts import subscribed
from venuewire.core import updates
from venuewire.core.events import LinkClosed, LinkOpened, TimeJumped
from venuewire.core.gaps import REMEMBERED, Gaps
from venuewire.core.messages import Message, Subscribed
from venuewire.core.updates import Gap, Ready


def gap(since: float, until: float, channel: str = "a") -> Gap:
    return Gap(channel, since, until, "why")


def test_of_two_that_overlap_the_later_one_begins_where_the_first_has_ended() -> None:
    gaps = Gaps()
    assert gaps.untold(gap(1, 5)) == [gap(1, 5)]
    assert gaps.untold(gap(3, 8)) == [gap(5, 8)]
    assert gaps.untold(gap(8, 9)) == [gap(8, 9)]


def test_what_lies_within_one_that_was_told_is_not_told() -> None:
    gaps = Gaps()
    gaps.untold(gap(1, 5))
    assert gaps.untold(gap(2, 5)) == []
    assert gaps.untold(gap(1, 4)) == []
    assert gaps.untold(gap(6, 7)) == [gap(6, 7)]


def test_of_one_that_holds_others_the_rest_is_told() -> None:
    gaps = Gaps()
    gaps.untold(gap(6, 7))
    gaps.untold(gap(3, 4))
    assert gaps.untold(gap(1, 9)) == [gap(1, 3), gap(4, 6), gap(7, 9)]
    assert gaps.untold(gap(0, 9)) == [gap(0, 1)]


def test_channels_have_gaps_of_their_own() -> None:
    gaps = Gaps()
    gaps.untold(gap(1, 5))
    assert gaps.untold(gap(1, 5, "b")) == [gap(1, 5, "b")]


def test_one_of_no_length_is_told() -> None:
    gaps = Gaps()
    assert gaps.untold(gap(5, 5)) == [gap(5, 5)]
    assert gaps.untold(gap(5, 6)) == [gap(5, 6)]


def test_a_channel_that_is_not_wanted_any_more_is_forgotten() -> None:
    gaps = Gaps()
    gaps.untold(gap(1, 5))
    gaps.forget("a")
    gaps.forget("b")
    assert gaps.untold(gap(1, 5)) == [gap(1, 5)]


def test_a_clock_that_was_set_back_hides_no_gap() -> None:
    gaps = Gaps()
    gaps.look_at_clock(5000.0)
    gaps.untold(gap(1000, 1005))
    gaps.look_at_clock(4100.0)
    gaps.look_at_clock(4099.999)
    assert gaps.untold(gap(104, 106)) == [gap(105, 106)]


def test_a_clock_that_was_set_ahead_means_what_it_meant() -> None:
    """It may have been sleep: then what was told before was told of that time."""
    gaps = Gaps()
    gaps.look_at_clock(5000.0)
    gaps.untold(gap(1000, 1005))
    gaps.look_at_clock(6000.0)
    assert gaps.untold(gap(1000, 1006)) == [gap(1005, 1006)]


def test_what_is_remembered_is_bounded() -> None:
    gaps = Gaps()
    for number in range(REMEMBERED + 1):
        gaps.untold(gap(number, number + 0.5))
    assert len(gaps.untold(gap(0, REMEMBERED + 1))) == REMEMBERED + 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=20))
def test_all_that_is_a_hole_is_told_and_nothing_twice(holes: list[tuple[int, int]]) -> None:
    gaps, told = Gaps(), Counter[int]()
    for since, length in holes:
        for part in gaps.untold(gap(since, since + length)):
            told.update(range(int(part.since), int(part.until)))
    missed = {second for since, length in holes for second in range(since, since + length)}
    assert told == Counter(missed)


def numbered(number: int) -> Message:
    return Message(channel="a", raw=b"1", sequence=number)


def test_a_hole_in_the_numbers_just_before_a_loss_is_told_once() -> None:
    """Without a pong the loss reaches back beyond the hole."""
    book = subscribed()
    book.hear(numbered(1)).wait(5).hear(numbered(3))
    book << Gap("a", EPOCH, EPOCH + 5, "the venue's numbers go from 1 to 3")
    book.wait(1) >> LinkClosed(1)
    book.skip()
    book.wait(1).skip()
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH + 5, EPOCH + 7, "the link closed with 1006")
    assert book.session.counters.gaps == 2


def test_a_hole_in_the_numbers_before_the_venue_agreed_again_is_in_the_gap_that_ends_then() -> None:
    book = subscribed() >> LinkClosed(1)
    book.skip()
    book.wait(1).skip()
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.hear(numbered(1)).hear(numbered(3)).end()
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 1, "the link closed with 1006")


def test_after_the_clock_was_set_back_a_loss_is_told() -> None:
    book = subscribed()
    book.hear(numbered(1)).wait(5).hear(numbered(3)).skip()
    book.ahead -= 1000
    book >> TimeJumped(-1000.0, EPOCH + 5)
    book.skip()
    assert book.session._gaps.untold(gap(EPOCH - 999, EPOCH - 990)) == [
        gap(EPOCH - 995, EPOCH - 990)
    ]


def test_a_channel_that_was_given_up_begins_anew() -> None:
    book = subscribed()
    book.hear(numbered(1)).wait(5).hear(numbered(3)).skip()
    book.unsubscribe("a").skip()
    assert book.session._gaps.untold(gap(EPOCH, EPOCH + 1)) == [gap(EPOCH, EPOCH + 1)]


def test_a_clock_set_back_while_nobody_has_noticed_makes_no_gap_shorter() -> None:
    """The channel comes back before the sentinel has told of it."""
    book = subscribed() >> LinkClosed(1)
    book.skip()
    book.wait(10).skip()
    book.ahead -= 1000
    book >> LinkOpened(2)
    book.skip()
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH - 1000, EPOCH - 990, "the link closed with 1006")
    book.end()


def test_a_clock_set_back_that_was_told_of_is_reckoned_once() -> None:
    book = subscribed() >> LinkClosed(1)
    book.skip()
    book.wait(5).skip()
    book.ahead -= 1000
    book >> TimeJumped(-1000.0, EPOCH + 5)
    book.skip()
    book >> LinkOpened(2)
    book.skip()
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH - 1000, EPOCH - 995, "the link closed with 1006")
