"""Faults of a session's opening: the welcome, the challenge, the key."""

import re
from typing import Final

from venuewire.core.idiom import Idiom, Role, Wrong
from venuewire.faults.fault import Deed, Fault, Knock, Reception, Scene, Seconds
from venuewire.faults.rule import (
    DROP,
    PASS,
    Answer,
    Delay,
    Direction,
    Frame,
    HangUp,
    Replace,
    Verdict,
)

_WELCOME: Final = frozenset({Role.WELCOME})
_CHALLENGE: Final = frozenset({Role.CHALLENGE})
_PROOF: Final = re.compile(rb'("signed_challenge"\s*:\s*")[^"]*')
_PRIVATE: Final = re.compile(rb'"(signed_challenge|token)"|"privateChannel"\s*:\s*true')


class WelcomeNever(Fault, frozen=True, kw_only=True):
    """The venue does not greet: who waits for it waits in vain."""

    name = "welcome-never"
    pains = (1,)
    rule = "KuCoin: no message before the welcome"
    needs = _WELCOME

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if frame.role is Role.WELCOME else PASS


class WelcomeLate(Fault, frozen=True, kw_only=True):
    """The greeting comes so much later."""

    name = "welcome-late"
    pains = (11,)
    rule = "KuCoin: no message before the welcome"
    needs = _WELCOME
    seconds: Seconds = 5.0

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        late = Delay(self.seconds, overtakable=True)
        return late if frame.role is Role.WELCOME else PASS


class DuplicateWelcome(Fault, frozen=True, kw_only=True):
    """The venue greets twice."""

    name = "duplicate-welcome"
    pains = (16,)
    needs = _WELCOME

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return Replace((frame.payload, frame.payload)) if frame.role is Role.WELCOME else PASS


class ChallengeNever(Fault, frozen=True, kw_only=True):
    """A challenge is asked for and never given."""

    name = "challenge-never"
    pains = (8,)
    needs = _CHALLENGE

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        return DROP if _given(frame) else PASS


class ChallengeRefused(Fault, frozen=True, kw_only=True):
    """No proof is good enough: the venue refuses each signed challenge, in its own words."""

    name = "challenge-refused"
    pains = (8, 21)
    needs = _CHALLENGE

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if frame.direction is not Direction.UPSTREAM or not _PROOF.search(frame.payload):
            return PASS
        return Replace((_PROOF.sub(rb"\1bm90IHRoaXM=", frame.payload),))


class ChallengeReplayed(Fault, frozen=True, kw_only=True):
    """Every link is given the challenge that the first one got, which is no good for it."""

    name = "challenge-replayed"
    pains = (8,)
    needs = _CHALLENGE

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        if not _given(frame):
            return PASS
        scene.venue.kept = scene.venue.kept or frame.payload
        return Replace((scene.venue.kept,))


class KeyRevoked(Fault, frozen=True, kw_only=True):
    """The account's key is withdrawn: sessions end, no token is granted, and what is private is
    refused."""

    name = "key-revoked"
    pains = (21, 10)

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        asked = frame.direction is Direction.UPSTREAM and not frame.control
        if not asked or not _PRIVATE.search(frame.payload):
            return PASS
        return Answer(scene.idiom.refuse(frame.payload, Wrong.KEY))

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        return scene.idiom.revoked if _shows_key(knock) else None

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        return ((0.0, HangUp(1008, "key revoked")),)


def _shows_key(knock: Knock) -> bool:
    """A header of its request says whose it is."""
    return any(name.replace("-", "").endswith("apikey") for name in knock.request.headers)


def _given(frame: Frame) -> bool:
    return frame.role is Role.CHALLENGE and frame.direction is Direction.DOWNSTREAM


OPENING: Final[tuple[type[Fault], ...]] = (
    WelcomeNever,
    WelcomeLate,
    DuplicateWelcome,
    ChallengeNever,
    ChallengeRefused,
    ChallengeReplayed,
    KeyRevoked,
)
