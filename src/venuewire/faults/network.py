"""Faults of the network between a client and a venue: they know frames, and no venue."""

from typing import Final

from venuewire.core.idiom import Role
from venuewire.faults.fault import Bytes, Count, Fault, Rate, Scene, Seconds
from venuewire.faults.rule import (
    DROP,
    PASS,
    Delay,
    Direction,
    Frame,
    Hold,
    Replace,
    Slice,
    Verdict,
    Way,
    goes,
)

_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_NOVELTY: Final = b'{"event":"novelty","method":"novelty","type":"novelty"}'


class Latency(Fault, frozen=True, kw_only=True):
    """Everything takes longer, in the order it was sent; `jitter` is added at random, up to so
    much."""

    name = "latency"
    pains = (11,)
    seconds: Seconds = 0.2
    jitter: Seconds = 0.0
    way: Way = "both"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not goes(frame.direction, self.way):
            return PASS
        return Delay(self.seconds + self.jitter * scene.rng.random())


class Jitter(Fault, frozen=True, kw_only=True):
    """Each frame takes longer by a time of its own, up to `seconds`; the order is kept."""

    name = "jitter"
    pains = (11, 12)
    seconds: Seconds = 2.0
    way: Way = "both"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not goes(frame.direction, self.way):
            return PASS
        return Delay(self.seconds * scene.rng.random())


class BlackHole(Fault, frozen=True, kw_only=True):
    """What is sent in one direction is never seen again, CLOSE frames included; the connection
    stays open."""

    name = "black-hole"
    pains = (1, 17)
    way: Way = "down"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if goes(frame.direction, self.way) else PASS


class HalfOpen(Fault, frozen=True, kw_only=True):
    """A black hole in both directions: the connection is open at both ends, and dead."""

    name = "half-open"
    pains = (1, 17, 22)

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP


class Lose(Fault, frozen=True, kw_only=True):
    """Frames are lost at random, the others arrive: what a dropping proxy or queue does."""

    name = "lose"
    pains = (5, 6)
    rate: Rate = 0.05
    way: Way = "both"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        hit = _is_hit(frame, self.way) and scene.happens(self.rate)
        return DROP if hit else PASS


class Duplicate(Fault, frozen=True, kw_only=True):
    """Frames arrive twice, at random."""

    name = "duplicate"
    pains = (15, 16)
    rate: Rate = 0.05
    way: Way = "down"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if frame.control or not _is_hit(frame, self.way) or not scene.happens(self.rate):
            return PASS
        return Replace((frame.payload, frame.payload))


class Reorder(Fault, frozen=True, kw_only=True):
    """Frames are overtaken by what follows within `seconds`, at random."""

    name = "reorder"
    pains = (6, 15)
    rate: Rate = 0.05
    seconds: Seconds = 0.5
    way: Way = "down"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if _is_hit(frame, self.way) and scene.happens(self.rate):
            return Delay(self.seconds, overtakable=True)
        return PASS


class Garble(Fault, frozen=True, kw_only=True):
    """One byte of a frame is another, at random; it stays printable."""

    name = "garble"
    pains = (20,)
    rate: Rate = 0.05
    way: Way = "down"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _is_text(frame, self.way) or not scene.happens(self.rate):
            return PASS
        place = scene.rng.randrange(len(frame.payload))
        other = scene.rng.choice(_PRINTABLE.replace(frame.payload[place : place + 1], b""))
        spoiled = bytearray(frame.payload)
        spoiled[place] = other
        return Replace((bytes(spoiled),))


class Truncate(Fault, frozen=True, kw_only=True):
    """A frame ends too early, at random."""

    name = "truncate"
    pains = (20,)
    rate: Rate = 0.05
    way: Way = "down"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _is_text(frame, self.way) or not scene.happens(self.rate):
            return PASS
        return Replace((frame.payload[: scene.rng.randrange(len(frame.payload))],))


class Slices(Fault, frozen=True, kw_only=True):
    """What the venue sends arrives in small packets, with pauses: frame headers are cut in two."""

    name = "slice"
    rule = "RFC 6455, section 5.4: a frame has no relation to the packets that carry it"
    size: Bytes = 7
    pause: Seconds = 0.001

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if frame.control or frame.direction is Direction.UPSTREAM:
            return PASS
        return Slice(self.size, self.pause)


class Throttle(Fault, frozen=True, kw_only=True):
    """The venue's words come at so many bytes a second, in order, ever later."""

    name = "throttle"
    pains = (12, 13)
    rate: Bytes = 100
    """Bytes a second."""

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if frame.direction is Direction.UPSTREAM:
            return PASS
        begins = max(scene.link.free_at, frame.now)
        scene.link.free_at = begins + len(frame.payload) / self.rate
        return Delay(scene.link.free_at - frame.now)


class SlowClose(Fault, frozen=True, kw_only=True):
    """CLOSE frames take their time, in both directions."""

    name = "slow-close"
    pains = (4, 15)
    seconds: Seconds = 10.0

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return Delay(self.seconds) if frame.role is Role.CLOSE else PASS


class NeverReading(Fault, frozen=True, kw_only=True):
    """The venue takes nothing out of its sockets: a client's words pile up on the way, and are
    read when it is over."""

    name = "never-reading"
    pains = (1, 13)
    stops_reading = True

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return Hold() if frame.direction is Direction.UPSTREAM else PASS


class UnknownFrames(Fault, frozen=True, kw_only=True):
    """The venue says something that no page knows, after each link's next frames."""

    name = "unknown-frames"
    pains = (20,)
    times: Count = 1

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if _is_text(frame, "down") and scene.may_here(self.times):
            return Replace((frame.payload, _NOVELTY))
        return PASS


class BinaryFrames(Fault, frozen=True, kw_only=True):
    """What should be text comes in binary frames, at random."""

    name = "binary-frames"
    pains = (20,)
    rate: Rate = 0.05

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if _is_text(frame, "down") and scene.happens(self.rate):
            return Replace((frame.payload,), binary=True)
        return PASS


class HugeFrame(Fault, frozen=True, kw_only=True):
    """After each link's next frame comes one of this many bytes, which means nothing."""

    name = "huge-frame"
    pains = (13,)
    size: Bytes = 900_000

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _is_text(frame, "down") or not scene.may_here(1):
            return PASS
        huge = _NOVELTY[:-1] + b',"padding":"%b"}' % (b"x" * self.size)
        return Replace((frame.payload, huge))


def _is_hit(frame: Frame, way: Way) -> bool:
    return frame.role is not Role.CLOSE and goes(frame.direction, way)


def _is_text(frame: Frame, way: Way) -> bool:
    return not frame.control and bool(frame.payload) and goes(frame.direction, way)


NETWORK: Final[tuple[type[Fault], ...]] = (
    Latency,
    Jitter,
    BlackHole,
    HalfOpen,
    Lose,
    Duplicate,
    Reorder,
    Garble,
    Truncate,
    Slices,
    Throttle,
    SlowClose,
    NeverReading,
    UnknownFrames,
    BinaryFrames,
    HugeFrame,
)
