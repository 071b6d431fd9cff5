"""A dialect without a language, for tests of the kernel: frames are names of neutral words.

`say(reply)` gives the frame that will be heard as that reply.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import ConfigurationError, UnreadableFrame
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import Message, Reply
from venuewire.core.subscriptions import Topic

QUIET = Profile(liveness=LivenessPolicy())
TOKEN = HttpRequest(method="POST", url="http://venue.test/token")


class PlainClient:
    """`profile` and `dials` may be changed between links."""

    def __init__(self, profile: Profile = QUIET, *, fetches: bool = False) -> None:
        self.profile = profile
        self.fetches = fetches
        self.control_pings = False
        self.dials: Exception | None = None
        """Raised by the next `dial`."""
        self.proofs: list[str] = []
        self.singly = False
        """One topic per request."""
        self.promise: float | None = None
        """Of every topic, as `next_data_timeout`."""
        self.next_data_timeout: float | None = None
        self.capacity: int | None = None
        self._words: list[Reply] = []

    def say(self, reply: Reply) -> bytes:
        self._words.append(reply)
        return b"%d" % (len(self._words) - 1)

    def again(self) -> "PlainClient":
        """Whatever is changed of one is changed of all."""
        other = PlainClient()
        other.__dict__ = self.__dict__
        return other

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        return TOKEN if self.fetches else None

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        if self.dials is not None:
            raise self.dials
        return HttpRequest(method="GET", url=f"ws://venue.test/{link}"), self.profile

    def challenge(self, now: Instant) -> bytes:
        return b"challenge"

    def prove(self, challenge: str) -> None:
        self.proofs.append(challenge)

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        if not channel:
            raise ConfigurationError("a channel has a name")
        chosen = tuple(options.items())
        promised = self.promise, self.next_data_timeout
        return [Topic(name, False, chosen, *promised) for name in channel.split(",")]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        if self.singly:
            return [[topic] for topic in topics]
        return [list(topics)] if topics else []

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return f"subscribe {id} {_names(topics)}".encode()

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return f"unsubscribe {id} {_names(topics)}".encode()

    def ping(self, id: int, now: Instant) -> bytes | None:
        return None if self.control_pings else f"ping {id}".encode()

    def decode(self, payload: bytes, now: Instant) -> Reply:
        if not payload.isdigit():
            raise UnreadableFrame("not a number")
        return self._words[int(payload)]

    def likeness(self, message: Message) -> bytes:
        return bytes(message.raw)


def _names(topics: Sequence[Topic]) -> str:
    return ",".join(topic.channel for topic in topics)


def never(*_: Any) -> Any:
    raise AssertionError("nobody should have called")
