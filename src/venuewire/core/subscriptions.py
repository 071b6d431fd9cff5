"""What the application wants to hear, and what the venue has agreed to send.

Law: wishes outlive links; agreements do not. A lost link turns every standing back into WANTED,
and remembers until when each active channel was covered.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto

from msgspec import Struct

from venuewire.core.instant import Instant


class Standing(Enum):
    WANTED = auto()
    PENDING = auto()
    ACTIVE = auto()
    REFUSED = auto()
    """Not asked for again on this link; the next link asks anew."""


class Topic(Struct, frozen=True):
    """One channel as an application asks for it. A dialect makes these from the channel's text."""

    channel: str
    private: bool = False
    """It needs credentials."""
    options: tuple[tuple[str, str | int | bool], ...] = ()
    """The venue's own parameters, such as Kraken Spot's `depth`."""
    promise: float | None = None
    """Seconds after agreeing within which the venue sends something; None where it may be quiet."""


class Wish(Struct):
    topic: Topic
    standing: Standing = Standing.WANTED
    own: bool = False
    """Kept on the session's own account, and not reported: a heartbeat channel."""
    covered_until: float | None = None
    """Seconds since the epoch, set when a link is lost; None when there is nothing to miss."""
    unanswered: int = 0
    """Requests in a row that were not answered in time."""
    undelivered: int = 0
    """Agreements in a row after which nothing came."""
    alone: bool = False
    """To be asked for in a request of its own: another of its batch may be at fault."""
    sequence: int | None = None
    """The venue's number of the last message on this link; None where it numbers none."""
    last_data: Instant | None = None
    """When the last message was read; None before the first on this link."""


class Subscriptions:
    __slots__ = ("_wishes", "get")

    def __init__(self) -> None:
        self._wishes: dict[str, Wish] = {}
        self.get: Callable[[str], Wish | None] = self._wishes.get
        """The wish for a channel. Asked for each message, so it is the dictionary's own."""

    def __iter__(self) -> Iterator[Wish]:
        return iter(self._wishes.values())

    def __len__(self) -> int:
        return len(self._wishes)

    def want(self, topic: Topic, *, own: bool = False) -> bool:
        """Remember a wish; False when it was there already."""
        wish = self._wishes.get(topic.channel)
        if wish is not None and wish.topic == topic and wish.standing is not Standing.REFUSED:
            return False
        self._wishes[topic.channel] = Wish(topic, own=own)
        return True

    def adopt(self, channel: str) -> bool:
        """The application wants it too; True when it has been active on our own account."""
        wish = self._wishes.get(channel)
        if wish is None or not wish.own:
            return False
        wish.own = False
        return wish.standing is Standing.ACTIVE

    def forget(self, channel: str) -> Wish | None:
        return self._wishes.pop(channel, None)

    def unrequested(self) -> tuple[list[Topic], list[Topic]]:
        """What to ask for now: in common with others, and alone."""
        wanted = [wish for wish in self._wishes.values() if wish.standing is Standing.WANTED]
        together = [wish.topic for wish in wanted if not wish.alone]
        return together, [wish.topic for wish in wanted if wish.alone]

    def ask(self, channels: Iterable[str]) -> None:
        """The venue is being asked; whatever it numbers, it numbers anew."""
        for channel in channels:
            if (wish := self._wishes.get(channel)) is not None:
                wish.standing, wish.sequence = Standing.PENDING, None

    def stand(self, channels: Iterable[str], standing: Standing) -> None:
        for channel in channels:
            if (wish := self._wishes.get(channel)) is not None:
                wish.standing = standing

    def lost(self, heard_at: float) -> None:
        """The link is gone; `heard_at` is when it was last heard, in seconds since the epoch."""
        for wish in self._wishes.values():
            if wish.standing is Standing.ACTIVE and wish.covered_until is None:
                wish.covered_until = heard_at
            wish.standing = Standing.WANTED
            wish.unanswered = 0
            if wish.last_data is not None:
                wish.undelivered = 0
            wish.last_data = wish.sequence = None

    def set_back(self, seconds: float) -> None:
        """The wall clock was: what it said before is told in its new terms."""
        for wish in self._wishes.values():
            if wish.covered_until is not None:
                wish.covered_until -= seconds
            if (last := wish.last_data) is not None:
                wish.last_data = Instant(last.monotonic, last.realtime - seconds)

    @property
    def concern_the_venue(self) -> bool:
        """It has agreed to some, or is being asked: it has something to say."""
        known = (Standing.PENDING, Standing.ACTIVE)
        return any(wish.standing in known for wish in self._wishes.values())

    @property
    def channels(self) -> list[str]:
        """What the application asked for."""
        return [channel for channel, wish in self._wishes.items() if not wish.own]

    @property
    def active(self) -> list[str]:
        return [c for c, w in self._wishes.items() if w.standing is Standing.ACTIVE and not w.own]
