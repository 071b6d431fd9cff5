"""`venuewire ping`: the venue's own ping over one session, told in the manner of ping(8).

Law: each number is either a pong, a ping without one, or an attempt without a session; the
statistics count them apart.
"""

import asyncio
import time
from statistics import fmean, pstdev
from typing import Any, Final

from msgspec import Struct

from venuewire.cli.arguments import one_venue, seconds, venue_url
from venuewire.cli.lines import complain, printable, say, say_json
from venuewire.cli.loop import stop_signals
from venuewire.cli.outcome import FAILURE, SUCCESS, WrongUsage
from venuewire.client import Session, connect
from venuewire.core.errors import ConfigurationError, NotLive
from venuewire.core.secrets import redact_url

READY_TIMEOUT: Final = 5.0
"""Seconds for the session, before an attempt counts as failed."""
PONG_TIMEOUT: Final = 10.0


class PingOptions(Struct, frozen=True, kw_only=True):
    venue: str
    url: str | None = None
    count: int | None = None
    """None is for ever."""
    interval: float = 1.0
    """Seconds from one ping to the next, or to the pong when that takes longer."""
    json: bool = False


class Statistics:
    """Round trips in seconds."""

    def __init__(self) -> None:
        self.sent = 0
        self.errors = 0
        """Attempts that had no session to send on."""
        self.trips: list[float] = []

    @property
    def loss(self) -> float:
        """Percent of all attempts."""
        attempts = self.sent + self.errors
        return 100.0 * (attempts - len(self.trips)) / attempts if attempts else 0.0

    def spread(self) -> dict[str, float]:
        """Milliseconds; empty without a pong."""
        trips = [trip * 1000 for trip in self.trips]
        if not trips:
            return {}
        spread = {"min": min(trips), "avg": fmean(trips), "max": max(trips), "mdev": pstdev(trips)}
        return {name: round(value, 3) for name, value in spread.items()}

    def lines(self, venue: str) -> list[str]:
        sent = f"{self.sent} pings sent, {len(self.trips)} pongs received"
        errors = f", +{self.errors} errors" if self.errors else ""
        lines = [f"--- {venue} ping statistics ---", f"{sent}{errors}, {self.loss:.4g}% loss"]
        if spread := self.spread():
            numbers = "/".join(f"{value:.3f}" for value in spread.values())
            lines.append(f"round trip {'/'.join(spread)} = {numbers} ms")
        return lines


class Told:
    """What is written, as text or as JSON."""

    def __init__(self, venue: str, url: str, *, json: bool) -> None:
        self._venue = venue
        self._url = redact_url(url)
        self._json = json

    def begin(self) -> None:
        if not self._json:
            say(f"PING {self._venue} {self._url}")

    def pong(self, number: int, trip: float) -> None:
        text = f"from {self._url}: seq={number} time={trip * 1000:.2f} ms"
        self._say("pong", text, seq=number, rtt_ms=round(trip * 1000, 3))

    def loss(self, number: int, reason: str) -> None:
        text = f"from {self._url}: seq={number} {printable(reason)}"
        self._say("lost", text, seq=number, reason=reason)

    def end(self, statistics: Statistics) -> None:
        text = "\n".join(["", *statistics.lines(self._venue)])
        self._say(
            "summary",
            text,
            sent=statistics.sent,
            received=len(statistics.trips),
            errors=statistics.errors,
            loss_percent=round(statistics.loss, 3),
            rtt_ms=statistics.spread() or None,
        )

    def _say(self, event: str, text: str, **fields: Any) -> None:
        if self._json:
            say_json({"event": event, "venue": self._venue, "url": self._url, **fields})
        else:
            say(text)


async def ping(options: PingOptions) -> int:
    """The exit status: success when there was a pong at all."""
    venue = one_venue(options.venue)
    seconds("--interval", options.interval)
    url = venue.url if options.url is None else venue_url(venue, options.url)
    told = Told(venue.name, url, json=options.json)
    statistics = Statistics()
    try:
        session = connect(venue, url=url, private=False)
    except ConfigurationError as error:
        raise WrongUsage(f"{venue.name}: {error}") from None
    with stop_signals() as asked:
        told.begin()
        async with session:
            pinging = asyncio.create_task(_ping(session, options, statistics, told))
            stopping = asyncio.create_task(asked.wait())
            await asyncio.wait({pinging, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (pinging, stopping):
                task.cancel()
            (failed, _) = await asyncio.gather(pinging, stopping, return_exceptions=True)
        told.end(statistics)
    if isinstance(failed, Exception):
        raise failed
    return SUCCESS if statistics.trips else FAILURE


async def _ping(session: Session, options: PingOptions, statistics: Statistics, told: Told) -> None:
    number = 0
    while options.count is None or number < options.count:
        number += 1
        due = time.monotonic() + options.interval
        try:
            await _once(session, number, statistics, told)
        except ConfigurationError as error:
            complain(str(error))
            return
        if number != options.count:
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _once(session: Session, number: int, statistics: Statistics, told: Told) -> None:
    try:
        await session.ready(READY_TIMEOUT)
    except NotLive as error:
        statistics.errors += 1
        told.loss(number, str(error))
        return
    statistics.sent += 1
    try:
        trip = await session.ping(PONG_TIMEOUT)
    except NotLive as error:
        told.loss(number, str(error))
    else:
        statistics.trips.append(trip)
        told.pong(number, trip)
