"""Faults of a session that stands: pongs, heartbeats, acknowledgments and data that fail."""

from typing import Final

from venuewire.core.idiom import Role, Wrong
from venuewire.faults.fault import Count, Fault, Scene, Seconds
from venuewire.faults.rule import (
    DROP,
    PASS,
    Answer,
    Delay,
    Direction,
    Exceed,
    Frame,
    Replace,
    Verdict,
)

_PONG: Final = frozenset({Role.PONG})
_ACK: Final = frozenset({Role.ACK})
_DATA: Final = frozenset({Role.MESSAGE})
_REQUEST: Final = frozenset({Role.REQUEST})
_STRANGE: Final = 9990
"""Before the digits of an id: nobody has asked so much."""


class MutePongs(Fault, frozen=True, kw_only=True):
    """Pings are heard and never answered; all else goes on."""

    name = "mute-pongs"
    pains = (1, 7)
    needs = _PONG

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if _said(frame, Role.PONG) else PASS


class LatePongs(Fault, frozen=True, kw_only=True):
    """Pings are answered so much later; all else overtakes the answer."""

    name = "late-pongs"
    pains = (11, 12)
    needs = _PONG
    seconds: Seconds = 7.0

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        late = Delay(self.seconds, overtakable=True)
        return late if _said(frame, Role.PONG) else PASS


class WrongPongs(Fault, frozen=True, kw_only=True):
    """Pongs answer a ping that nobody sent."""

    name = "wrong-pongs"
    pains = (7,)
    needs = _PONG

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _said(frame, Role.PONG):
            return PASS
        if frame.control:
            return Replace((b"%d%b" % (_STRANGE, frame.payload),))
        return Replace((scene.idiom.misaddress(frame.payload),))


class MuteHeartbeats(Fault, frozen=True, kw_only=True):
    """The venue's heartbeats stop; pings are answered, and data flows."""

    name = "mute-heartbeats"
    pains = (1, 11)
    needs = frozenset({Role.HEARTBEAT})

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if _said(frame, Role.HEARTBEAT) else PASS


class FrozenChannel(Fault, frozen=True, kw_only=True):
    """Each channel delivers once more on each link, and then never again, though it is
    acknowledged; with `channel`, only that one."""

    name = "frozen-channel"
    pains = (2,)
    needs = _DATA
    channel: str = ""

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _said(frame, Role.MESSAGE) or self.channel not in ("", frame.channel):
            return PASS
        seen = scene.link.seen = scene.link.seen or set()
        if frame.channel in seen:
            return DROP
        seen.add(frame.channel)
        return PASS


class AckAlone(Fault, frozen=True, kw_only=True):
    """Subscriptions are acknowledged, and nothing ever comes: no snapshot, no update."""

    name = "ack-without-data"
    pains = (2,)
    needs = _DATA

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if _said(frame, Role.MESSAGE) else PASS


class MessageBeforeAck(Fault, frozen=True, kw_only=True):
    """An acknowledgment comes only behind the next message on its link."""

    name = "data-before-ack"
    pains = (2, 6)
    needs = _ACK | _DATA

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        kept = scene.link.kept
        if _said(frame, Role.ACK) and not kept:
            scene.link.kept = frame.payload
            return DROP
        if _said(frame, Role.MESSAGE) and kept:
            scene.link.kept = b""
            return Replace((frame.payload, kept))
        return PASS


class AckNever(Fault, frozen=True, kw_only=True):
    """Subscriptions are never acknowledged, though they are kept."""

    name = "ack-never"
    pains = (4, 18)
    needs = _ACK

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if _said(frame, Role.ACK) else PASS


class AckWrongId(Fault, frozen=True, kw_only=True):
    """Acknowledgments are for a request that nobody made."""

    name = "ack-wrong-id"
    pains = (4,)
    needs = _ACK

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _said(frame, Role.ACK):
            return PASS
        return Replace((scene.idiom.misaddress(frame.payload),))


class LateAcks(Fault, frozen=True, kw_only=True):
    """Acknowledgments come so much later; all else overtakes them."""

    name = "late-acks"
    pains = (4, 11)
    needs = _ACK
    seconds: Seconds = 5.0

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        late = Delay(self.seconds, overtakable=True)
        return late if _said(frame, Role.ACK) else PASS


class SubscribeLimit(Fault, frozen=True, kw_only=True):
    """Requests to subscribe are refused, because there are too many subscriptions (KuCoin: 509);
    `times` of them, or all."""

    name = "subscribe-509"
    pains = (18,)
    needs = _REQUEST
    times: Count | None = None

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _asked(frame, Role.REQUEST) or not scene.may(self.times):
            return PASS
        return Answer(scene.idiom.refuse(frame.payload, Wrong.LIMIT))


class RateLimited(Fault, frozen=True, kw_only=True):
    """Each request to subscribe is one too many, and is treated as the venue treats those;
    `times` of them, or all."""

    name = "rate-limited"
    pains = (9, 18)
    needs = _REQUEST
    times: Count | None = None

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        hit = _asked(frame, Role.REQUEST) and scene.may(self.times)
        return Exceed() if hit else PASS


class BadSymbol(Fault, frozen=True, kw_only=True):
    """The venue no longer lists a coin: requests that name it are judged as if they named another
    that does not exist, by the venue's own rules."""

    name = "bad-symbol"
    pains = (20,)
    needs = _REQUEST
    coin: str = "BTC"

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        coin = self.coin.encode()
        fake = b"NO" + coin
        if _asked(frame, Role.REQUEST):
            for spelling in _SPELLINGS.get(coin, (coin,)):
                if spelling in frame.payload:
                    scene.link.kept = spelling
                    return Replace((frame.payload.replace(spelling, fake),))
        elif scene.link.kept and fake in frame.payload:
            return Replace((frame.payload.replace(fake, scene.link.kept),))
        return PASS


_SPELLINGS: Final = {b"BTC": (b"BTC", b"XBT")}
"""Some venues write it so, others so."""


class UnsolicitedError(Fault, frozen=True, kw_only=True):
    """After each link's next frames comes an error that answers no request."""

    name = "unsolicited-error"
    pains = (20,)
    needs = frozenset({Role.REFUSAL})
    times: Count = 1

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        text = frame.direction is Direction.DOWNSTREAM and not frame.control
        # A greeting is left alone: behind it, an error would refuse the connection.
        if not text or frame.role is Role.WELCOME or not scene.may_here(self.times):
            return PASS
        return Replace((frame.payload, scene.idiom.refuse(b"", Wrong.BUSY)))


def _said(frame: Frame, role: Role) -> bool:
    return frame.role is role and frame.direction is Direction.DOWNSTREAM


def _asked(frame: Frame, role: Role) -> bool:
    return frame.role is role and frame.direction is Direction.UPSTREAM


ANSWERS: Final[tuple[type[Fault], ...]] = (
    MutePongs,
    LatePongs,
    WrongPongs,
    MuteHeartbeats,
    FrozenChannel,
    AckAlone,
    MessageBeforeAck,
    AckNever,
    AckWrongId,
    LateAcks,
    SubscribeLimit,
    RateLimited,
    BadSymbol,
    UnsolicitedError,
)
