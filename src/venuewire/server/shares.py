"""What the workers have counted, shown as the whole venue's.

Law: a number that only grows never becomes smaller: what a worker had counted stays when it is
gone, as of the last time it was asked.
"""

from collections.abc import Iterable, Mapping

from venuewire.server.dispatches import Share
from venuewire.transport.counts import Counts
from venuewire.transport.hall import Elsewhere, Hall
from venuewire.transport.premises import Premises


class Shares:
    def __init__(self, premises: Premises, halls: Mapping[str, Hall]) -> None:
        self._premises = premises
        self._halls = halls
        self._retired = {name: Counts() for name in halls}
        self._retired_refused: dict[int, int] = {}
        self.show(())

    def retire(self, share: Share | None) -> None:
        """Of a worker that is gone; None when it never told one."""
        if share is None:
            return
        for name, each in share.venues.items():
            self._retired[name].add(each.counts)
        _add(self._retired_refused, share.refused)

    def show(self, shares: Iterable[Share]) -> None:
        """Those of all workers there are."""
        there = tuple(shares)
        refused = dict(self._retired_refused)
        for share in there:
            _add(refused, share.refused)
        self._premises.refused_elsewhere = refused
        for name, hall in self._halls.items():
            hall.elsewhere = self._whole(name, there)

    def _whole(self, name: str, shares: Iterable[Share]) -> Elsewhere:
        each = [share.venues[name] for share in shares]
        holders: dict[str, int] = {}
        for one in each:
            for key, number in one.holders.items():
                holders[key] = holders.get(key, 0) + number
        return Elsewhere(
            counts=(self._retired[name].read(), *(one.counts for one in each)),
            held=sum(one.held for one in each),
            holders=holders,
        )


def _add(whole: dict[int, int], part: Mapping[int, int]) -> None:
    for key, number in part.items():
        whole[key] = whole.get(key, 0) + number
