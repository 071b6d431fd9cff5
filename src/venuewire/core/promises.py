"""Channels a venue agreed to, and has yet to deliver on.

An agreed subscription that never delivers is a failure of its own: the link lives, its heartbeats
flow, and one channel is silent for ever. Only where the venue promises data at once (a snapshot)
can silence be told from a quiet market, so only such topics carry a promise.

Law: a promise is kept by any message on its channel; nothing is noted when one arrives, because
`Wish.last_data` tells it when the promise falls due.
"""

from venuewire.core.instant import Instant
from venuewire.core.subscriptions import Subscriptions


class Promises:
    """Of one link. Bounded by the number of channels an application wants."""

    __slots__ = ("_due", "deadline")

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self.deadline: float | None = None
        """Monotonic seconds; a lower bound."""

    def make(self, channel: str, within: float | None, now: Instant) -> None:
        if within is not None:
            self._due[channel] = due = now.monotonic + within
            self.deadline = due if self.deadline is None else min(self.deadline, due)

    def broken(self, subscriptions: Subscriptions, now: Instant) -> list[str]:
        """Take out what has fallen due; the channels on which nothing has come."""
        fallen = [channel for channel, due in self._due.items() if now.monotonic >= due]
        for channel in fallen:
            del self._due[channel]
        self.deadline = min(self._due.values(), default=None)
        wishes = ((channel, subscriptions.get(channel)) for channel in fallen)
        return [name for name, wish in wishes if wish is not None and wish.last_data is None]

    def clear(self) -> None:
        self._due.clear()
        self.deadline = None
