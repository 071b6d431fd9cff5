"""What a session makes of its own side's oddities: a loop that lagged, a clock that jumped, an
application that fell behind.

Law 1: deadlines are the monotonic clock's, whatever the wall clock does. Only a wait between two
       attempts is shortened, by the time that nobody counted while the machine slept.
Law 2: after a jump a link that is ready is probed at once. One that may have been slept through is
       suspect until its probe is answered.
"""

from typing import Protocol, assert_never

from venuewire.core import updates
from venuewire.core.events import LoopLagged, Oddity, ReadingPaused, TimeJumped
from venuewire.core.instant import Instant
from venuewire.core.lifecycle import Lifecycle, Phase
from venuewire.core.liveness import Liveness
from venuewire.core.subscriptions import Subscriptions


class Sufferer(Protocol):
    """What is needed of a session."""

    subscriptions: Subscriptions
    liveness: Liveness

    def ping(self, now: Instant) -> int: ...
    def deliver(self, *news: updates.Update) -> None: ...


def absorb(oddity: Oddity, session: Sufferer, lifecycle: Lifecycle, now: Instant) -> None:
    match oddity:
        case LoopLagged(seconds):
            session.liveness.grace.lagged(seconds, now)
        case ReadingPaused(seconds):
            session.liveness.grace.paused(seconds, now)
        case TimeJumped(seconds) if seconds > 0:
            lifecycle.slept(seconds)
            if lifecycle.phase is Phase.READY:
                if session.liveness.slept(oddity, now):
                    session.deliver(updates.Suspect(session.liveness.charge))
                session.ping(now)
        case TimeJumped(seconds):
            session.subscriptions.set_back(-seconds)
            session.liveness.set_back(-seconds)
            if lifecycle.phase is Phase.READY:
                session.ping(now)
        case _:
            assert_never(oddity)
