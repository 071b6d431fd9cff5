"""The fuzzing campaign: crowds of clients against one served venue, leg by leg, and what must hold.

Law 1: after each leg everybody has left but the witnesses; what the venue uses is measured then.
Law 2: a campaign ends at its first objection, and names the cases that were open; each is tried
       alone at a new venue, and the first that fails by itself is made as small as is simple.
Law 3: what arrived is counted by the venue or by its answers, never by who sent it.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec import Struct

from endurance.asking import VICTIM
from endurance.crowd import Crowd, Kind, Order, Report, different
from endurance.frames import LONGEST_MESSAGE
from endurance.lobby import DOORS, Passes, passes
from endurance.served import DEMO, ENVIRONMENT, Served
from endurance.vitals import Trend, Vitals, descriptor_trend, memory_trend
from endurance.witness import Objection, Witnesses
from venuewire.core.terms import Edition

LEG_CASES: Final = 1_000_000
"""Numbers of cases set aside for each leg."""
RESTING: Final = 15.0
"""Seconds for everybody to have left."""
BETWEEN_ROUNDS: Final = 0.05
_TRIALS: Final = 60
"""Of making a case smaller."""
_LIFTED: Final = "max_requests = 100000\nrequests_window = 0.000001\nmax_accounts = 40"
CONFIGURATION: Final = "\n".join(
    [
        f"[limits]\nmessage_bytes = {LONGEST_MESSAGE}\nrequest_timeout = 3.0",
        f"[terms.kraken-spot]\n{_LIFTED}\nmax_symbols = 100\nmax_tokens = 100",
        f"[terms.kraken-futures]\n{_LIFTED}\nmax_products = 100\nmax_sessions = 1000",
        f"[terms.kraken-prime]\n{_LIFTED}\nmax_states = 100",
        f"[terms.kucoin]\n{_LIFTED}\nmax_symbols = 100",
        f"[terms.kucoin-futures]\n{_LIFTED}\nmax_symbols = 100",
    ]
)
"""Rates are not limited, or most frames would be answered unread; of what is kept only little may
be, so that it is full early and memory is flat from there on."""


class Scope(Struct, frozen=True, kw_only=True):
    kind: Kind
    count: int
    """Frames that the venue has to have read, or requests that it has to have answered."""
    seed: int = 1
    edition: Edition = "documented"
    legs: int = 20
    jobs: int = 2
    connections: int = 32
    """Of each job."""
    case: int | None = None
    """Only this one."""

    def command(self, case: int) -> str:
        return f"make fuzz KIND={self.kind} EDITION={self.edition} SEED={self.seed} CASE={case}"


class Outcome(Struct, frozen=True, kw_only=True):
    """Of one pass."""

    kind: Kind
    edition: Edition
    sent: int
    arrived: int
    different: int
    cases: int
    seconds: float
    rounds: int
    """Of all witnesses."""
    heard: int
    """Frames, by them."""
    latencies: tuple[float, float, float]
    """Seconds: the median, the 99th percentile and the longest."""
    memory: Trend
    descriptors: Trend
    breaches: int
    objections: list[str]


class Pass:
    """One venue, from its start to its end."""

    def __init__(self, scope: Scope, served: Served, folder: Path) -> None:
        self.scope = scope
        self.served = served
        self._folder = folder
        doors = frozenset(DOORS) - ({VICTIM} if scope.kind == "requests" else set())
        self.witnesses = Witnesses(served, doors)
        self.open: set[int] = set()
        self.suspects: set[int] = set()
        """Cases that were open since the last time when all was well."""
        self.accused: set[int] = set()
        """Cases that objected themselves."""
        self.cases = self.sent = self.arrived = 0
        self.objections: list[str] = []
        self.measured: list[Vitals] = []
        self.tables: list[Path] = []
        self._watched = False

    async def run(self) -> None:
        self._known = await asyncio.to_thread(passes, self.served, DEMO)
        await self.witnesses.enter()
        await self._rest()
        leg, each = 0, max(1, self.scope.count // self.scope.legs)
        while self.arrived < self.scope.count and not self.objections:
            await self._leg(leg, each)
            leg += 1
            await self._rest()
            self._progress()
        await self.witnesses.leave()

    async def _leg(self, leg: int, count: int) -> None:
        jobs = self.scope.jobs
        host, port = self.served.address
        orders = [
            Order(
                kind=self.scope.kind,
                host=host,
                port=port,
                passes=self._known,
                seed=self.scope.seed,
                first=leg * LEG_CASES + job,
                step=jobs,
                count=count // jobs + 1,
                connections=self.scope.connections,
                table=str(self._table(job)),
            )
            for job in range(jobs)
        ]
        before, self._watched = await self._counted(), True
        watching = asyncio.create_task(self._watch())
        reports = await asyncio.gather(*(self._crowd(order) for order in orders))
        self._watched = False
        await watching
        self.sent += sum(report.sent for report in reports)
        answered = sum(report.answered for report in reports)
        heard = await self._counted() - before
        self.arrived += heard if self.scope.kind == "frames" else answered

    def _table(self, job: int) -> Path:
        file = self._folder / f"{job}.bits"
        if file not in self.tables:
            self.tables.append(file)
        return file

    async def _counted(self) -> int:
        """Frames the venue has read, less those of the witnesses, which are few."""
        if self.served.ended is not None:
            return 0
        return await asyncio.to_thread(self.served.count, "received_frames")

    async def _crowd(self, order: Order) -> Report:
        """Its last report."""
        report = Report(0, 0, [], [], [], [])
        async with crowd(order) as lines:
            async for line in lines:
                report = msgspec.json.decode(line, type=Report)
                self.cases += len(report.begun)
                self.open |= set(report.begun)
                self.suspects |= set(report.begun)
                self.open -= set(report.ended)
                self.objections += report.objections
                self.accused |= set(report.accused)
                if self.objections:
                    break
        return report

    # What must hold.

    async def _watch(self) -> None:
        """Until something is wrong, or the leg is over."""
        while self._watched and not self.objections:
            before = self.open.copy()
            await self._step()
            if not self.objections:
                self.suspects &= before | self.open
            await asyncio.sleep(BETWEEN_ROUNDS)

    async def _step(self) -> None:
        try:
            self.objections += await asyncio.to_thread(wrong_with, self.served)
            if not self.objections:
                await self.witnesses.step()
        except Objection as objection:
            self.objections.append(str(objection))
        except (OSError, RuntimeError) as error:
            self.objections.append(f"the venue does not answer: {error!r}")

    async def _rest(self) -> None:
        """See that the witnesses are well, wait until only they are there, and measure."""
        await self._step()
        if self.objections:
            return
        wanted, until = len(self.witnesses.all), time.monotonic() + RESTING
        while (present := await asyncio.to_thread(connections, self.served)) > wanted:
            if time.monotonic() > until:
                self.objections.append(f"{present - wanted} connections are left")
                return
            await asyncio.sleep(0.05)
        self.measured.append(self.served.vitals())

    def _progress(self) -> None:
        last = self.measured[-1]
        print(
            f"{self.scope.kind} {self.scope.edition}: {self.arrived:,} of {self.scope.count:,},"
            f" {self.cases:,} connections, {last.memory / 2**20:.1f} MB, {last.descriptors}"
            f" descriptors, {self.witnesses.rounds:,} rounds of witnesses",
            file=sys.stderr,
            flush=True,
        )


def connections(served: Served) -> int:
    """But for the one that asks."""
    count: int = served.call("GET", "state")["connections"]
    return count - 1


def wrong_with(served: Served) -> list[str]:
    if served.ended is not None:
        return [f"the venue's process has ended: {served.ended}; {served.complaints[-2000:]}"]
    found = [f"the venue complains: {served.complaints[:2000]}"] if served.complaints else []
    failures = served.call("GET", "tally")["failures"]
    return [*found, f"{failures} internal failures"] if failures else found


@asynccontextmanager
async def crowd(order: Order) -> AsyncIterator[asyncio.StreamReader]:
    """The lines of its reports."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "endurance.crowd", msgspec.json.encode(order).decode()),
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        limit=2**24,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
        async with asyncio.timeout(RESTING if process.stdout.at_eof() else 0):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    except BaseException:
        process.kill()
        raise


async def run(scope: Scope) -> Outcome:
    began = time.monotonic()
    with (
        TemporaryDirectory(prefix="venuewire-fuzz-") as folder,
        Served(CONFIGURATION, "--edition", scope.edition) as served,
    ):
        one = Pass(scope, served, Path(folder))
        await one.run()
        tally = {} if served.ended is not None else served.call("GET", "tally")
        if one.objections:
            print("\n".join(one.objections), file=sys.stderr)
            await _explain(scope, one.accused or one.suspects | one.open)
        memory, descriptors = memory_trend(one.measured), descriptor_trend(one.measured)
        return Outcome(
            kind=scope.kind,
            edition=scope.edition,
            sent=one.sent,
            arrived=one.arrived,
            different=different(one.tables),
            cases=one.cases,
            seconds=time.monotonic() - began,
            rounds=one.witnesses.rounds,
            heard=sum(each.heard for each in one.witnesses.all),
            latencies=percentiles(one.witnesses.latencies),
            memory=memory,
            descriptors=descriptors,
            breaches=tally.get("breaches", 0),
            objections=one.objections,
        )


def percentiles(measured: Sequence[float]) -> tuple[float, float, float]:
    """The median, the 99th and the longest; `measured` is in order."""
    if not measured:
        return 0.0, 0.0, 0.0
    last = len(measured) - 1
    return measured[last // 2], measured[round(last * 0.99)], measured[last]


# One case alone.


async def alone(scope: Scope, case: int, keep: list[int] | None = None) -> list[str]:
    """What is wrong after this case, or these of its groups, at a new venue."""
    with Served(CONFIGURATION, "--edition", scope.edition) as served:
        known = passes(served, DEMO)
        host, port = served.address
        doors = frozenset(DOORS) - ({VICTIM} if scope.kind == "requests" else set())
        witnesses = Witnesses(served, doors)
        await witnesses.enter()
        order = Order(
            kind=scope.kind,
            host=host,
            port=port,
            passes=known,
            seed=scope.seed,
            first=case,
            step=1,
            count=1,
            connections=1,
            table="",
            keep=keep,
        )
        found: list[str] = []
        async with crowd(order) as lines:
            async for line in lines:
                found += msgspec.json.decode(line, type=Report).objections
        found += wrong_with(served)
        if not found:
            try:
                await witnesses.step()
            except Objection as objection:
                found.append(str(objection))
        await witnesses.leave()
        return found


async def _explain(scope: Scope, suspects: set[int]) -> None:
    """Print the command of the case that fails by itself, and how little of it suffices."""
    print(f"trying {len(suspects)} cases alone", file=sys.stderr)
    for case in sorted(suspects):
        if found := await alone(scope, case):
            print("\n".join([scope.command(case), *found]), file=sys.stderr)
            await shrink(scope, case)
            return
    print("none of them fails alone; run it again with the same SEED", file=sys.stderr)


async def shrink(scope: Scope, case: int) -> list[int]:
    """Leave out halves, quarters and so on, as long as it still fails."""
    groups = list(Crowd(_blank(scope, case)).pieces(case))
    kept, trials = list(range(len(groups))), 0
    size = len(kept) // 2
    while size and trials < _TRIALS:
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size :]
            trials += 1
            if await alone(scope, case, fewer):
                kept = fewer
                break
        else:
            size //= 2
    said = [f"{len(kept)} of {len(groups)} groups suffice:"]
    said += [f"  {bare[:300]!r}" for place in kept[-10:] for _, bare in groups[place]]
    print("\n".join(said), file=sys.stderr)
    return kept


def _blank(scope: Scope, case: int) -> Order:
    """To make the case's groups, not to send them: tokens are the venue's."""
    known = Passes(DEMO, "", {})
    return Order(
        kind=scope.kind,
        host="",
        port=0,
        passes=known,
        seed=scope.seed,
        first=case,
        step=1,
        count=1,
        connections=1,
        table="",
    )
