"""How scripts of the kernel's client session begin: one link, in the plain dialect."""

from plain_dialect import QUIET, PlainClient
from playbook import Playbook
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.commands import Dial
from venuewire.core.dialect import Profile
from venuewire.core.events import LinkOpened
from venuewire.core.messages import Message, Subscribed
from venuewire.core.updates import Ready

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
