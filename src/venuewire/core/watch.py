"""The watch over one link: pings it, hears its pongs, and tells the application of doubts.

Law: what a verdict needs is `Liveness`, which decides; here it is put into frames and updates.
"""

from typing import Protocol, assert_never

from venuewire.core import commands, updates
from venuewire.core.commands import Command
from venuewire.core.dialect import ClientDialect
from venuewire.core.health import Counters
from venuewire.core.instant import Instant
from venuewire.core.liveness import Judgment, Liveness
from venuewire.core.messages import RequestId


class Watched(Protocol):
    """What a watch needs of the strand whose link it is over."""

    link: int
    liveness: Liveness
    dialect: ClientDialect
    counters: Counters

    @property
    def commands(self) -> list[Command]: ...
    def new_id(self) -> int: ...
    def deliver(self, *news: updates.Update) -> None: ...


def ping(strand: Watched, now: Instant) -> int:
    """Ask for a sign of life by this venue's rule; the pong to it has this number."""
    number = strand.new_id()
    frame = strand.dialect.ping(number, now)
    control = commands.SendPing(strand.link, b"%d" % number)
    strand.commands.append(control if frame is None else commands.SendFrame(strand.link, frame))
    strand.liveness.pinged(number, now)
    strand.counters.pings += 1
    return number


def ponged(strand: Watched, id: RequestId | None, now: Instant) -> None:
    """None where the venue does not echo a number."""
    round_trip = None if isinstance(id, str) else strand.liveness.ponged(id, now)
    if round_trip is None:
        return
    strand.counters.pongs += 1
    if isinstance(id, int):
        strand.commands.append(commands.ReportRoundTrip(id, round_trip))
    clear_doubt(strand, now, pong=True)


def clear_doubt(strand: Watched, now: Instant, *, pong: bool) -> None:
    evidence = strand.liveness.evidence(now)
    if strand.liveness.clear(pong=pong):
        strand.deliver(updates.Alive(evidence))


def judge(strand: Watched, now: Instant) -> str | None:
    """What is to be done now; the evidence, when the link is dead."""
    match judgment := strand.liveness.check(now):
        case Judgment.REST:
            pass
        case Judgment.PING:
            ping(strand, now)
        case Judgment.SUSPECT:
            strand.deliver(updates.Suspect(strand.liveness.charge))
            ping(strand, now)
        case Judgment.DEAD:
            return strand.liveness.evidence(now)
        case _:
            assert_never(judgment)
    return None
