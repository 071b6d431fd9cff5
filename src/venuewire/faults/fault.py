"""What a fault is: a frozen value with parameters, and up to five ways to make itself felt.

Law 1: a fault holds no state. What it must remember, its `Scene` remembers: for one link, and for
       all of one venue.
Law 2: randomness comes from the scene, time from what is judged.
"""

from random import Random
from typing import Annotated, ClassVar, Final, TypeAlias

from msgspec import Meta, Struct

from venuewire.core.floor import Publication
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.idiom import Idiom, Role
from venuewire.core.venue import Door, Venue
from venuewire.faults.rule import Frame, HangUp, Verdict

LONGEST: Final = 1_000_000.0

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=LONGEST)]
Shift: TypeAlias = Annotated[float, Meta(ge=-1e9, le=1e9)]
"""Seconds, either way."""
Rate: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
"""The share of frames it happens to."""
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]
Bytes: TypeAlias = Annotated[int, Meta(ge=1, le=64 * 1024 * 1024)]


class Memory(Struct):
    count: int = 0
    free_at: float = 0.0
    """Monotonic seconds."""
    kept: bytes = b""
    seen: set[str] | None = None


class Scene(Struct):
    """Where a fault plays."""

    idiom: Idiom
    rng: Random
    venue: Memory
    """Shared by all links and doors of the venue, for as long as the fault lasts."""
    link: Memory
    """Of this link; at a door, the same as `venue`."""

    def happens(self, rate: float) -> bool:
        return rate >= 1.0 or self.rng.random() < rate

    def may(self, times: int | None) -> bool:
        """Count an occurrence at this venue; False when it has happened `times` times."""
        return _count(self.venue, times)

    def may_here(self, times: int | None) -> bool:
        """The same for this link."""
        return _count(self.link, times)


def _count(memory: Memory, times: int | None) -> bool:
    if times is not None and memory.count >= times:
        return False
    memory.count += 1
    return True


# At a door.


class Knock(Struct, frozen=True):
    """An upgrade request, or a plain one at an HTTP door."""

    door: Door
    request: HttpRequest
    at: float
    """Seconds since the fault began."""


class Wait(Struct, frozen=True):
    """Answered later."""

    seconds: float


class Never(Struct, frozen=True):
    """Never answered; the connection stays open until the client has enough."""


class Slam(Struct, frozen=True):
    """The connection is reset, unanswered."""


class Altered(Struct, frozen=True):
    """The venue hears this request in place of the client's."""

    request: HttpRequest


Reception: TypeAlias = HttpReply | Wait | Never | Slam | Altered | None
"""None: as if nothing were wrong."""


# On the floor.


class Say(Struct, frozen=True):
    """The venue tells about itself: by a notification where it has them, or by a publication."""

    note: str
    minutes: int | None
    """Of expected downtime; None when it is over."""
    effective_in: float
    """Seconds from now."""
    publication: Publication | None
    """What is published where there are no notifications; None says nothing there."""


Deed: TypeAlias = HangUp | Say
"""Done once, to all sessions there are."""


class Fault(Struct, frozen=True, kw_only=True):
    name: ClassVar[str]
    pains: ClassVar[tuple[int, ...]] = ()
    """What it reproduces: keys of `pains.PAINS`."""
    rule: ClassVar[str] = ""
    """Or the documented rule that it breaks, or keeps early."""
    needs: ClassVar[frozenset[Role]] = frozenset()
    """Frames a venue must have for this to make sense there."""
    needs_token: ClassVar[bool] = False
    """A venue must grant tokens over HTTP."""
    stops_reading: ClassVar[bool] = False
    """The venue takes nothing out of its sockets."""

    def judge(self, frame: Frame, scene: Scene) -> Verdict:
        """What becomes of a frame. Asked only where there is an answer."""
        raise NotImplementedError

    def receive(self, knock: Knock, scene: Scene) -> Reception:
        """What becomes of a request."""
        return None

    def deeds(self, idiom: Idiom) -> tuple[tuple[float, Deed], ...]:
        """What is done, and how many seconds after the beginning."""
        return ()

    @property
    def lifetime(self) -> float | None:
        """Seconds after which each session is cut by the venue's own rule."""
        return None

    def skew(self, at: float) -> float:
        """Seconds the venue's calendar is wrong, `at` seconds after the beginning."""
        return 0.0

    def unfit(self, venue: Venue, idiom: Idiom) -> str | None:
        """Why it makes no sense at a venue; None when it does."""
        if absent := sorted(role.value for role in self.needs - idiom.roles):
            return f"{venue.name} has no {absent[0]}"
        if self.needs_token and not any(door.kind == "http" for door in venue.doors):
            return f"{venue.name} grants no token"
        return None

    @property
    def judges(self) -> bool:
        """It looks at frames at all."""
        return type(self).judge is not Fault.judge
