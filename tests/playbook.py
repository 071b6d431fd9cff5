"""Scripts for a client session: `>>` what happens, `<<` what it must command in answer.

Time is a first-class entry: `wait` lets it pass and wakes the session only when it asked for it.
Every command must be expected before the next thing happens.
"""

from random import Random
from typing import Any

from clock import EPOCH
from plain_dialect import PlainClient
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.commands import Command, Deliver, SendFrame
from venuewire.core.dialect import ClientDialect
from venuewire.core.events import DeadlineReached, Event
from venuewire.core.instant import Instant
from venuewire.core.messages import Message, Reply
from venuewire.core.updates import Update

ONCE = Backoff(attempts=0)
"""Never tries again: what a test of one link wants."""


class Playbook:
    def __init__(
        self,
        dialect: ClientDialect,
        *,
        backoff: Backoff = ONCE,
        rotate_after: float | None = None,
        seed: int = 0,
        connect: bool = True,
    ) -> None:
        self.dialect = dialect
        self.session = ClientSession(
            dialect, backoff=backoff, rng=Random(seed), rotate_after=rotate_after
        )
        self.seconds = 0.0
        self.ahead = 0.0
        """Seconds by which the wall clock has left the monotonic one behind."""
        self.heard: list[Message] = []
        """What the application was given as messages."""
        self._commands: list[Command] = []
        if connect:
            self.connect()

    @property
    def now(self) -> Instant:
        return Instant(self.seconds, EPOCH + self.seconds + self.ahead)

    # What happens.

    def __rshift__(self, event: Event) -> "Playbook":
        self._settled()
        self.session.handle(event, self.now)
        return self._collect()

    def frame(self, payload: bytes, link: int | None = None) -> "Playbook":
        """A frame arrives, on the current link unless another is named."""
        self._settled()
        number = self.session.link if link is None else link
        message = self.session.receive(number, payload, self.now)
        if message is not None:
            self.heard.append(message)
        return self._collect()

    def hear(self, reply: Reply, link: int | None = None) -> "Playbook":
        """A frame that means `reply` in the plain dialect arrives."""
        assert isinstance(self.dialect, PlainClient)
        return self.frame(self.dialect.say(reply), link)

    def connect(self) -> "Playbook":
        self._settled()
        self.session.connect(self.now)
        return self._collect()

    def subscribe(self, channel: str, **options: Any) -> "Playbook":
        self._settled()
        self.session.subscribe(channel, self.now, **options)
        return self._collect()

    def unsubscribe(self, channel: str) -> "Playbook":
        self._settled()
        self.session.unsubscribe(channel, self.now)
        return self._collect()

    def ping(self) -> "Playbook":
        self._settled()
        self.session.ping(self.now)
        return self._collect()

    def rotate(self) -> "Playbook":
        self._settled()
        self.session.rotate(self.now)
        return self._collect()

    def close(self) -> "Playbook":
        self._settled()
        self.session.close(self.now)
        return self._collect()

    def wait(self, seconds: float) -> "Playbook":
        """Let time pass. What is commanded on the way may be expected afterwards, in order."""
        self._settled()
        end = self.seconds + seconds
        for _ in range(10_000):
            due = self.session.deadline
            if due is None or due > end:
                self.seconds = end
                return self
            self.seconds = max(self.seconds, due)
            self.session.handle(DeadlineReached(), self.now)
            self._collect()
        raise AssertionError("the session never came to rest")

    def oversleep(self, seconds: float) -> "Playbook":
        """Let time pass without waking the session, then wake it once: our loop was blocked."""
        self._settled()
        self.seconds += seconds
        self.session.handle(DeadlineReached(), self.now)
        return self._collect()

    # What must be commanded.

    def __lshift__(self, expected: Command | Update | bytes) -> "Playbook":
        """A command; an update stands for its delivery, bytes for sending them on this link."""
        assert self._commands, f"expected {expected!r}, but nothing was commanded"
        found = self._commands.pop(0)
        match found:
            case Deliver(update) if not isinstance(expected, Command):
                assert update == expected
            case SendFrame(_, payload) if isinstance(expected, bytes):
                assert payload == expected
            case _:
                assert found == expected
        return self

    def skip(self) -> list[Command]:
        """Take whatever was commanded, for a test that looks at something else."""
        commands, self._commands = self._commands, []
        return commands

    def end(self) -> None:
        self._settled()

    def _collect(self) -> "Playbook":
        self._commands += self.session.drain()
        return self

    def _settled(self) -> None:
        assert not self._commands, f"unexpected {self._commands}"
