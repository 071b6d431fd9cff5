"""What is told of messages that were not delivered, and what is given up of other updates.

Law: what a `Gap` covers only grows when gaps are joined.
"""

from collections.abc import Hashable, Iterable
from typing import Final

from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Update

FELL_BEHIND: Final = "the consumer fell behind"
CONFLATED: Final = "newer messages took the place of these"


def weight(update: Update) -> int:
    """Bytes."""
    return memoryview(update.raw).nbytes if type(update) is Message else 0


def lost(update: Message | Gap, why: str) -> Gap:
    if isinstance(update, Gap):
        return Gap(update.channel, update.since, update.until, why)
    return Gap(update.channel, update.received, update.received, why)


def joined(earlier: Gap | None, later: Gap) -> Gap:
    """One for both. That something was conflated is the weaker reason."""
    if earlier is None:
        return later
    since, until = min(earlier.since, later.since), max(earlier.until, later.until)
    why = earlier.why if later.why == CONFLATED else later.why
    return Gap(later.channel, since, until, why)


def kind(update: Update) -> Hashable:
    """What of updates that nobody asks for the last one stands for."""
    return type(update), getattr(update, "channel", None)


def condensed(updates: Iterable[Update]) -> list[Update]:
    """Of each kind and channel the last, in its place; messages untouched."""
    latest: dict[Hashable, Update] = {}
    for number, update in enumerate(updates):
        if type(update) is Message:
            latest[number] = update
            continue
        key = kind(update)
        earlier = latest.pop(key, None)
        joins = isinstance(update, Gap) and isinstance(earlier, Gap)
        latest[key] = joined(earlier, update) if joins else update  # type: ignore[arg-type]
    return list(latest.values())
