"""Where `watch` shows what it sees: lines of text, lines of JSON, or a live table.

Law: the summary is the last thing said, and in text as in JSON it says which session is not live.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from rich.console import Console

from venuewire.cli.board import Board
from venuewire.cli.lines import aligned, describe, fields_of, name_of, say, say_json
from venuewire.cli.post import Post, Report
from venuewire.core.updates import Update


class Screen(Protocol):
    def begin(self, posts: Sequence[Post]) -> None: ...

    def hear(self, post: Post, update: Update) -> None: ...

    def tick(self, elapsed: float) -> None:
        """Several times a second."""
        ...

    def end(self, reports: Sequence[Report]) -> None:
        """The summary; the sessions are still open."""
        ...

    def close(self) -> None:
        """Leave a terminal as it was found, whatever has happened."""
        ...


class JsonLines:
    def begin(self, posts: Sequence[Post]) -> None:
        pass

    def hear(self, post: Post, update: Update) -> None:
        named = {"event": "update", "venue": post.venue, "update": name_of(update)}
        say_json({**named, **fields_of(update)})

    def tick(self, elapsed: float) -> None:
        pass

    def end(self, reports: Sequence[Report]) -> None:
        sessions = [msgspec.structs.asdict(report) for report in reports]
        live = all(report.live for report in reports)
        say_json({"event": "summary", "sessions": sessions, "ok": live})

    def close(self) -> None:
        pass


class TextLines:
    def __init__(self, heading: str, duration: float | None) -> None:
        self._heading = heading
        self._duration = duration

    def begin(self, posts: Sequence[Post]) -> None:
        say(self._heading)
        say("until it is stopped" if self._duration is None else f"for {self._duration:g} s")

    def hear(self, post: Post, update: Update) -> None:
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        say(f"{clock}.{int(now * 1000) % 1000:03} {post.venue:15}{describe(update)}")

    def tick(self, elapsed: float) -> None:
        pass

    def end(self, reports: Sequence[Report]) -> None:
        say("")
        for line in aligned(list(map(_row, reports))):
            say(line)
        say(verdict(reports))

    def close(self) -> None:
        pass


class LiveTable:
    """On a terminal. Its last picture is the summary."""

    def __init__(self, heading: str, duration: float | None) -> None:
        self._board = Board(Console(), heading, duration)

    def begin(self, posts: Sequence[Post]) -> None:
        self._board.open(posts)

    def hear(self, post: Post, update: Update) -> None:
        self._board.hear(post, update)

    def tick(self, elapsed: float) -> None:
        self._board.draw(elapsed)

    def end(self, reports: Sequence[Report]) -> None:
        self._board.close()
        say(verdict(reports))

    def close(self) -> None:
        self._board.close()


def screen(heading: str, duration: float | None, *, json: bool) -> Screen:
    if json:
        return JsonLines()
    return (LiveTable if sys.stdout.isatty() else TextLines)(heading, duration)


def verdict(reports: Sequence[Report]) -> str:
    """On all sessions together, in one line."""
    dead = [report.venue for report in reports if not report.live]
    count = len(reports)
    if dead:
        return f"{len(dead)} of {count} sessions not live: {', '.join(dead)}"
    return "the session is live" if count == 1 else f"all {count} sessions are live"


def _row(report: Report) -> dict[str, Any]:
    row = msgspec.structs.asdict(report)
    trip = row.pop("rtt_ms")
    return {**row, "rtt ms": "-" if trip is None else f"{trip:.2f}"}
