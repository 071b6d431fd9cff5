"""A local venue that ends and begins again, in virtual time: what is kept goes from one floor to
the next, by way of the names in `changed`, as a file would carry it."""

from venuewire.core.floor import Floor, RecordKey
from venuewire.core.instant import Instant


class Records:
    """What has been kept so far, in the order of its last change."""

    def __init__(self) -> None:
        self.all: dict[RecordKey, bytes] = {}

    def collect(self, floor: Floor) -> list[RecordKey]:
        """Keep what has changed; its names."""
        changed = list(floor.changed)
        floor.changed.clear()
        for key in changed:
            self.all.pop(key, None)
            if (value := floor.keep(key)) is not None:
                self.all[key] = value
        return changed

    def restore(self, floor: Floor, now: Instant) -> None:
        for key, value in self.all.items():
            floor.take_back(key, value, now)


def carry_over(old: Floor, new: Floor, now: Instant) -> None:
    """Let the new one begin with what the old one leaves behind, and be able to do the same."""
    records = Records()
    records.collect(old)
    records.restore(new, now)
    new.changed.update(dict.fromkeys(records.all))
