"""Wishes, and what became of them."""

from venuewire.core.subscriptions import Standing, Subscriptions, Topic


def test_wishes_outlive_links_and_agreements_do_not() -> None:
    wishes = Subscriptions()
    assert wishes.want(Topic("a"))
    assert wishes.want(Topic("b"))
    wishes.ask(["a", "unknown"])
    wishes.stand(["a", "unknown"], Standing.ACTIVE)
    assert wishes.active == ["a"]
    wishes.lost(5.0)
    wishes.lost(6.0)
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
