"""What a session makes of an announced maintenance: told once, entered on a fresh link."""

import pytest

from clock import EPOCH, at
from playbook import Playbook
from scripts import AGAIN, message, ready, subscribed
from venuewire.core import outages
from venuewire.core.attempts import MAINTENANCE_PAUSE
from venuewire.core.backoff import Backoff
from venuewire.core.commands import Deliver, Dial
from venuewire.core.events import LinkClosed, LinkOpened
from venuewire.core.messages import Announced, Maintenance, Refused, Welcome
from venuewire.core.outages import LEAD, UNSAID, Outages
from venuewire.core.updates import Cause, Down, Notice, Ready

SOON = Maintenance(EPOCH + 1000, 600.0, "new engine")


def announced(*noted: Maintenance) -> Announced:
    return Announced(noted, message())


def downs(book: Playbook) -> list[Down]:
    return [
        command.update
        for command in book.skip()
        if isinstance(command, Deliver) and isinstance(command.update, Down)
    ]


def test_an_announcement_is_told_once_and_its_frame_each_time() -> None:
    book = subscribed().hear(announced(SOON)) << SOON
    book.hear(announced(SOON)).end()
    assert book.heard == [message(), message()]


def test_its_frame_is_only_for_who_asked_for_its_channel() -> None:
    book = ready().hear(announced(SOON)) << SOON
    book.end()
    assert book.heard == []


def test_it_is_entered_on_a_fresh_link() -> None:
    book = ready().hear(announced(SOON)) << SOON
    book.wait(1000 - LEAD - 1).end()
    book.wait(1) << Dial(2, "ws://venue.test/2")


def test_a_later_one_does_not_postpone_the_first() -> None:
    later = Maintenance(EPOCH + 5000, 600.0, "again")
    book = ready().hear(announced(SOON, later)) << SOON << later
    book.wait(1000 - LEAD) << Dial(2, "ws://venue.test/2")


def test_one_that_is_near_is_prepared_for_at_once() -> None:
    book = ready().wait(990).hear(announced(SOON)) << SOON
    book << Dial(2, "ws://venue.test/2")


def test_one_that_has_begun_is_told_and_not_prepared_for() -> None:
    book = ready().wait(1001).hear(announced(SOON)) << SOON
    book.wait(60).end()


def test_one_that_is_over_is_no_news() -> None:
    ready().wait(1600).hear(announced(SOON)).end()


def test_a_loss_meanwhile_is_the_maintenance_and_is_not_hammered_at() -> None:
    book = ready(backoff=Backoff(initial=0.1, limit=0.1)).wait(1001)
    book.hear(announced(SOON)) << SOON
    book >> LinkClosed(1, 1001, "")
    (down,) = downs(book)
    assert down.cause is Cause.MAINTENANCE
    assert down.retry_in == MAINTENANCE_PAUSE


def test_a_loss_before_or_after_it_is_a_loss() -> None:
    known = Outages()
    known.news([SOON], at(0))
    assert [known.cover(at(second)) for second in (999, 1000, 1599, 1600)] == [
        False,
        True,
        True,
        False,
    ]


def test_one_of_no_stated_length_has_an_end_all_the_same() -> None:
    known = Outages()
    known.news([Maintenance(EPOCH + 10, None, "")], at(0))
    assert known.cover(at(10 + UNSAID - 1))
    assert not known.cover(at(10 + UNSAID))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "REMEMBERED", 2)
    known = Outages()
    each = [Maintenance(EPOCH + 10 + n, 1.0, "") for n in range(3)]
    assert known.news(each, at(0)) == each
    assert known.news(each, at(0)) == [each[0]]


def test_a_venue_that_greets_with_maintenance_is_in_maintenance_until_it_says_otherwise() -> None:
    book = ready(backoff=AGAIN).hear(Welcome("maintenance", maintenance=True))
    book << Notice("maintenance")
    book >> LinkClosed(1, 1006, "")
    (down,) = downs(book)
    assert down.cause is Cause.MAINTENANCE
    book.wait(5)
    book << Dial(2, "ws://venue.test/2")
    book >> LinkOpened(2) << Ready(2)
    book.hear(Welcome(), link=2) >> LinkClosed(2, 1006, "")
    (down,) = downs(book)
    assert down.cause is Cause.LOST


def test_a_refusal_is_a_refusal_also_then() -> None:
    book = ready().hear(Welcome("maintenance", maintenance=True))
    book.skip()
    book.hear(Refused("bad key", auth=True))
    assert [down.cause for down in downs(book)] == [Cause.REFUSED]
