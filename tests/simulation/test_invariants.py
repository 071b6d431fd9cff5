"""Each invariant can fail: a good history passes, and a bad one made up for it does not."""

from collections.abc import Sequence

import pytest

from simulation.invariants import (
    Account,
    Hole,
    Silence,
    crowded,
    disorderly,
    doubled,
    false_death,
    leaking,
    over_budget,
    repeated,
    unfinished,
    unreported,
    zombie,
)
from venuewire.core.updates import Alive, Cause, Down, Ready, Rotated, Suspect, Update

LOST = Down(Cause.LOST, "the link closed with 1006", 1.0)
SILENT = Down(Cause.SILENT, "nothing heard for 6.0 s", 1.0)
CLOSED = Down(Cause.CLOSED, "closed by the application", None)
DOUBT = Suspect("nothing heard for 3.0 s")
CLEARED = Alive("nothing heard for 0.0 s")


def account(
    *,
    heard: Sequence[int] = (),
    swallowed: Sequence[int] = (),
    holes: Sequence[tuple[float, float]] = (),
    owed: Sequence[tuple[float, float]] = ((0.0, 100.0),),
    under_way: float = 0.0,
) -> Account:
    """Messages 1 to 3, published at 10, 20 and 30."""
    return Account(
        published=[(1, 10.0), (2, 20.0), (3, 30.0)],
        owed=owed,
        heard=set(heard),
        swallowed=set(swallowed),
        holes=[hole(since, until) for since, until in holes],
        under_way=under_way,
    )


def hole(since: float, until: float, channel: str = "ticker") -> Hole:
    return Hole(channel, (since, since), (until, until))


@pytest.mark.parametrize(
    "told",
    [
        account(heard=[1, 2, 3]),
        account(heard=[1, 3], swallowed=[2]),
        account(heard=[1, 3], holes=[(15.0, 25.0)]),
        account(heard=[1, 3], holes=[(20.0, 20.0)]),
        account(heard=[3], owed=[(25.0, 100.0)]),
        account(heard=[1, 3], holes=[(21.0, 25.0)], under_way=1.5),
    ],
)
def test_what_came_or_lies_in_a_gap_is_accounted_for(told: Account) -> None:
    assert unreported(told) == ""


@pytest.mark.parametrize(
    "told",
    [
        account(heard=[1, 3]),
        account(heard=[1, 3], holes=[(10.0, 19.0)]),
        account(heard=[1, 3], holes=[(21.0, 25.0)], under_way=0.5),
        account(heard=[3], owed=[(0.0, 12.0), (25.0, 100.0)]),
    ],
)
def test_a_message_that_neither_came_nor_lies_in_a_gap_is_noticed(told: Account) -> None:
    assert "neither came nor is in a gap" in unreported(told)


def test_gaps_that_follow_one_another_are_not_doubled() -> None:
    assert doubled([hole(1, 2), hole(2, 3), hole(1, 3, "trade")]) == ""


@pytest.mark.parametrize("second", [(1.0, 2.0), (1.5, 2.5), (0.0, 9.0)])
def test_two_gaps_for_one_interval_are_noticed(second: tuple[float, float]) -> None:
    assert "ticker" in doubled([hole(1, 2), hole(*second)])


def test_a_clock_that_was_set_leaves_a_gap_the_benefit_of_the_doubt() -> None:
    assert doubled([hole(1, 2), Hole("ticker", (1.5, 2.0), (3.0, 3.0))]) == ""


def test_a_message_that_comes_twice_is_noticed() -> None:
    assert repeated([(1, 1), (2, 1), (3, 2)]) == ""
    assert "message 1 came on link 1 and again on link 2" in repeated([(1, 1), (2, 1), (1, 2)])


def test_a_dead_link_that_is_believed_too_long_is_noticed() -> None:
    silence = Silence(way="here", since=10.0, bound=6.0, debt=1.0)
    assert zombie(17.0, [silence]) == ""
    assert "nothing arrived here for 7.10 s, 7.00 allowed" in zombie(17.1, [silence])


@pytest.mark.parametrize(
    "news",
    [
        [(DOUBT, True), (CLEARED, True), (LOST, True)],
        [(DOUBT, False), (SILENT, False)],
        [(DOUBT, False), (Rotated(1, 2, f"the old link was lost: {SILENT.reason}"), False)],
        [(DOUBT, True), (Rotated(1, 2, "asked for"), True)],
    ],
)
def test_deaths_with_a_cause_are_no_false_ones(news: list[tuple[Update, bool]]) -> None:
    assert false_death(news) == ""


@pytest.mark.parametrize(
    "news",
    [
        [(SILENT, True)],
        [(Down(Cause.UNANSWERED, "no answer", 1.0), True)],
        [(DOUBT, True), (LOST, True)],
        [(DOUBT, True)],
        [(Rotated(1, 2, f"the old link was lost: {SILENT.reason}"), True)],
    ],
)
def test_a_false_death_or_a_suspicion_left_standing_is_noticed(
    news: list[tuple[Update, bool]],
) -> None:
    assert false_death(news)


def test_a_third_link_is_noticed() -> None:
    assert crowded(2) == crowded(3, shards=2) == ""
    assert crowded(3) == "3 links at once"
    assert crowded(4, shards=2)


def test_one_attempt_too_many_is_noticed() -> None:
    assert over_budget([0.0, 1.0, 2.0, 60.0], 3, 60.0) == ""
    assert "4 attempts in 59.000 s" in over_budget([0.0, 1.0, 2.0, 59.0], 3, 60.0)


@pytest.mark.parametrize(
    "news", [[Ready(1), LOST, LOST, Ready(2), CLOSED], [Ready(1), Rotated(1, 2, "asked for")]]
)
def test_a_life_in_order(news: list[Update]) -> None:
    assert disorderly(news) == ""


@pytest.mark.parametrize("news", [[Ready(1), Ready(2)], [Ready(1), CLOSED, LOST], [CLOSED, DOUBT]])
def test_a_life_out_of_order_is_noticed(news: list[Update]) -> None:
    assert disorderly(news)


@pytest.mark.parametrize(("news", "ended"), [([CLOSED], True), ([LOST], False), ([], False)])
def test_an_end_without_a_last_word_is_noticed(news: list[Update], ended: bool) -> None:
    assert (unfinished(news) == "") is ended


def test_a_secret_in_a_transcript_is_noticed_and_not_repeated() -> None:
    lines = ["Dial(1, ws://venue.test/?token=***)", "token=s3cret"]
    assert leaking(lines, ["other", ""]) == ""
    assert leaking(lines, ["s3cret"]) == "a secret in line 2 of the transcript"
