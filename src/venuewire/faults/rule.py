"""A frame on its way, and what may become of it.

Law 1: the rules are asked in the order in which the faults began. A delay is added to those
       before it, and asking goes on; the first other verdict than `Pass` is the frame's, and
       nobody is asked after that.
Law 2: what a frame is replaced by is not judged again.
"""

from enum import Enum
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from venuewire.core.idiom import Role


class Direction(Enum):
    UPSTREAM = "up"
    """From client to venue."""
    DOWNSTREAM = "down"


Way: TypeAlias = Literal["up", "down", "both"]
"""The directions a fault is for."""


def goes(direction: Direction, way: Way) -> bool:
    return way in ("both", direction.value)


class Frame(Struct, frozen=True):
    direction: Direction
    role: Role
    payload: bytes
    channel: str
    """Of a message, where the venue's idiom tells; elsewhere empty."""
    control: bool
    """A PING, PONG or CLOSE of the WebSocket protocol, and no text."""
    at: float
    """Seconds since the link opened."""
    now: float
    """Monotonic seconds."""


class Pass(Struct, frozen=True):
    """Nothing happens to it."""


class Delay(Struct, frozen=True):
    seconds: float
    overtakable: bool = False
    """What follows may arrive before it. Otherwise the order is kept."""


class Hold(Struct, frozen=True):
    """It arrives when the fault is over; if that never is, it does not."""


class Drop(Struct, frozen=True):
    pass


class Replace(Struct, frozen=True):
    """Others arrive in its place, in this order."""

    payloads: tuple[bytes, ...]
    binary: bool = False
    """As binary frames."""


class Slice(Struct, frozen=True):
    """It arrives in pieces of the stream, each in a packet of its own."""

    size: int
    """Bytes."""
    pause: float
    """Seconds between two of them."""


class Answer(Struct, frozen=True):
    """A client's frame is not heard; this comes back."""

    payload: bytes


class Exceed(Struct, frozen=True):
    """A client's frame is heard as one too many: the venue answers by its own rule."""


class HangUp(Struct, frozen=True):
    """The link ends, and the frame with it."""

    code: int = 1006
    reason: str = ""
    abort: bool = False
    """Without a CLOSE frame: the client sees 1006."""
    reset: bool = False
    """And with a TCP reset."""


Verdict: TypeAlias = Pass | Delay | Hold | Drop | Replace | Slice | Answer | Exceed | HangUp

PASS: Final = Pass()
DROP: Final = Drop()


class Fate(Struct, frozen=True):
    """What all rules together have decided."""

    verdict: Pass | Drop | Replace | Slice | Answer | Exceed | HangUp = PASS
    delay: float = 0.0
    """Seconds, before the verdict is carried out."""
    overtakable: bool = False


UNTOUCHED: Final = Fate()


class Lane:
    """One direction of one link: keeps the order of what may not be overtaken."""

    __slots__ = ("free_at",)

    def __init__(self) -> None:
        self.free_at = 0.0
        """Monotonic seconds: before this nothing arrives that keeps the order."""

    def due(self, fate: Fate, now: float) -> float:
        """When a frame with this fate arrives, in monotonic seconds."""
        moment = now + fate.delay
        if fate.overtakable:
            return moment
        self.free_at = max(self.free_at, moment)
        return self.free_at
