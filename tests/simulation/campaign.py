"""Runs the worlds of a campaign, one seed after another, and judges them."""

import gc
from collections import Counter
from time import process_time

from msgspec import Struct

from simulation.calm import Calm, Turning
from simulation.invariants import Broken, leaking
from simulation.stage import Stage, Tally
from simulation.world import World
from venuewire.core.terms import Edition
from venuewire.venues import venues

EDITIONS: tuple[Edition, ...] = ("documented", "observed")
KINDS: dict[str, type[Stage]] = {
    "faults": Stage,
    "healthy": Calm,
    "quiet": Calm,
    "rotations": Turning,
}
VENUES = {"quiet": ("kucoin", "kucoin-futures", "kraken-prime")}
"""Without heartbeats of their own, a year of them is a tenth of the frames."""


class Scope(Struct, frozen=True):
    """Which part of a campaign is meant."""

    seed: int
    hours: float
    kind: str = "faults"
    venues: tuple[str, ...] = ()
    """Empty: all."""
    editions: tuple[Edition, ...] = EDITIONS
    keep: frozenset[str] | None = None
    """Of the mishaps, by `episode.number`; None: all."""

    def stages(self, world: World) -> list[Stage]:
        chosen = [venues()[name] for name in self.venues or venues()]
        return [
            KINDS[self.kind](world, venue, edition, keep=self.keep)
            for venue in chosen
            for edition in self.editions
        ]


class Failure(Struct, frozen=True):
    scope: Scope
    invariant: str
    stage: str
    what: str
    episode: int

    def __str__(self) -> str:
        return f"seed {self.scope.seed}: {self.what}"


class Outcome(Struct, frozen=True):
    tally: Tally
    failure: Failure | None
    transcript: list[str]


def run(scope: Scope, *, telling: bool = False) -> Outcome:
    """One world, to its end or to the first invariant that does not hold."""
    world = World(scope.seed)
    world.transcript = [] if telling else None
    gc.disable()  # Nothing made for a frame is in a cycle; a world is let go as a whole.
    began = process_time()
    failure, stages = _play(world, scope)
    tally = Tally(Counter(), Counter())
    for stage in stages:
        tally.add(stage.tally)
    gc.enable()
    gc.collect()
    tally.sums["virtual ms"] += round(world.seconds * 1000)
    tally.sums["cpu us"] += round((process_time() - began) * 1e6)
    tally.sums["worlds"] += 1
    return Outcome(tally, failure, world.transcript or [])


def _play(world: World, scope: Scope) -> tuple[Failure | None, list[Stage]]:
    stages: list[Stage] = []
    try:
        stages += scope.stages(world)
        for stage in stages:
            stage.open()
        world.run(scope.hours * 3600)
        for stage in stages:
            stage.stopping = True
        while not all(stage.stopped for stage in stages):
            world.run(10.0)
        _expect_no_secret(world)
    except Broken as broken:
        return _failure(scope, stages, broken), stages
    except Exception as error:  # noqa: BLE001 - whatever the kernel raises is what we look for
        what = f"{type(error).__name__}: {error} (at {world.seconds:.3f})"
        return _failure(scope, stages, Broken("no exception", "", what)), stages
    return None, stages


def _expect_no_secret(world: World) -> None:
    if what := leaking(world.transcript or (), world.secrets):
        raise Broken("secrets", "the transcript", what)


def _failure(scope: Scope, stages: list[Stage], broken: Broken) -> Failure:
    """An exception does not say where it was; then the episode is the highest there was."""
    at = [stage for stage in stages if broken.where.startswith(f"{stage.name} ")] or stages
    episode = max((stage.episode for stage in at), default=0)
    return Failure(scope, broken.invariant, broken.where, str(broken), episode)
