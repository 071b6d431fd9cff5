"""By which names a floor knows something that should outlive the process: whatever another process
that is to serve the same venue must be given.

Law: as many names as there are things, at most twice over: what is nothing any more is swept out.
"""

from typing import Final

from venuewire.core.floor import Floor, RecordKey

_SWEEP_FROM: Final = 1024


class Ledger:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._names: dict[RecordKey, None] = {}
        self._sweep_at = _SWEEP_FROM
        self.note()

    def note(self) -> None:
        """Whatever the floor says has changed, the latest last."""
        for key in self._floor.changed:
            self.add(key)

    def add(self, key: RecordKey) -> None:
        self._names.pop(key, None)
        self._names[key] = None
        if len(self._names) > self._sweep_at:
            self.records()
            self._sweep_at = max(_SWEEP_FROM, 2 * len(self._names))

    def records(self) -> tuple[tuple[RecordKey, bytes], ...]:
        """All there is, what changed last at the end: for `Floor.take_back`, in this order."""
        kept = [(key, self._floor.keep(key)) for key in self._names]
        there = tuple((key, value) for key, value in kept if value is not None)
        self._names = dict.fromkeys(key for key, _ in there)
        return there

    def __len__(self) -> int:
        return len(self._names)
