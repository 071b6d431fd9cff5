"""Faults that end sessions, and those of the venue's calendar."""

from typing import Annotated, Final

from msgspec import Meta

from venuewire.core.http import json_reply
from venuewire.core.idiom import Idiom
from venuewire.faults.fault import Deed, Fault, Knock, Reception, Say, Scene, Seconds, Shift
from venuewire.faults.rule import PASS, Frame, HangUp, Verdict

_NOW: Final = 0.0


class Reset(Fault, frozen=True, kw_only=True):
    """Every session there is ends with a TCP reset, once."""

    name = "reset"
    pains = (4, 5)

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        return ((_NOW, HangUp(abort=True, reset=True)),)


class Close1001(Fault, frozen=True, kw_only=True):
    """Every session there is ends with 1001, as when a proxy restarts, once."""

    name = "close-1001"
    pains = (23, 4)

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        return ((_NOW, HangUp(1001, "CloudFlare WebSocket proxy restarting")),)


class Close1006(Fault, frozen=True, kw_only=True):
    """Every session there is loses its connection, without a CLOSE frame, once."""

    name = "close-1006"
    pains = (4, 5)

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        return ((_NOW, HangUp(abort=True)),)


class Close1013(Fault, frozen=True, kw_only=True):
    """Every session there is ends with 1013, try again later, once."""

    name = "close-1013"
    pains = (9, 23)

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        return ((_NOW, HangUp(1013, "Market data unavailable")),)


class Maintenance(Fault, frozen=True, kw_only=True):
    """The venue tells of a maintenance `notice` seconds ahead, closes every session with 1001 when
    it begins, and answers 503 at all doors while it lasts. Where a venue has no way of telling,
    it just happens."""

    name = "maintenance"
    pains = (23,)
    rule = "Kraken Futures: notifications with `effective_time`; Kraken Spot: `status`"
    notice: Seconds = 5.0
    downtime: Seconds = 30.0

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        if not self.notice <= knock.at < self.notice + self.downtime:
            return None
        rest = max(1, round(self.notice + self.downtime - knock.at))
        return json_reply(503, b'{"error":"maintenance"}', retry_after=str(rest))

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        minutes = max(1, round(self.downtime / 60))
        begin = Say("planned maintenance", minutes, self.notice, idiom.maintenance)
        over = Say("maintenance is over", None, 0.0, idiom.online)
        return (
            (_NOW, begin),
            (self.notice, HangUp(1001, "maintenance")),
            (self.notice + self.downtime, over),
        )


class Cut24h(Fault, frozen=True, kw_only=True):
    """The venue's cut after 24 hours comes early: each session ends this long after it began, by
    the venue's own rule."""

    name = "cut-24h"
    pains = (15,)
    rule = "KuCoin: a connection is expected to be disconnected after 24 hours"
    seconds: Seconds = 60.0

    @property
    def lifetime(self) -> float | None:
        return self.seconds


class CutAfter(Fault, frozen=True, kw_only=True):
    """A link is dropped without a word at the first frame this long after it opened."""

    name = "cut-after"
    pains = (4, 16, 25)
    seconds: Seconds = 30.0

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return HangUp(abort=True) if frame.at >= self.seconds else PASS


class ClockSkew(Fault, frozen=True, kw_only=True):
    """The venue's calendar is wrong by so much: its stamps, and what it thinks of a client's."""

    name = "clock-skew"
    pains = (19,)
    rule = "KuCoin: KC-API-TIMESTAMP within 5 s; Kraken Prime: ApiTimestamp"
    seconds: Shift = 120.0

    def skew(self, at: float) -> float:
        return self.seconds


class ClockJump(Fault, frozen=True, kw_only=True):
    """The venue's calendar jumps by so much and back again, every so often."""

    name = "clock-jump"
    pains = (19, 22)
    seconds: Shift = -3600.0
    every: Annotated[float, Meta(gt=0, le=1_000_000)] = 10.0
    """Seconds."""

    def skew(self, at: float) -> float:
        return self.seconds if int(at / self.every) % 2 == 0 else 0.0


ENDINGS: Final[tuple[type[Fault], ...]] = (
    Reset,
    Close1001,
    Close1006,
    Close1013,
    Maintenance,
    Cut24h,
    CutAfter,
    ClockSkew,
    ClockJump,
)
