"""What outlives a link of a client's session and what does not, told in scripts of two links."""

from clock import EPOCH, at
from plain_dialect import QUIET, PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Dial
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkClosed, LinkOpened
from venuewire.core.inflight import PATIENCE
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import Message, Subscribed
from venuewire.core.updates import Gap, Ready

AGAIN = Backoff(initial=1.0, limit=1.0)


def subscribed(profile: Profile = QUIET) -> Playbook:
    book = Playbook(PlainClient(profile), backoff=AGAIN) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book.subscribe("a") << b"subscribe 1 a"
    return book.hear(Subscribed(1)) << updates.Subscribed("a")


def lose_and_return(book: Playbook, link: int) -> None:
    """The last link goes, the next is ready and has asked again."""
    book >> LinkClosed(link - 1, 1006, "gone")
    book.skip()
    book.wait(2.0) << Dial(link, f"ws://venue.test/{link}")
    book >> LinkOpened(link)
    book << Ready(link) << f"subscribe {link} a".encode()


def test_each_loss_has_a_gap_of_its_own() -> None:
    book = subscribed()
    covered = 0.0
    for link in (2, 3):
        lose_and_return(book, link)
        book.hear(Subscribed(link)) << updates.Subscribed("a")
        why = "the link closed with 1006: gone"
        book << Gap("a", EPOCH + covered, EPOCH + book.seconds, why)
        book.wait(100.0)
        book.hear(Message(channel="a", raw=b"1"), link=link)
        covered = book.seconds - QUIET.liveness.ping_timeout
    book.end()


def test_a_message_of_the_last_link_is_not_heard_on_the_next() -> None:
    book = subscribed()
    lose_and_return(book, 2)
    frames = book.session.counters.frames
    book.hear(Message(channel="a", raw=b"1"), link=1).end()
    assert book.heard == []
    assert book.session.counters.frames == frames


def test_who_listens_to_a_dead_link_hears_nothing() -> None:
    """A link's own short way to its strand outlives the link."""
    book = subscribed()
    assert isinstance(book.dialect, PlainClient)
    said = book.dialect.say(Message(channel="a", raw=b"1"))
    listen = book.session.ear(1)
    lose_and_return(book, 2)
    frames = book.session.counters.frames
    assert listen(1, said, at(book.seconds)) is None
    assert book.session.counters.frames == frames


def test_a_request_postpones_the_next_ping() -> None:
    """ "Any outgoing message refreshes the timeout timer." """
    book = subscribed(Profile(liveness=LivenessPolicy(ping_interval=9.0)))
    book.wait(5.0).subscribe("b") << b"subscribe 2 b"
    book.hear(Subscribed(2)) << updates.Subscribed("b")
    book.wait(8.9).end()
    book.wait(0.2) << b"ping 3"
    book.end()


def test_a_request_has_ten_seconds_and_then_another_ten() -> None:
    book = subscribed().subscribe("b") << b"subscribe 2 b"
    book.wait(PATIENCE - 0.1).end()
    book.wait(0.2) << b"subscribe 3 b"
    book.wait(PATIENCE) << CloseLink(1, 1001, "", abort=True)
    assert PATIENCE == 10.0
    assert book.session.health(at(book.seconds)).active == 0
