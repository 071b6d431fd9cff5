"""`venuewire watch`: holds a live session to each venue, and shows how it fares.

Law 1: exit status 0 says that each session was ready and alive at the end, and nothing else.
Law 2: whatever ends it (time, a signal, the end of all sessions) ends it in the same way: judge,
       tell, close.
"""

import asyncio
import math
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from random import Random
from typing import Final

from msgspec import Struct

from venuewire.cli.arguments import by_venue, chosen_venues, seconds
from venuewire.cli.bustle import SAYING, bustle
from venuewire.cli.loop import stop_signals, wait
from venuewire.cli.outcome import FAILURE, SUCCESS, WrongUsage
from venuewire.cli.post import Post, Report
from venuewire.cli.roster import Entry, given_urls, roster
from venuewire.cli.screens import Screen, screen
from venuewire.client import connect
from venuewire.core.venue import Venue
from venuewire.server import LocalVenue

DRAW_EVERY: Final = 0.25
"""Seconds."""


class WatchOptions(Struct, frozen=True, kw_only=True):
    """As they were typed."""

    venues: tuple[str, ...]
    local: bool = False
    urls: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    duration: float | None = None
    """Seconds; None is for ever."""
    json: bool = False


class Ending(Struct, frozen=True):
    asked: asyncio.Event
    """Set by a signal."""
    duration: float | None


async def watch(options: WatchOptions) -> int:
    """The exit status. Raises `WrongUsage` before anything is dialed."""
    venues = chosen_venues(options.venues)
    if options.duration is not None:
        seconds("--for", options.duration)
    urls = given_urls(by_venue("--url", options.urls, "=", venues), venues)
    if options.local and urls:
        raise WrongUsage("--local and --url contradict each other")
    async with AsyncExitStack() as stack:
        asked = stack.enter_context(stop_signals())
        local = None
        if options.local:
            local = await stack.enter_async_context(LocalVenue(*venues))
            urls = local.endpoints
        entries = roster(
            venues,
            urls=urls,
            subscribe=by_venue("--subscribe", options.subscribe, ":", venues),
            environment=os.environ,
            local=options.local,
        )
        heading = _heading(venues, local)
        shown = screen(heading, options.duration, json=options.json)
        ending = Ending(asked, options.duration)
        stack.callback(shown.close)
        reports = await _hold(entries, shown, ending, local)
    return SUCCESS if all(report.live for report in reports) else FAILURE


def _heading(venues: Sequence[Venue], local: LocalVenue | None) -> str:
    count = "1 session" if len(venues) == 1 else f"{len(venues)} sessions"
    if local is None:
        return f"venuewire: {count}"
    return f"venuewire: {count} to the embedded local venue at {local.base}\n{SAYING}"


async def _hold(
    entries: Sequence[Entry], shown: Screen, ending: Ending, local: LocalVenue | None
) -> list[Report]:
    """Keep the sessions until it is time; tell how they were then, and close them."""
    async with AsyncExitStack() as stack:
        posts = [await _open(entry, stack) for entry in entries]
        shown.begin(posts)
        listening = [asyncio.create_task(post.listen(shown.hear)) for post in posts]
        aside = [asyncio.create_task(post.ask()) for post in posts]
        if local is not None:
            aside.append(asyncio.create_task(bustle(local, entries, Random())))
        try:
            await _until_the_end(listening, shown, ending)
        finally:
            await _cancel([*listening, *aside])
        reports = [Report.of(post) for post in posts]
        shown.end(reports)
        return reports


async def _open(entry: Entry, stack: AsyncExitStack) -> Post:
    session = connect(
        entry.venue, credentials=entry.credentials, url=entry.url, private=entry.private
    )
    for channel in entry.channels:
        session.want(channel)
    await stack.enter_async_context(session)
    return Post(session)


async def _until_the_end(
    listening: Sequence[asyncio.Task[None]], shown: Screen, ending: Ending
) -> None:
    began = time.monotonic()
    while not ending.asked.is_set() and not _all_over(listening):
        elapsed = time.monotonic() - began
        shown.tick(elapsed)
        rest = math.inf if ending.duration is None else ending.duration - elapsed
        if rest <= 0:
            break
        await wait(ending.asked, min(DRAW_EVERY, rest))


def _all_over(listening: Sequence[asyncio.Task[None]]) -> bool:
    """Raises what went wrong in listening, such as the end of whoever reads our output."""
    over = [task for task in listening if task.done()]
    for task in over:
        task.result()
    return len(over) == len(listening)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
