"""What must hold in every simulated world, each as a small pure function of what was written down.

They return what is wrong, in words; nothing when all is well. Moments are the world's seconds.
Law: a checker sees a history and no session, so that a bad history can be made up to see it fail.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from itertools import combinations

from msgspec import Struct

from venuewire.core.updates import Alive, Cause, Down, Ready, Rotated, Suspect, Update

TOUCHING = 1e-3
"""Seconds that two intervals may overlap without being called doubled: what clocks cannot tell."""


class Broken(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, where: str, what: str) -> None:
        super().__init__(f"{invariant}: {where}: {what}")
        self.invariant, self.where, self.what = invariant, where, what


class Hole(Struct, frozen=True):
    """A `Gap` that was reported, in the world's seconds. A wall clock that jumped back shows a
    time twice: then either end has an earliest and a latest meaning."""

    channel: str
    since: tuple[float, float]
    until: tuple[float, float]


# Published, heard, and accounted for.


class Account(Struct, frozen=True, kw_only=True):
    """What is owed on one channel, and what was had."""

    published: Sequence[tuple[int, float]]
    """Number and moment of each message the venue published."""
    owed: Sequence[tuple[float, float]]
    """From when until when the channel was covered, by the venue's word to the application."""
    heard: Container[int]
    swallowed: Container[int]
    """Eaten by a fault, one by one, where the link lived on: TCP does not do that."""
    holes: Sequence[Hole]
    under_way: float
    """Seconds that a message may have been on its way: one that was lost would have been read so
    much later than it was published."""


def unreported(account: Account) -> str:
    """Every message that did not come lies in a `Gap`."""
    for number, moment in account.published:
        if number in account.heard or number in account.swallowed:
            continue
        if not any(since <= moment <= until for since, until in account.owed):
            continue
        if not any(_covers(hole, moment, account.under_way) for hole in account.holes):
            return f"message {number}, published at {moment:.3f}, neither came nor is in a gap"
    return ""


def _covers(hole: Hole, moment: float, under_way: float) -> bool:
    starts = hole.since[0] - TOUCHING <= moment + under_way
    return starts and moment <= hole.until[1] + TOUCHING


def doubled(holes: Iterable[Hole]) -> str:
    """No two `Gap`s of one channel are for one interval."""
    by_channel: dict[str, list[Hole]] = {}
    for hole in holes:
        by_channel.setdefault(hole.channel, []).append(hole)
    for channel, ones in by_channel.items():
        for one, other in combinations(ones, 2):
            begins = max(one.since[1], other.since[1])
            if min(one.until[0], other.until[0]) > begins + TOUCHING:
                return f"{channel}: {_interval(one)} and {_interval(other)}"
    return ""


def _interval(hole: Hole) -> str:
    return f"{hole.since[1]:.3f}..{hole.until[0]:.3f}"


def repeated(heard: Iterable[tuple[int, int]]) -> str:
    """No message is delivered twice. Number and link, in the order in which they came."""
    first: dict[int, int] = {}
    for number, link in heard:
        if number in first:
            return f"message {number} came on link {first[number]} and again on link {link}"
        first[number] = link
    return ""


# Alive, suspect, dead.


class Silence(Struct, frozen=True, kw_only=True):
    """A link in one direction."""

    way: str
    since: float
    """When a frame last arrived."""
    bound: float
    """Seconds it may go unnoticed that none does any more."""
    debt: float
    """Seconds that the client's loop has been kept from its work since, and what that may cost."""
    slack: float = 0.0
    """Seconds that a frame may be on its way."""

    @property
    def due(self) -> float:
        return self.since + self.bound + self.debt + self.slack


def zombie(now: float, silences: Iterable[Silence]) -> str:
    """No dead link is believed for longer than the table in ARCHITECTURE.md allows."""
    for silence in silences:
        if now > silence.due:
            passed, allowed = now - silence.since, silence.due - silence.since
            return f"nothing arrived {silence.way} for {passed:.2f} s, {allowed:.2f} allowed"
    return ""


def false_death(news: Iterable[tuple[Update, bool]]) -> str:
    """A link without fault is never declared dead, and a suspicion of it is withdrawn. Each update
    comes with whether its link was without fault."""
    suspected = False
    for update, clean in news:
        match update:
            case Down(Cause.SILENT | Cause.UNANSWERED, reason) if clean:
                return f"declared dead: {reason}"
            case Rotated(why=why) if clean and "link was lost: nothing heard" in why:
                return f"declared dead: {why}"
            case Down() if suspected and clean:
                return "suspected, and lost before the suspicion was withdrawn"
            case Suspect():
                suspected = True
            case Down() | Rotated() | Alive():
                suspected = False
            case _:
                pass
    return "suspected to the end" if suspected else ""


# Links, attempts, and the last word.


def crowded(links: int, shards: int = 1) -> str:
    """Never more than two live links per session; of a sharded one, one more than its shards."""
    return f"{links} links at once" if links > shards + 1 else ""


def over_budget(attempts: Sequence[float], limit: int, window: float) -> str:
    """No window has more attempts to connect than the venue allows."""
    for first, last in zip(attempts, attempts[limit:], strict=False):
        if last - first < window - 1e-6:  # Clocks of this world are sums of fractions.
            return f"{limit + 1} attempts in {last - first:.3f} s, {limit} in {window:g} s allowed"
    return ""


def disorderly(news: Iterable[Update]) -> str:
    """`Ready` comes once in a life, and after a last `Down` nothing does."""
    ready, over = False, False
    for update in news:
        if over:
            return f"{type(update).__name__} after the last update"
        match update:
            case Ready():
                if ready:
                    return "Ready twice without a Down"
                ready = True
            case Down(retry_in=retry_in):
                ready, over = False, retry_in is None
            case _:
                pass
    return ""


def unfinished(news: Sequence[Update]) -> str:
    """A session that has ended has said so, in its last update."""
    last = news[-1] if news else None
    if isinstance(last, Down) and last.retry_in is None:
        return ""
    return f"it ended with {type(last).__name__}"


def leaking(lines: Iterable[str], secrets: Iterable[str]) -> str:
    """Nothing secret is in a transcript. What was found is not said, for the same reason."""
    wanted = [secret for secret in secrets if secret]
    for number, line in enumerate(lines, 1):
        if any(secret in line for secret in wanted):
            return f"a secret in line {number} of the transcript"
    return ""


Checker = Callable[..., str]
"""What is wrong, in words; empty when nothing is."""
