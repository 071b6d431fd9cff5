"""What goes wrong in one episode of one venue's life: a plan, drawn before it begins.

Law 1: a plan follows from seed, stage and number of the episode alone, and not from what happened
       before; so any part of it can be left out, and the rest stays what it was.
Law 2: of the catalog, every fault that makes sense at the venue has the same chance.
"""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from venuewire.core.venue import Venue
from venuewire.faults.catalog import CATALOG, FAMILIES, parameters
from venuewire.faults.fault import Fault
from venuewire.faults.spec import Spec
from venuewire.faults.troubles import Troubles

Kind: TypeAlias = Literal["fault", "stall", "sleep", "jump", "leave", "rotate"]
"""A fault of the venue's; the program's loop, machine or wall clock; the application leaves a
channel and comes back, or wants another link."""


class Mishap(Struct, frozen=True, kw_only=True):
    episode: int
    number: int
    """In its episode."""
    kind: Kind
    after: float
    """Seconds from the beginning of the episode."""
    lasting: float = 0.0
    """Seconds."""
    amount: float = 0.0
    """Seconds, of a jump."""
    who: int = 0
    """Of the application's."""
    fault: Fault | None = None

    @property
    def id(self) -> str:
        return f"{self.episode}.{self.number}"

    @property
    def spec(self) -> Spec:
        assert self.fault is not None
        return Spec(self.fault, 0.0, self.lasting)

    def __str__(self) -> str:
        if self.fault is not None:
            return f"{self.id} {Spec(self.fault, self.after, self.lasting)}"
        return f"{self.id} {self.kind} {self.amount or self.lasting:g}@{self.after:g}"


Draw: TypeAlias = Callable[[Random], Any]

_WAYS: Final = ("up", "down", "both")
_OPENING: Final = frozenset(
    {
        *(fault.name for fault in FAMILIES["The doors"]),
        *(fault.name for fault in FAMILIES["The opening of a session"]),
        *("ack-never", "ack-wrong-id", "late-acks", "data-before-ack", "ack-without-data"),
        *("subscribe-509", "rate-limited", "bad-symbol", "clock-skew", "clock-jump"),
    }
)
"""Faults that are only met by who is connecting."""
_SILENT: Final = frozenset(
    {"black-hole", "half-open", "mute-pongs", "wrong-pongs", "late-pongs", "never-reading"}
)
"""Faults that are found out by silence, and may last longer than that takes."""
_ENDINGS: Final = ("close-1006", "close-1001", "close-1013", "reset")


def _seconds(low: float, high: float) -> Draw:
    """Short ones as often as long ones."""
    return lambda rng: round(low * (high / low) ** rng.random(), 3)


def _either_way(low: float, high: float) -> Draw:
    draw = _seconds(low, high)
    return lambda rng: draw(rng) * rng.choice((-1, 1))


def _some(rng: Random) -> int | None:
    return None if rng.random() < 0.3 else rng.randint(1, 4)


_DRAWS: Final[dict[str, Draw]] = {
    "seconds": _seconds(0.5, 12.0),
    "latency.seconds": _seconds(0.05, 3.0),
    "jitter.seconds": _seconds(0.1, 4.0),
    "reorder.seconds": _seconds(0.1, 2.0),
    "cut-24h.seconds": _seconds(3.0, 30.0),
    "cut-after.seconds": _seconds(2.0, 20.0),
    "clock-skew.seconds": _either_way(1.0, 300.0),
    "clock-jump.seconds": _either_way(1.0, 3600.0),
    "jitter": lambda rng: round(rng.random(), 3),
    "rate": _seconds(0.01, 0.5),
    "throttle.rate": lambda rng: rng.randint(80, 400),
    "pause": lambda _: 0.001,
    "size": lambda rng: rng.randint(1, 50),
    "huge-frame.size": lambda rng: rng.randint(1_000, 20_000),
    "way": lambda rng: rng.choice(_WAYS),
    "times": lambda rng: rng.randint(1, 4),
    "retry_after": lambda rng: rng.randint(1, 10),
    "notice": _seconds(0.5, 6.0),
    "downtime": _seconds(1.0, 15.0),
    "every": _seconds(1.0, 20.0),
    "coin": lambda rng: rng.choice(("BTC", "ETH")),
    "channel": lambda _: "",
}
"""By parameter, or by fault and parameter."""


@cache
def fitting(venue: str) -> tuple[type[Fault], ...]:
    """The faults that make sense there."""
    from venuewire.venues import venues  # noqa: PLC0415 - a cache is keyed by what can be hashed

    troubles = Troubles(venues()[venue], Random(0))
    return tuple(kind for kind in CATALOG.values() if troubles.unfit(kind()) is None)


def plan(seed: int, stage: str, venue: Venue, episode: int, people: int) -> list[Mishap]:
    """One to three faults, those without which they would not be met, and what a program and its
    application do meanwhile."""
    rng = Random(f"{seed}:{stage}:episode {episode}")
    drawn: list[Mishap] = []

    def add(kind: Kind, after: float, lasting: float = 0.0, **more: Any) -> None:
        drawn.append(
            Mishap(
                episode=episode,
                number=len(drawn),
                kind=kind,
                after=round(after, 3),
                lasting=round(lasting, 3),
                **more,
            )
        )

    for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3))):
        fault = draw_fault(rng.choice(fitting(venue.name)), rng)
        longest = 80.0 if fault.name in _SILENT else 40.0
        after, lasting = rng.uniform(0.0, 5.0), _seconds(1.0, longest)(rng)
        add("fault", after, lasting, fault=fault)
        if fault.name in _OPENING and rng.random() < 0.8:
            ending = CATALOG[rng.choice(_ENDINGS)]()
            add("fault", after + 0.01, lasting, fault=ending)
    _beside(rng, add, people)
    return drawn


def draw_fault(kind: type[Fault], rng: Random) -> Fault:
    chosen: dict[str, Any] = {}
    for name, field in parameters(kind).items():
        draw = _DRAWS.get(f"{kind.name}.{name}") or _DRAWS[name]
        chosen[name] = _some(rng) if name == "times" and field.default is None else draw(rng)
    return kind(**chosen)


def _beside(rng: Random, add: Callable[..., None], people: int) -> None:
    """What happens on the client's side, with faults or without."""
    if rng.random() < 0.25:
        add("stall", rng.uniform(0.0, 20.0), _seconds(0.1, 8.0)(rng))
    if rng.random() < 0.1:
        add("jump", rng.uniform(0.0, 10.0), amount=_either_way(0.5, 3600.0)(rng))
    if rng.random() < 0.05:
        add("sleep", rng.uniform(0.0, 10.0), _seconds(1.0, 100.0)(rng))
    if rng.random() < 0.3:
        away = _seconds(0.01, 10.0)(rng)
        add("leave", rng.uniform(0.0, 20.0), away, who=rng.randrange(people))
    if rng.random() < 0.1:
        add("rotate", rng.uniform(0.0, 20.0), who=rng.randrange(people))
