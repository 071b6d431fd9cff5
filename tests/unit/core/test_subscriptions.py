"""Wishes, and what became of them."""

from clock import at
from venuewire.core.instant import Instant
from venuewire.core.subscriptions import Standing, Subscriptions, Topic, Wish


def test_wishes_outlive_links_and_agreements_do_not() -> None:
    wishes = Subscriptions()
    assert wishes.want(Topic("a"))
    assert wishes.want(Topic("b"))
    wishes.ask(["a", "unknown"])
    wishes.stand(["a", "unknown"], Standing.ACTIVE)
    assert wishes.active == ["a"]
    wishes.lost(5.0, 0.0)
    wishes.lost(6.0, 0.0)
    assert [topic.channel for topic in wishes.unrequested()[0]] == ["a", "b"]
    covered = {wish.topic.channel: wish.covered_until for wish in wishes}
    assert covered == {"a": 5.0, "b": None}


def test_a_refused_wish_may_be_made_again() -> None:
    wishes = Subscriptions()
    wishes.want(Topic("a"))
    assert not wishes.want(Topic("a"))
    wishes.stand(["a"], Standing.REFUSED)
    assert wishes.unrequested() == ([], [])
    assert wishes.want(Topic("a"))


def test_what_the_application_wants_is_no_longer_our_own() -> None:
    wishes = Subscriptions()
    wishes.want(Topic("beat"), own=True)
    assert wishes.channels == []
    assert not wishes.adopt("beat")
    assert wishes.channels == ["beat"]
    assert not wishes.adopt("beat")
    assert not wishes.adopt("unknown")
    assert wishes.forget("beat") is not None
    assert len(wishes) == 0


def test_adopting_what_is_active_says_so() -> None:
    wishes = Subscriptions()
    wishes.want(Topic("beat"), own=True)
    wishes.stand(["beat"], Standing.ACTIVE)
    assert wishes.adopt("beat")


def test_what_is_not_covered_already_stays_so_since_then() -> None:
    wish = Wish(Topic("a"), expected_since=at(5), covered_until=at(1).realtime)
    wish.uncover("it stalled")
    assert (wish.covered_until, wish.uncovered_why) == (at(1).realtime, "")


def test_a_stalled_wish_was_covered_until_its_last_message_on_this_link() -> None:
    wish = Wish(Topic("a"), expected_since=at(5), last_data=at(7))
    wish.uncover("it stalled")
    assert (wish.covered_until, wish.uncovered_why) == (at(7).realtime, "it stalled")


def test_the_clock_was_set_back() -> None:
    wishes = Subscriptions()
    wishes.want(Topic("a"))
    wishes.want(Topic("b"))
    wish = wishes.get("a")
    assert wish is not None
    wish.covered_until, wish.last_data = at(7).realtime, at(8)
    wishes.set_back(5.0)
    assert (wish.covered_until, wish.last_data) == (at(2).realtime, Instant(8.0, at(3).realtime))
