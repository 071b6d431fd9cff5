"""`venuewire account` and `venuewire notification` as they are typed."""

from typing import Annotated, Final

import typer
from msgspec import UNSET

from venuewire.cli import orders
from venuewire.cli.accounts import account_order, add_account, list_accounts, revoke_account
from venuewire.cli.arguments import DEFAULT_BASE
from venuewire.cli.loop import run as run_on_loop
from venuewire.cli.notifications import list_notifications, withdraw_notification
from venuewire.cli.options import Base, Json

accounts: Final = typer.Typer(help="Say who is let in at a local venue.", no_args_is_help=True)
notifications: Final = typer.Typer(
    help="Send, list and withdraw a local venue's notifications.", no_args_is_help=True
)

Venue = Annotated[str | None, typer.Option(metavar="VENUE", help="Unless there is only one.")]


@accounts.command("add")
def add_account_command(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    venue: Venue = None,
    permission: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only these, in the venue's own words."),
    ] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Let someone in at a running local venue; prints the new key, this once.

    An account that is there already gets another key.
    """
    order = account_order(name, venue, permission)
    return run_on_loop(add_account(order, url, json=json))


@accounts.command("list")
def list_accounts_command(
    venue: Annotated[str | None, typer.Option(metavar="VENUE", help="Only there.")] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """List who is let in at a running local venue, without anybody's secrets."""
    return run_on_loop(list_accounts(venue, url, json=json))


@accounts.command("revoke")
def revoke_account_command(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    venue: Venue = None,
    key: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this key, as `account list` names it.")
    ] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Let nobody in by an account's keys any more; sessions opened by them end."""
    return run_on_loop(revoke_account(name, venue, key, url, json=json))


@notifications.command("add", short_help="Send a notification, as `notify` does.")
def notify_command(  # noqa: PLR0913, PLR0917 - a notification's own fields
    note: Annotated[str, typer.Option(metavar="TEXT")],
    type: Annotated[str | None, typer.Option(metavar="T", help="Such as maintenance.")] = None,
    priority: Annotated[str | None, typer.Option(metavar="P", help="low, medium, high.")] = None,
    effective_time: Annotated[
        int | None, typer.Option(metavar="MS", help="Since the epoch; usually now.")
    ] = None,
    expected_downtime_minutes: Annotated[int | None, typer.Option(metavar="N")] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Have a running local venue send a Kraken Futures notification; prints its id."""
    order = orders.NotifyOrder(
        note=note,
        type=UNSET if type is None else type,
        priority=UNSET if priority is None else priority,
        effective_time=UNSET if effective_time is None else effective_time,
        expected_downtime_minutes=(
            UNSET if expected_downtime_minutes is None else expected_downtime_minutes
        ),
    )
    return run_on_loop(orders.notify(order, url, json=json))


@notifications.command("list")
def list_notifications_command(url: Base = DEFAULT_BASE, json: Json = False) -> int:
    """List the notifications that a running local venue shows to new subscribers."""
    return run_on_loop(list_notifications(url, json=json))


@notifications.command("withdraw")
def withdraw_notification_command(
    id: Annotated[int, typer.Argument(metavar="ID")],
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Show a notification of a running local venue to no new subscriber."""
    return run_on_loop(withdraw_notification(id, url, json=json))
