"""The live table of `watch`: a row per session, and below it what was said last.

Law 1: it fits the terminal. Columns are left out in the order of their `rank`, and what was said
       last gets the lines that remain.
Law 2: of each channel only the latest message is listed, so that the rare is not washed away.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from venuewire.cli.lines import describe, milliseconds, name_of
from venuewire.cli.post import Post
from venuewire.core.health import Health
from venuewire.core.messages import Message
from venuewire.core.updates import Update

_PADDING: Final = 2
_RECENT: Final = 24
"""Lines kept; a terminal shows what it has room for."""
_LEAST_RECENT: Final = 3
_WIDEST: Final = 200
_STYLES: Final = {
    "alive": "bold green",
    "suspect": "bold yellow",
    "dead": "bold red",
    "ready": "green",
    "waiting": "yellow",
    "closed": "red",
}
_UPDATE_STYLES: Final = {
    "Ready": "green",
    "Alive": "green",
    "Subscribed": "green",
    "Rotated": "green",
    "Maintenance": "yellow",
    "Notice": "yellow",
    "Stalled": "yellow",
    "Suspect": "yellow",
    "Gap": "yellow",
    "Unreadable": "yellow",
    "Backfilled": "green",
    "Overrun": "red",
    "Refused": "red",
    "Down": "bold red",
    "Message": "dim",
}


class Column(Struct, frozen=True):
    title: str
    width: int
    rank: int
    """The highest is left out first."""
    cell: Callable[[Post, Health], str]
    right: bool = True
    stretches: bool = False
    """It takes whatever room is left."""


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds / 60:.0f} min"


COLUMNS: Final = (
    Column("venue", 14, 0, lambda post, _: post.venue, right=False),
    Column("phase", 8, 0, lambda _, health: health.phase.name.lower(), right=False),
    Column("verdict", 7, 0, lambda _, health: health.verdict.value, right=False),
    Column("round trip", 10, 0, lambda _, health: milliseconds(health.round_trip)),
    Column("heard", 6, 0, lambda _, health: _age(health.frame_age)),
    Column("pong", 6, 4, lambda _, health: _age(health.pong_age)),
    Column("channels", 8, 6, lambda _, health: f"{health.active}/{health.channels}"),
    Column("frames", 7, 8, lambda _, health: str(health.counters.frames)),
    Column("messages", 8, 3, lambda _, health: str(health.counters.messages)),
    Column("pongs", 7, 2, lambda _, h: f"{h.counters.pongs}/{h.counters.pings}"),
    Column("beats", 6, 7, lambda _, health: str(health.counters.heartbeats)),
    Column("notes", 5, 5, lambda post, _: str(post.notes.count)),
    Column("reconn", 6, 1, lambda _, health: str(health.counters.reconnects)),
    Column("rotated", 7, 9, lambda _, health: str(health.counters.rotations)),
    Column("gaps", 4, 1, lambda _, health: str(health.counters.gaps)),
    Column("lag", 6, 11, lambda _, health: _age(health.lag)),
    Column("last event", 16, 10, lambda post, _: post.last, right=False, stretches=True),
)


def fitting(width: int) -> list[Column]:
    """The columns a terminal of this width has room for."""
    chosen = list(COLUMNS)
    while sum(column.width + _PADDING for column in chosen) > width:
        least = max(chosen, key=lambda column: column.rank)
        if least.rank == 0:
            break
        chosen.remove(least)
    return chosen


class Recent:
    """What was said last, the newest at the end. Rendered only when it is shown."""

    def __init__(self) -> None:
        self._said: dict[object, tuple[float, str, Update]] = {}

    def hear(self, venue: str, update: Update) -> None:
        key = (venue, update.channel) if isinstance(update, Message) else object()
        self._said.pop(key, None)
        self._said[key] = time.time(), venue, update
        if len(self._said) > _RECENT:
            del self._said[next(iter(self._said))]

    def lines(self, count: int) -> list[Text]:
        return [_line(*said) for said in list(self._said.values())[-count:]]


def _line(moment: float, venue: str, update: Update) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(moment))
    line = Text(f"{clock}  {venue:15}", no_wrap=True, overflow="ellipsis")
    return line.append(describe(update), _UPDATE_STYLES.get(name_of(update), ""))


class Board:
    def __init__(self, console: Console, heading: str, duration: float | None) -> None:
        self._console = console
        self._heading = heading
        self._duration = duration
        self._posts: Sequence[Post] = ()
        self._recent = Recent()
        self._elapsed = 0.0
        self._live = Live(
            console=console,
            auto_refresh=False,
            get_renderable=self._picture,
            vertical_overflow="crop",
        )

    def open(self, posts: Sequence[Post]) -> None:
        self._posts = posts
        self._live.start(refresh=True)

    def hear(self, post: Post, update: Update) -> None:
        self._recent.hear(post.venue, update)

    def draw(self, elapsed: float) -> None:
        self._elapsed = elapsed
        self._live.refresh()

    def close(self) -> None:
        """The last picture stays."""
        self._live.stop()

    def _picture(self) -> RenderableType:
        above = [Text(self._heading, "bold"), self._progress(), Text(), self._table(), Text()]
        room = self._console.height - len(self._posts) - self._heading.count("\n") - 8
        below = self._recent.lines(min(_RECENT, max(_LEAST_RECENT, room)))
        return Group(*above, *below)

    def _progress(self) -> RenderableType:
        if self._duration is None:
            return Text(f"{self._elapsed:.0f} s; Ctrl-C ends it", "dim")
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self._duration, completed=self._elapsed, width=30)
        told = f"{min(self._elapsed, self._duration):.0f} of {self._duration:g} s; Ctrl-C ends it"
        grid.add_row(bar, Text(told, "dim"))
        return grid

    def _table(self) -> Table:
        columns = fitting(min(self._console.width, _WIDEST))
        table = Table(
            box=None,
            padding=(0, _PADDING, 0, 0),
            header_style="dim",
            pad_edge=False,
            expand=columns[-1].stretches,
        )
        for column in columns:
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                min_width=column.width,
                max_width=None if column.stretches else column.width,
                ratio=1 if column.stretches else None,
                no_wrap=True,
                overflow="ellipsis",
            )
        for post in self._posts:
            table.add_row(*_cells(columns, post))
        return table


def _cells(columns: Iterable[Column], post: Post) -> list[Text]:
    health = post.health
    texts = [column.cell(post, health) for column in columns]
    return [Text(text, _STYLES.get(text, "")) for text in texts]
