"""docs/explanation/evidence.md: what the campaigns have shown, in figures.

Law: every figure in it is counted by a run that anybody can repeat; the command stands beside it.
"""

from pathlib import Path

from msgspec import Struct

from simulation.bounds import BOUNDS, CONVERGES

PAGE = Path(__file__, "../../../docs/explanation/evidence.md").resolve()
YEAR_MS = 365.25 * 86_400_000


class Result(Struct, frozen=True):
    """The totals of one campaign."""

    kind: str
    worlds: int
    seeds: list[int]
    hours: float
    cases: dict[str, int]
    sums: dict[str, int]

    def sum(self, name: str) -> int:
        return self.sums.get(name, 0)

    @property
    def command(self) -> str:
        """One line for each stretch of seeds."""
        said, seeds = list[str](), sorted(self.seeds)
        for first in [seed for seed in seeds if seed - 1 not in seeds]:
            last = next(seed for seed in range(first, seeds[-1] + 1) if seed + 1 not in seeds)
            begin = "" if first == 1 else f" FIRST={first}"
            count = last - first + 1
            said.append(f"make simulate KIND={self.kind} SEEDS={count} HOURS={self.hours:g}{begin}")
        return "\n    ".join(said)

    @property
    def session_years(self) -> float:
        return self.sum("session ms") / YEAR_MS

    @property
    def cpu(self) -> float:
        """Seconds."""
        return max(self.sum("cpu us"), 1) / 1e6

    @property
    def frame_us(self) -> float:
        """Microseconds of CPU for a frame, both ends and the world included."""
        return self.cpu / max(self.sum("frames"), 1) * 1e6

    @property
    def days_per_second(self) -> float:
        return self.session_years * 365.25 / self.cpu


SUMMARY = """\
{result.command}: {result.worlds} worlds
{frames:,} frames delivered, {result.frame_us:.1f} us of CPU each; \
{result.session_years:.3f} session-years, {result.days_per_second:.2f} session-days per CPU second
{published:,} messages published, {messages:,} delivered; {gaps:,} gaps, {rotations:,} rotations, \
{suspects:,} suspicions, {deaths:,} links declared dead"""


def summary(result: Result) -> str:
    names = ("frames", "published", "messages", "gaps", "rotations", "suspects", "deaths")
    said = SUMMARY.format(result=result, **{name: result.sum(name) for name in names})
    if cases := sum(result.cases.values()):
        each = result.cpu * 1000 / cases
        faults, episodes = result.sum("faults"), result.sum("episodes")
        said += f"\n{cases:,} cases of {faults:,} faults in {episodes:,} episodes,"
        said += f" {each:.2f} ms of CPU each"
    return said


TEXT = """\
# Evidence

What the simulation has shown, in figures. `make evidence` runs all of it and writes this page;
each part can be run alone by the command beside it. A world is its seed: the same seed gives the
same history, byte for byte, in any process.

Both ends are the real ones: the client's kernel and dialect, the local venue's floor and dialect,
and between them the frames as bytes. Only sockets, clocks and chance are the world's
(`tests/simulation`). Every world has all venues in both editions, and three sessions at each.

## Faults

    {faults.command}

**{cases:,} cases**, and no invariant broken. A case is one fault, with seeded parameters and a
seeded window, lived through by one session from everything active to everything active again.
Beside them: loops that stood still, machines that slept, wall clocks that were set, applications
that left a channel and came back, or had a link replaced.

{counts}

What held, each with tests that show it can fail (`tests/simulation/test_invariants.py`):

- *No zombie.* A link on which nothing arrives any more, in either direction, is declared dead
  within its bound, plus the time our own loop was kept from its work. The bounds are those of
  [ARCHITECTURE.md](../../ARCHITECTURE.md):

{bounds}

- *No false death.* A link that no fault has touched is never declared dead, and a suspicion of it
  is withdrawn.
- *Every gap, once.* A message that was published on an active channel and did not come lies in a
  `Gap` of that channel; no two `Gap`s are for one interval. Excepted are single frames that a
  fault has eaten while the link lived on, and links on which a fault had changed a request, which
  a real network does not do.
- *No duplicate*, by whichever link.
- *Never more than two live links* of a session.
- *The connect budget* of a venue is never exceeded.
- *Convergence*: {converges:g} s after the last fault, at most, all wanted channels are active.
- *A last update*: a session that has ended has said so, and nothing after it.

What is not looked at: a link on which a fault had changed what was asked (at Kraken Futures, whose
answers name no request, also one with a delayed, lost or forged answer) until it is made anew; what
came within about a second of the wall clock being set; a channel that its application had given up;
two links of which one is more than 5 s behind the other, which may repeat; what is marked `KNOWN`
in `tests/simulation`. Where silence sends a probe while a ping is outstanding, that ping gets the
probe's time, once: 3 s at Kraken Spot, 5 s at Kraken Futures.

Cases by fault and venue:

{table}

## Healthy, in bad weather

    {healthy.command}
    {quiet.command}

**{years:.1f} session-years**, {healthy.session_years:.1f} of all venues and
{quiet.session_years:.1f} more of those that send no heartbeats every second, whose years cost less:
no link declared dead, no gap, no reconnect. Frames took up to 2 s each way; {stalls:,} loops stood
still for up to a second. Of {frames:,} frames came {suspects:,} suspicions, and the probe cleared
each of them. {replaced:,} links were replaced before the venue's cut after 24 hours.

## Rotations

    {rotations.command}

**{turned:,} links replaced** while {published:,} messages were published, in the same weather: no
gap, no duplicate, {reconnects:,} reconnects.

## Real reconnects

    python tests/real/reconnects.py

What 10,000 real links, one after the other on loopback, left behind in both processes:

```
{reconnected}
```

## Speed

One core of the machine that wrote this page; CPU time, both ends and the world itself included.

{speed}
"""


def page(results: list[Result], reconnected: str) -> str:
    """`reconnected` is what `tests/real/reconnects.py` has printed."""
    by_kind = {result.kind: result for result in results}
    faults, rotations = by_kind["faults"], by_kind["rotations"]
    healthy, quiet = by_kind["healthy"], by_kind["quiet"]
    return TEXT.format(
        faults=faults,
        cases=sum(faults.cases.values()),
        counts=_counts(faults),
        bounds=_bounds(),
        converges=CONVERGES,
        table=_table(faults.cases),
        healthy=healthy,
        quiet=quiet,
        years=healthy.session_years + quiet.session_years,
        stalls=healthy.sum("stalls") + quiet.sum("stalls"),
        frames=healthy.sum("frames") + quiet.sum("frames"),
        suspects=healthy.sum("suspects") + quiet.sum("suspects"),
        replaced=healthy.sum("rotations") + quiet.sum("rotations"),
        rotations=rotations,
        turned=rotations.sum("rotations"),
        published=rotations.sum("published"),
        reconnects=rotations.sum("reconnects"),
        reconnected=reconnected.strip(),
        speed=_speed(results),
    )


COUNTED = {
    "faults": "faults",
    "episodes": "episodes, each of one to three faults and what it takes to meet them",
    "mishap stall": "loops that stood still, 0.1 to 8 s",
    "mishap sleep": "machines that slept, 1 to 100 s",
    "mishap jump": "wall clocks that were set, up to an hour either way",
    "mishap leave": "applications that left a channel and came back",
    "rotations": "links replaced",
    "reconnects": "links lost and made again",
    "deaths": "links declared dead for silence",
    "published": "messages published",
    "gaps": "gaps reported",
}


def _counts(result: Result) -> str:
    rows = [f"| {what} | {result.sum(name):,} |" for name, what in COUNTED.items()]
    return "\n".join(["| what happened | how often |", "|---|---|", *rows])


def _bounds() -> str:
    rows = ["  | venue | nothing arrives here | nothing arrives there |", "  |---|---|---|"]
    for name, bound in BOUNDS.items():
        here = f"{bound.deaf:g} s"
        if bound.silent is not None:
            here = f"{bound.silent:g} s while subscribed"
        if bound.beats is not None:
            here = f"{bound.beats:g} learned beats and {bound.grace:g} s"
        rows.append(f"  | {name} | {here} | {bound.deaf:g} s |")
    return "\n".join(rows)


def _table(cases: dict[str, int]) -> str:
    venues = sorted({key.split(" ")[0] for key in cases})
    names = sorted({key.split(" ")[1] for key in cases})
    lines = [f"| fault | {' | '.join(venues)} |", "|---|" + "---|" * len(venues)]
    for name in names:
        counts = [cases.get(f"{venue} {name}", 0) for venue in venues]
        lines.append(f"| `{name}` | {' | '.join(f'{n:,}' if n else '' for n in counts)} |")
    totals = [sum(n for key, n in cases.items() if key.split(" ")[0] == v) for v in venues]
    return "\n".join([*lines, f"| all | {' | '.join(f'{n:,}' for n in totals)} |"])


def _speed(results: list[Result]) -> str:
    rows = [
        f"| {one.kind} | {one.sum('frames'):,} | {one.frame_us:.1f} us"
        f" | {one.days_per_second:.2f} |"
        for one in results
    ]
    heads = "| campaign | frames | CPU per frame | session-days per CPU second |"
    return "\n".join([heads, "|---|---|---|---|", *rows])
