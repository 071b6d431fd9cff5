"""Channels a venue agreed to, and owes data on: first data, or the next.

An agreed subscription that never delivers, or that froze, is a failure of its own: the link lives,
its heartbeats flow, and one channel is silent. Only where somebody vouches for data can silence be
told from a quiet market: the venue promises a snapshot or a rhythm, or the application says what
it expects. No other channel is watched.

Law 1: a message costs nothing here: `Wish.last_data` tells of it when the promise falls due. So
       what is noted is a lower bound, looked at again when it comes up.
Law 2: a silence is told once. What stays silent is looked at again, and told again only when it
       has spoken in between.
"""

from venuewire.core.instant import Instant
from venuewire.core.subscriptions import Standing, Subscriptions, Wish


class Promises:
    """Of one link. Bounded by the number of channels an application wants."""

    __slots__ = ("_due", "deadline")

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self.deadline: float | None = None
        """Monotonic seconds; a lower bound."""

    def watch(self, wish: Wish, now: Instant) -> None:
        """The venue agreed to it, or what is expected of it has changed."""
        wish.expected_since, wish.muted = now, False
        self._note(wish, wish.data_due)

    def recheck(self, wish: Wish, now: Instant) -> None:
        """Its silence has been told, and nothing more is done about it until it speaks again."""
        wish.muted = True
        timeout = wish.topic.next_data_timeout
        self._note(wish, None if timeout is None else now.monotonic + timeout)

    def broken(self, subscriptions: Subscriptions, now: Instant) -> list[Wish]:
        """Take out those that have fallen due, and are silent still."""
        silent: list[Wish] = []
        for channel in [each for each, due in self._due.items() if now.monotonic >= due]:
            del self._due[channel]
            wish = subscriptions.get(channel)
            if wish is None or wish.standing is not Standing.ACTIVE:
                continue  # Given up, or asked for again: then its next agreement begins anew.
            due = wish.data_due
            if due is None:
                continue  # First data came, and no more is promised.
            if now.monotonic < due:
                wish.muted = False
                self._due[channel] = due
            elif wish.muted:
                self.recheck(wish, now)
            else:
                silent.append(wish)
        self.deadline = min(self._due.values(), default=None)
        return silent

    def clear(self) -> None:
        self._due.clear()
        self.deadline = None

    def _note(self, wish: Wish, due: float | None) -> None:
        if due is not None:
            self._due[wish.topic.channel] = due
            self.deadline = due if self.deadline is None else min(self.deadline, due)
