"""What the application wants to hear, and what the venue has agreed to send.

Law: wishes outlive links; agreements do not. A lost link turns every standing back into WANTED,
and remembers until when each active channel was covered.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from math import inf
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from venuewire.core.errors import ConfigurationError
from venuewire.core.instant import Instant, earliest


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
    next_data_timeout: float | None = None
    """Seconds within which the next message is due, after any message or after agreeing: the
    application says so, or the venue's pages do. None where it may be quiet for ever."""

    def asks_as(self, other: "Topic") -> bool:
        """The venue would be asked the same; what is expected of it may differ."""
        mine = self.channel, self.private, self.options
        return mine == (other.channel, other.private, other.options)


def expecting(topics: Iterable[Topic], next_data_timeout: float | None) -> list[Topic]:
    """These, as the application expects them. Raises `ConfigurationError`."""
    if next_data_timeout is None:
        return list(topics)
    if not 0 < next_data_timeout < inf:
        raise ConfigurationError(f"next_data_timeout: seconds above 0, not {next_data_timeout}")
    return [replace(topic, next_data_timeout=next_data_timeout) for topic in topics]


class Wish(Struct):
    topic: Topic
    standing: Standing = Standing.WANTED
    own: bool = False
    """Kept on the session's own account, and not reported: a heartbeat channel."""
    covered_until: float | None = None
    """Seconds since the epoch, set when a link is lost; None when there is nothing to miss."""
    ahead: float = 0.0
    """Seconds by which the wall clock was then ahead of the monotonic one."""
    unanswered: int = 0
    """Requests in a row that were not answered in time."""
    uncovered_why: str = ""
    """Why it is not covered since then; empty where the loss of the link is why."""
    expected_since: Instant | None = None
    """When the venue agreed on this link; None before."""
    undelivered: int = 0
    """Silences in a row that were overdue, each after an agreement."""
    muted: bool = False
    """It is silent, that has been told, and nothing more is done about it."""
    alone: bool = False
    """To be asked for in a request of its own: another of its batch may be at fault."""
    sequence: int | None = None
    """The venue's number of the last message on this link; None where it numbers none."""
    last_data: Instant | None = None
    """When the last message was read; None before the first on this link."""

    @property
    def data_due(self) -> float | None:
        """Monotonic seconds, when the next message is overdue; None where it may be quiet."""
        since, last = self.expected_since, self.last_data
        if since is None:
            return None
        promise, timeout = self.topic.promise, self.topic.next_data_timeout
        first = None if promise is None or last is not None else since.monotonic + promise
        heard = since.monotonic if last is None else max(since.monotonic, last.monotonic)
        return earliest(first, None if timeout is None else heard + timeout)

    @property
    def has_flowed(self) -> bool:
        """Data have come, and where the next were expected, for that long at least: a snapshot
        comes with every agreement, also on a channel that is frozen behind it."""
        since, last = self.expected_since, self.last_data
        timeout = self.topic.next_data_timeout
        if timeout is None or since is None or last is None:
            return last is not None
        return last.monotonic - since.monotonic >= timeout

    def missed_since(self, now: Instant) -> float | None:
        """`covered_until` as the wall clock shows it now: if it was set back, nobody may have
        noticed yet."""
        if self.covered_until is None:
            return None
        return self.covered_until + min(0.0, now.realtime - now.monotonic - self.ahead)

    def end_cover(self, covered_until: float, ahead: float) -> None:
        """What the venue sent before `covered_until`, in seconds since the epoch, had arrived; and
        what was missed before the venue agreed has been told."""
        if self.standing is Standing.ACTIVE and self.covered_until is None:
            agreed = self.expected_since
            since = covered_until if agreed is None else max(agreed.realtime, covered_until)
            self.covered_until = since
            self.ahead = ahead

    def uncover(self, why: str) -> None:
        """It is not believed to be covered any longer than it has delivered; what was missed before
        the venue agreed has been told."""
        known = [at for at in (self.expected_since, self.last_data) if at is not None]
        if self.covered_until is None and known:
            latest = max(known, key=attrgetter("monotonic"))
            self.covered_until, self.uncovered_why = latest.realtime, why
            self.ahead = latest.realtime - latest.monotonic


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
        if wish is not None and wish.topic.asks_as(topic):
            wish.topic = topic
            if wish.standing is not Standing.REFUSED:
                return False
            wish.standing = Standing.WANTED  # And what was missed meanwhile is still missed.
            return True
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

    def renewed(self) -> "Subscriptions":
        """The same wishes, for another link. What the session keeps on its own account, it will
        want there anyway."""
        other = Subscriptions()
        for channel, wish in self._wishes.items():
            if not wish.own:
                other._wishes[channel] = Wish(
                    wish.topic, alone=wish.alone, undelivered=wish.undelivered
                )
        return other

    def lost(self, covered_until: float, ahead: float) -> None:
        """The link is gone; what the venue sent before `covered_until`, in seconds since the
        epoch, had arrived."""
        for wish in self._wishes.values():
            wish.end_cover(covered_until, ahead)
            wish.standing = Standing.WANTED
            wish.unanswered = 0
            if wish.has_flowed:
                wish.undelivered = 0
            wish.last_data = wish.sequence = wish.expected_since = None
            wish.muted = False

    def miss_nothing(self) -> None:
        """Another link has covered all of it."""
        for wish in self._wishes.values():
            wish.covered_until, wish.uncovered_why = None, ""

    def set_back(self, seconds: float) -> None:
        """The wall clock was: what it said before is told in its new terms."""
        for wish in self._wishes.values():
            if wish.covered_until is not None:
                wish.covered_until -= seconds
                wish.ahead -= seconds
            if (last := wish.last_data) is not None:
                wish.last_data = Instant(last.monotonic, last.realtime - seconds)
            if (since := wish.expected_since) is not None:
                wish.expected_since = Instant(since.monotonic, since.realtime - seconds)

    @property
    def concern_the_venue(self) -> bool:
        """It has agreed to some, or is being asked: it has something to say."""
        known = (Standing.PENDING, Standing.ACTIVE)
        return any(wish.standing in known for wish in self._wishes.values())

    @property
    def settled(self) -> bool:
        """The venue has given its word on all of them."""
        unsettled = (Standing.WANTED, Standing.PENDING)
        return not any(wish.standing in unsettled for wish in self._wishes.values())

    @property
    def channels(self) -> list[str]:
        """What the application asked for."""
        return [channel for channel, wish in self._wishes.items() if not wish.own]

    @property
    def active(self) -> list[str]:
        return [c for c, w in self._wishes.items() if w.standing is Standing.ACTIVE and not w.own]
