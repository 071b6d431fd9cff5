"""What the faults of one venue do to one link: every frame passes here, in either direction.

Law: a fault that began after the link opened judges it too, from then on; one that is over is
forgotten, with what it remembered of the link.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct

from venuewire.core.idiom import Idiom, Reading, Role
from venuewire.faults.fault import Memory, Scene
from venuewire.faults.rule import (
    DROP,
    PASS,
    UNTOUCHED,
    Delay,
    Direction,
    Fate,
    Frame,
    Hold,
    Pass,
)

if TYPE_CHECKING:
    from venuewire.faults.troubles import Trouble, Troubles


class _Rule(Struct):
    trouble: "Trouble"
    scene: Scene


class Gate:
    __slots__ = ("_idiom", "_opened_at", "_rng", "_rules", "_seen", "_troubles", "down", "up")

    def __init__(self, troubles: "Troubles", opened_at: float) -> None:
        self._troubles = troubles
        self._idiom = troubles.idiom
        self._rng = troubles.rng
        self._opened_at = opened_at
        self._rules: list[_Rule] = []
        self._seen = -1
        """The edition of the troubles that `_rules` were made from."""

    def judge(
        self, direction: Direction, payload: bytes, now: float, control: Role | None = None
    ) -> Fate:
        """What becomes of a frame; `control` when it is the WebSocket protocol's own."""
        if self._seen != self._troubles.edition:
            self._refresh()
        active = [rule for rule in self._rules if rule.trouble.is_active(now)]
        if not active:
            return UNTOUCHED
        return self._decide(active, self._frame(direction, payload, now, control))

    def _frame(
        self, direction: Direction, payload: bytes, now: float, control: Role | None
    ) -> Frame:
        at = now - self._opened_at
        if control is not None:
            return Frame(direction, control, payload, "", True, at, now)
        reading = self._reader(direction)(payload)
        return Frame(direction, reading.role, payload, reading.channel, False, at, now)

    def _reader(self, direction: Direction) -> Callable[[bytes], Reading]:
        upstream = direction is Direction.UPSTREAM
        return self._idiom.upstream if upstream else self._idiom.downstream

    @staticmethod
    def _decide(active: list[_Rule], frame: Frame) -> Fate:
        delay, overtakable = 0.0, False
        for rule in active:
            verdict = rule.trouble.fault.judge(frame, rule.scene)
            match verdict:
                case Pass():
                    pass
                case Delay(seconds, lets_pass):
                    delay += seconds
                    overtakable = overtakable or lets_pass
                case Hold():
                    if rule.trouble.until is None:
                        return Fate(DROP)
                    delay += rule.trouble.until - frame.now
                case _:
                    return Fate(verdict, delay, overtakable)
        return Fate(PASS, delay, overtakable) if delay else UNTOUCHED

    def _refresh(self) -> None:
        known = {id(rule.trouble): rule for rule in self._rules}
        self._seen = self._troubles.edition
        self._rules = [
            known.get(id(trouble)) or _rule(trouble, self._idiom, self._rng)
            for trouble in self._troubles
            if trouble.fault.judges
        ]


def _rule(trouble: "Trouble", idiom: Idiom, rng: Random) -> _Rule:
    return _Rule(trouble, Scene(idiom, rng, trouble.memory, Memory()))
