"""A team's venue for half a day, in minutes: venue and customers live in hasty time, and from
outside it is watched what both processes use.

Law 1: both are measured at the end of each round, in the same state each time.
Law 2: a leak is a trend (`endurance.vitals`); all who stay are live at the end of every round.
"""

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from msgspec import Struct

from endurance.customers import Order, Report
from endurance.fuzz import connections, wrong_with
from endurance.hasty import origin
from endurance.served import ENVIRONMENT, Served
from endurance.vitals import Trend, Vitals, descriptor_trend, memory_trend, vitals

RATE: Final = 72.0
"""Twelve hours in ten minutes."""
ROUND: Final = 360.0
"""Seconds of a round, by the venue's clock; less in a short run, which has `LEAST` rounds."""
LEAST: Final = 8
PATIENCE: Final = 60.0
"""Real seconds for a round to end."""
LEAVING: Final = 10.0
"""Real seconds in which all have left who do not stay."""
CONFIGURATION: Final = """
[limits]
request_timeout = 300.0
close_timeout = 60.0
[terms.kucoin]
timestamp_window = 120.0
[terms.kucoin-futures]
timestamp_window = 120.0
[terms.kraken-prime]
timestamp_window = 120.0
"""
"""What a pause of this machine must not break, as it counts `RATE` times."""


class Outcome(Struct, frozen=True, kw_only=True):
    hours: float
    """By the venue's clock."""
    minutes: float
    """Real."""
    rounds: int
    sessions: int
    """That stayed."""
    done: dict[str, int]
    admitted: int
    venue: tuple[Trend, Trend]
    """Memory in MB, and descriptors."""
    customers: tuple[Trend, Trend]
    objections: list[str]


class Soak:
    def __init__(self, served: Served, customers: "Customers", rounds: int) -> None:
        self._served = served
        self._customers = customers
        self._rounds = rounds
        self.report = Report({}, 0, 0, 0)
        self.venue: list[Vitals] = []
        self.customers: list[Vitals] = []
        self.objections: list[str] = []

    def run(self) -> None:
        self._measure()
        for number in range(1, self._rounds + 1):
            self._customers.go_on()
            self._measure()
            if self.objections:
                self.objections.insert(0, f"in round {number}:")
                return
            if number % max(1, self._rounds // 20) == 0:
                self._progress(number)

    def _measure(self) -> None:
        """When the round is over and who does not stay has left."""
        report = self._customers.report()
        if report is None:
            self.objections.append(f"the customers are silent; {self._customers.ended}")
        else:
            self.report = report
            if report.live < report.sessions:
                self.objections.append(f"{report.live} of {report.sessions} sessions are live")
        self.objections += wrong_with(self._served)
        if not self.objections:
            self._see_them_off()
            self.venue.append(self._served.vitals())
            self.customers.append(vitals(self._customers.pid))

    def _see_them_off(self) -> None:
        until = time.monotonic() + LEAVING
        while connections(self._served) > self.report.sessions and time.monotonic() < until:
            time.sleep(0.02)

    def _progress(self, number: int) -> None:
        venue, customers = self.venue[-1], self.customers[-1]
        live = f"{self.report.live} of {self.report.sessions} live"
        sides = "; ".join(
            f"{name} {each.memory / 2**20:.1f} MB, {each.descriptors} descriptors"
            for name, each in (("venue", venue), ("customers", customers))
        )
        print(f"round {number} of {self._rounds}: {live}; {sides}", file=sys.stderr, flush=True)


class Customers:
    """Their process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def ended(self) -> str:
        return f"exit status {self._process.poll()}"

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"on\n")
        self._process.stdin.flush()

    def report(self) -> Report | None:
        """None when they have ended, or say nothing for too long."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if ready else b""
        return msgspec.json.decode(line, type=Report) if line else None


def run(hours: float, seed: int = 1, rate: float = RATE) -> Outcome:
    length = min(ROUND, hours * 3600 / LEAST)
    rounds, began, moment = round(hours * 3600 / length), time.monotonic(), origin()
    hasty = (sys.executable, "-m", "endurance.hasty", str(rate), moment)
    with (
        Served(CONFIGURATION, command=(*hasty, "venue")) as served,
        _customers(hasty, served, rounds, length, seed) as customers,
    ):
        soak = Soak(served, customers, rounds)
        soak.run()
        tally = {} if served.ended is not None else served.call("GET", "tally")
        if len(soak.venue) < 2:
            raise RuntimeError("; ".join(soak.objections))
        return Outcome(
            hours=(time.monotonic() - began) * rate / 3600,
            minutes=(time.monotonic() - began) / 60,
            rounds=rounds,
            sessions=soak.report.sessions,
            done=soak.report.done,
            admitted=tally.get("admitted", 0),
            venue=(memory_trend(soak.venue), descriptor_trend(soak.venue)),
            customers=(memory_trend(soak.customers), descriptor_trend(soak.customers)),
            objections=soak.objections,
        )


@contextmanager
def _customers(
    hasty: tuple[str, ...], served: Served, rounds: int, length: float, seed: int
) -> Iterator[Customers]:
    order = Order(served.base, served.endpoints, rounds, length, seed)
    process = subprocess.Popen(
        [*hasty, "customers", msgspec.json.encode(order).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    try:
        yield Customers(process)
    finally:
        process.kill()
        process.communicate()
