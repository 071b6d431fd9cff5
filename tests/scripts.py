"""How scripts of the kernel's client session begin: one link, in the plain dialect."""

from plain_dialect import QUIET, PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Dial, ReportRoundTrip, SendFrame
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkOpened
from venuewire.core.messages import Message, Pong, Subscribed
from venuewire.core.sieve import OVERLAP
from venuewire.core.updates import Ready, Rotated

AGAIN = Backoff(initial=1.0, limit=1.0)


def message(channel: str = "a") -> Message:
    return Message(channel=channel, raw=b"1")


def opened(profile: Profile = QUIET, backoff: Backoff = AGAIN) -> Playbook:
    book = Playbook(PlainClient(profile), backoff=backoff)
    return book << Dial(1, "ws://venue.test/1") >> LinkOpened(1)


def ready(profile: Profile = QUIET, backoff: Backoff = AGAIN) -> Playbook:
    return opened(profile, backoff) << Ready(1)


def subscribed(channel: str = "a", profile: Profile = QUIET) -> Playbook:
    book = ready(profile).subscribe(channel) << f"subscribe 1 {channel}".encode()
    book.hear(Subscribed(1)) << updates.Subscribed(channel)
    return book


def take_over(book: Playbook, old: int, new: int) -> Playbook:
    """Link `new` is dialed in place of `old`, opened, and agrees to everything; the old one answers
    the ping that follows, and the overlap passes."""
    book << Dial(new, f"ws://venue.test/{new}")
    book >> LinkOpened(new)
    converge(book, new)
    return fence(book, old).wait(OVERLAP)


def converge(book: Playbook, link: int) -> Playbook:
    """The venue agrees to whatever it has just been asked on this link."""
    for command in book.skip():
        assert isinstance(command, SendFrame), command
        assert command.link == link, command
        book.hear(Subscribed(int(command.payload.split()[1])), link)
    return book


def fence(book: Playbook, old: int) -> Playbook:
    """The old link is asked for a pong, and gives it."""
    (command,) = book.skip()
    assert isinstance(command, SendFrame), command
    assert command.link == old, command
    ping = int(command.payload.removeprefix(b"ping "))
    return book.hear(Pong(ping), old) << ReportRoundTrip(ping, 0.0)


# One link is being replaced by another.

ASKED = "asked for by the application"


def rotating(channel: str = "a") -> Playbook:
    """Ten seconds old, and its successor is being dialed."""
    return subscribed(channel).wait(10).rotate() << Dial(2, "ws://venue.test/2")


def converging() -> Playbook:
    """The successor is open, and has asked."""
    return rotating() >> LinkOpened(2) << b"subscribe 2 a"


def fencing() -> Playbook:
    """The successor has everything; the old link is asked for a pong."""
    return converging().hear(Subscribed(2), link=2) << b"ping 3"


def overlapping() -> Playbook:
    return fencing().hear(Pong(3), link=1) << ReportRoundTrip(3, 0.0)


def ended(book: Playbook) -> None:
    """The new link has taken over without a hole."""
    book << CloseLink(1, 1000, "") << Rotated(1, 2, ASKED)
    book.end()
    assert book.session.links == [2]
    assert book.session.counters.rotations == 1
    assert book.session.counters.gaps == book.session.counters.reconnects == 0
