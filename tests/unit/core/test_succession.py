"""What becomes of a session whose link is lost while it is being replaced, told in scripts."""

import pytest

from clock import EPOCH
from plain_dialect import PlainClient
from playbook import ONCE, Playbook
from scripts import converge, converging, ended, fence, overlapping, ready, rotating, subscribed
from venuewire.core import sieve, updates
from venuewire.core.commands import CloseLink, Deliver, Dial, ReportRoundTrip
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkClosed, LinkOpened
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import Heartbeat, Message, Pong, Refused, Subscribed
from venuewire.core.sieve import OVERLAP
from venuewire.core.succession import FELL_BEHIND
from venuewire.core.updates import Cause, Down, Gap, Ready, Rotated


def test_an_old_link_lost_after_its_proof_has_left_no_hole() -> None:
    book = overlapping().wait(1).hear(Message(channel="a", raw=b"1"), link=2)
    book >> LinkClosed(1, 1006, "gone")
    book << Rotated(1, 2, "the old link was lost: the link closed with 1006: gone")
    book << Message(channel="a", raw=b"1")
    book.end()
    assert book.session.counters.gaps == 0


def test_an_old_link_lost_without_proof_leaves_one_gap() -> None:
    book = rotating().wait(5) >> LinkOpened(2) << b"subscribe 2 a"
    book.hear(Subscribed(2), link=2) << b"ping 3"
    book.hear(Message(channel="a", raw=b"{}", kind="snapshot"), link=2)
    book.wait(2) >> LinkClosed(1, 1006, "gone")
    why = "the link closed with 1006: gone"
    book << Rotated(1, 2, f"the old link was lost: {why}")
    book << updates.Subscribed("a") << Gap("a", EPOCH, EPOCH + 15, why)
    book << Message(channel="a", raw=b"{}", kind="snapshot")
    book.end()


def test_an_old_link_lost_before_the_new_one_was_granted_all_leaves_its_gap_to_that() -> None:
    book = converging() >> LinkClosed(1, 1006, "gone")
    why = "the link closed with 1006: gone"
    book << Rotated(1, 2, f"the old link was lost: {why}")
    book.wait(3).hear(Subscribed(2), link=2) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 13, why)
    book.end()


def test_an_old_link_lost_before_the_new_one_is_open_means_down() -> None:
    book = rotating() >> LinkClosed(1, 1006, "gone")
    book << Down(Cause.LOST, "the link closed with 1006: gone", 0.0)
    assert book.session.phase is Phase.DIALING
    book.wait(2) >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 12, "the link closed with 1006: gone")
    book.end()
    assert book.session.counters.reconnects == 1


def test_an_old_link_lost_while_the_new_one_waits_to_be_dialed_tells_for_how_long() -> None:
    book = rotating() >> LinkClosed(2)
    (waits,) = [book.session.deadline]
    assert waits is not None
    book >> LinkClosed(1, 1006, "gone")
    (command,) = book.skip()
    assert isinstance(command, Deliver)
    assert isinstance(command.update, Down)
    assert command.update.retry_in == waits - book.seconds
    book.wait(1) << Dial(3, "ws://venue.test/3")


def test_an_old_link_lost_for_good_ends_the_session() -> None:
    book = Playbook(PlainClient(), backoff=ONCE) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.rotate() << Dial(2, "ws://venue.test/2") >> LinkClosed(1, 1006, "gone")
    book << CloseLink(2, 1000, "") << Down(Cause.LOST, "the link closed with 1006: gone", None)
    book.end()
    assert book.session.phase is Phase.CLOSED
    assert book.session.deadline is None


def test_a_suspect_old_link_is_waited_for() -> None:
    """It would not be proven that nothing was missed: what it has to say decides."""
    profile = Profile(liveness=LivenessPolicy(silence_timeout=OVERLAP - 1, ping_timeout=30))
    book = subscribed(profile=profile).rotate() << Dial(2, "ws://venue.test/2") >> LinkOpened(2)
    converge(book, 2)
    fence(book, 1)
    book.wait(3).hear(Heartbeat(), link=2).wait(1)
    book << updates.Suspect("nothing heard for 4.0 s") << b"ping 4"
    book.hear(Heartbeat(), link=2).wait(2.5).end()
    book.hear(Heartbeat(), link=1) << updates.Alive(
        "nothing heard for 0.0 s, a ping unanswered for 2.5 s"
    )
    book.hear(Heartbeat(), link=2).wait(1)
    ended(book)


def test_an_old_link_that_falls_far_behind_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "MESSAGES_HELD", 2)
    book = overlapping()
    for number in range(3):
        book.hear(Message(channel="a", raw=b"%d" % number), link=2)
    book << CloseLink(1, 1001, "", abort=True)
    book << Rotated(1, 2, f"the old link was lost: {FELL_BEHIND}")
    book << Message(channel="a", raw=b"0")
    book << Message(channel="a", raw=b"1") << Message(channel="a", raw=b"2")
    book.end()


def test_what_is_kept_on_our_own_account_is_no_concern_of_a_successor_that_is_not_ready() -> None:
    profile = Profile(liveness=LivenessPolicy(), heartbeat_channel="beat")
    book = ready(profile) << b"subscribe 1 beat"
    book.hear(Subscribed(1)).rotate() << Dial(2, "ws://venue.test/2")
    book >> LinkClosed(1, 1006, "gone")
    book << Down(Cause.LOST, "the link closed with 1006: gone", 0.0)
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 beat"
    book.end()


def test_a_channel_refused_to_the_successor_is_missed_from_the_switch_on() -> None:
    book = converging().hear(Refused("no more", 2), link=2) << b"ping 3"
    book.hear(Pong(3), link=1) << ReportRoundTrip(3, 0.0)
    book.wait(OVERLAP)
    book.skip()
    book >> LinkClosed(2, 1006, "gone")
    book.skip()
    book.wait(1).skip()
    book >> LinkOpened(3)
    book.skip()
    book.hear(Subscribed(4)) << updates.Subscribed("a")
    (command,) = book.skip()
    assert isinstance(command, Deliver)
    assert isinstance(command.update, Gap)
    assert (command.update.since, command.update.until) == (EPOCH + 10, EPOCH + 16)
