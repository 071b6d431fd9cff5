"""Which gaps the application has been told of, so that no interval of a channel is told twice.

Links are lost, numbers left out, channels stall, and one link takes over from another: each knows
of its own hole only, and holes overlap. Law: what is told begins where the last one told ended, and
what is told already is not told again.
"""

from msgspec.structs import replace

from venuewire.core.updates import Gap


class Gaps:
    """Bounded by the channels an application wants."""

    __slots__ = ("_told_until",)

    def __init__(self) -> None:
        self._told_until: dict[str, float] = {}
        """By channel; seconds since the epoch."""

    def untold(self, gap: Gap) -> Gap | None:
        """As much of it as is news, and from now on told; None when all of it was."""
        told = self._told_until.get(gap.channel)
        if told is not None and told > gap.since:
            if told >= gap.until:
                return None
            gap = replace(gap, since=told)
        self._told_until[gap.channel] = gap.until
        return gap

    def forget(self, channel: str) -> None:
        """It is not wanted any more."""
        self._told_until.pop(channel, None)

    def set_back(self, seconds: float) -> None:
        """The wall clock was: what was told before is meant in its new terms."""
        for channel in self._told_until:
            self._told_until[channel] -= seconds
