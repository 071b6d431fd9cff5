"""What an operator has a running local venue do, and asks it, as it is typed: `venuewire session`,
`clock`, `journal`, `state`, `limit` and `drain`."""

from typing import Annotated, Final

import typer
from msgspec import UNSET

from venuewire.cli.arguments import DEFAULT_BASE
from venuewire.cli.condition import (
    DrainOrder,
    drain,
    list_limits,
    set_limits,
    tell_state,
    wanted_limits,
)
from venuewire.cli.loop import run as run_on_loop
from venuewire.cli.options import Base, Json
from venuewire.cli.past import JournalWish, tell_journal
from venuewire.cli.sessions import (
    AdvanceOrder,
    AgeOrder,
    CutOrder,
    advance_clock,
    age_sessions,
    cut_sessions,
    list_sessions,
)
from venuewire.cli.units import span

sessions: Final = typer.Typer(
    help="List, cut and age the sessions of a local venue.", no_args_is_help=True
)
clock: Final = typer.Typer(help="Let time pass at a local venue.", no_args_is_help=True)

limits: Final = typer.Typer(help="What a local venue holds peers to.", no_args_is_help=True)

Venue = Annotated[str | None, typer.Option(metavar="VENUE", help="Only there.")]
Number = Annotated[
    int | None,
    typer.Option("--session", metavar="N", min=0, help="Only this, as `session list` numbers it."),
]
Span = Annotated[str, typer.Argument(metavar="SECONDS", help="Or 15m, 24h, 1d12h.")]


@sessions.command("list")
def list_sessions_command(
    venue: Venue = None,
    after: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of one venue, those with a greater number.")
    ] = 0,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="So many at most.")
    ] = 100,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """List who is connected to a running local venue, and what they are subscribed to."""
    return run_on_loop(list_sessions(venue, after, limit, url, json=json))


@sessions.command("cut")
def cut_sessions_command(  # noqa: PLR0913, PLR0917 - the options of one command
    venue: Venue = None,
    session: Number = None,
    code: Annotated[
        int | None,
        typer.Option(metavar="CODE", min=1000, max=4999, help="Of the CLOSE frame."),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="In the CLOSE frame.")] = "",
    abort: Annotated[
        bool, typer.Option("--abort", help="Without a CLOSE frame: clients see 1006.")
    ] = False,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """End all sessions of a running local venue, or one venue's, or one.

    Each ends its venue's own way, as at the end of its lifetime, unless there is a code. Exit
    status 1 when there is no such session.
    """
    order = CutOrder(
        venue=UNSET if venue is None else venue,
        session=UNSET if session is None else session,
        code=UNSET if code is None else code,
        reason=reason,
        abort=abort,
    )
    return run_on_loop(cut_sessions(order, url, json=json))


@sessions.command("age")
def age_sessions_command(
    seconds: Span,
    venue: Venue = None,
    session: Number = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Have sessions of a running local venue believe that they are so old.

    One that is older than its venue allows is cut. Exit status 1 when there is no such session.
    """
    order = AgeOrder(
        seconds=span("SECONDS", seconds),
        venue=UNSET if venue is None else venue,
        session=UNSET if session is None else session,
    )
    return run_on_loop(age_sessions(order, url, json=json))


@clock.command("advance")
def advance_clock_command(
    seconds: Span, venue: Venue = None, url: Base = DEFAULT_BASE, json: Json = False
) -> int:
    """Make all sessions and tokens of a running local venue older by so much.

    No clock on the wire moves, and nobody counts as silent meanwhile.
    """
    order = AdvanceOrder(seconds=span("SECONDS", seconds), venue=UNSET if venue is None else venue)
    return run_on_loop(advance_clock(order, url, json=json))


def journal_command(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on telling, until Ctrl-C.")
    ] = False,
    venue: Venue = None,
    after: Annotated[
        int, typer.Option(metavar="N", min=0, help="Only events with a greater number.")
    ] = 0,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Tell what happened lately at a running local venue, the oldest first."""
    wish = JournalWish(venue=venue, after=after, follow=follow)
    return run_on_loop(tell_journal(wish, url, json=json))


def state_command(url: Base = DEFAULT_BASE, json: Json = False) -> int:
    """Tell how a running local venue is doing; with --json also its limits and terms."""
    return run_on_loop(tell_state(url, json=json))


@limits.command("list")
def list_limits_command(url: Base = DEFAULT_BASE, json: Json = False) -> int:
    """List what a running local venue holds peers to, whatever the venue."""
    return run_on_loop(list_limits(url, json=json))


@limits.command("set")
def set_limits_command(
    limits: Annotated[
        list[str], typer.Argument(metavar="NAME=NUMBER", help="NAME=none where there may be none.")
    ],
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Have a running local venue hold peers to other limits, from now on.

    Whoever is connected stays; those that are not named stay as they are.
    """
    return run_on_loop(set_limits(wanted_limits(limits), url, json=json))


def drain_command(
    off: Annotated[bool, typer.Option("--off", help="No longer.")] = False,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Have a running local venue say that it is unhealthy, so that nobody new is sent there.

    Whoever comes is served all the same, until it is told to end.
    """
    return run_on_loop(drain(DrainOrder(draining=not off), url, json=json))
