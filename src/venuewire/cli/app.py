"""The commands as they are typed: names, options and their help; what they do is next door.

Law: a command returns its exit status; whatever ends it otherwise becomes one line here.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import UNSET
from typer.exceptions import TyperException

from venuewire.cli import orders
from venuewire.cli.arguments import DEFAULT_BASE
from venuewire.cli.config_file import config_schema as schema_of_file
from venuewire.cli.lines import complain, forget_stdout, say
from venuewire.cli.log import LogFormat, log_to_stderr
from venuewire.cli.loop import run as run_on_loop
from venuewire.cli.options import Base, Json
from venuewire.cli.outcome import FAILURE, SUCCESS, USAGE, CommandFailed, WrongUsage
from venuewire.cli.ping import PingOptions, ping
from venuewire.cli.serve import DEFAULT_LISTEN, ServeOptions, serve
from venuewire.cli.state_commands import accounts, notifications, notify_command
from venuewire.cli.venue_commands import (
    clock,
    drain_command,
    journal_command,
    limits,
    sessions,
    state_command,
)
from venuewire.cli.watch import WatchOptions, watch
from venuewire.core.errors import ConfigurationError, VenuewireError
from venuewire.core.terms import Edition

app: Final = typer.Typer(
    name="venuewire",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

TokenFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Its token lets other machines give orders.")
]
LogLines = Annotated[
    LogFormat | None,
    typer.Option(help="Tell on standard error what happens, a line for each event."),
]
DrainDelay = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=0.0, max=3600.0, help="From /healthz 503 to the goodbyes."),
]
EditionName = Annotated[
    Edition | None, typer.Option(help="The venues' pages to the letter, or what recordings show.")
]
ConfigFile = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Accounts, and the venues' numbers.")
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=256, help="Processes that share the port; usually 1."),
]
StateFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where accounts and the like survive; else in memory."),
]


def run(arguments: Sequence[str]) -> int:
    """The exit status; says what went wrong."""
    try:
        log_to_stderr(os.environ)
        _check_encoding(arguments)
        status = app(list(arguments), prog_name="venuewire", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        told = error.format_message() or "say what to do; --help lists the commands"
        is_help = type(error).__name__ == "NoArgsIsHelpError"  # typer shows it to nobody.
        (say if is_help else complain)(told)
        return error.exit_code
    except CommandFailed as error:
        complain(str(error))
        return error.status
    except VenuewireError as error:
        complain(str(error))
        return USAGE if isinstance(error, ConfigurationError) else FAILURE
    except BrokenPipeError:
        forget_stdout()
        return FAILURE
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours
        complain(_bug(error))
        return FAILURE
    return status if isinstance(status, int) else SUCCESS


def _check_encoding(arguments: Sequence[str]) -> None:
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        raise WrongUsage("an argument is not UTF-8") from None


def _bug(error: Exception) -> str:
    """Its type and place, not its text: that may quote anything."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"a bug of its own: {type(error).__name__} at {place.filename}:{place.lineno}"


def _version() -> str:
    try:
        return version("venuewire")
    except PackageNotFoundError:
        return "(not installed)"


@app.callback(invoke_without_command=True)
def venuewire(
    context: typer.Context,
    tell_version: Annotated[bool, typer.Option("--version", help="Say which it is.")] = False,
) -> int | None:
    """Both ends of the exchange WebSocket: sessions provably alive, and the venue to prove it on.

    Exit status: 0 success, 1 a verdict that fails, 2 wrong usage. VENUEWIRE_LOG=info or debug in
    the environment shows more of what goes on.
    """
    if tell_version:
        say(f"venuewire {_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        say(context.get_help())
        return USAGE
    return None


@app.command("watch")
def watch_command(  # noqa: PLR0913, PLR0917 - the options of one command
    venues: Annotated[list[str], typer.Argument(metavar="VENUE", help="`all`, or names.")],
    local: Annotated[
        bool, typer.Option("--local", help="Start the embedded local venue, and watch that.")
    ] = False,
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="VENUE=URL", help="In place of the real venue."),
    ] = None,
    subscribe: Annotated[
        list[str] | None,
        typer.Option(metavar="VENUE:CHANNEL", help="In place of that venue's usual channels."),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", min=0.0, help="End by itself; else never."),
    ] = None,
    json: Json = False,
) -> int:
    """Hold a live session to each venue, and show how it fares.

    Exit status 0 only if every session is live at the end. Private channels need credentials:
    VENUEWIRE_KUCOIN_API_KEY, _API_SECRET and _PASSPHRASE in the environment, and likewise for the
    other venues. A local venue has demo accounts.
    """
    options = WatchOptions(
        venues=tuple(venues),
        local=local,
        urls=tuple(url or ()),
        subscribe=tuple(subscribe or ()),
        duration=duration,
        json=json,
    )
    return run_on_loop(watch(options))


@app.command("serve")
def serve_command(  # noqa: PLR0913, PLR0917 - the options of one command
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help=f"Usually {DEFAULT_LISTEN}; port 0 is a free one."),
    ] = None,
    venue: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these; usually all.")
    ] = None,
    edition: EditionName = None,
    config: ConfigFile = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="Such as half-open@30+60; `fault list --known`."),
    ] = None,
    state: StateFile = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM, with chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM.")] = None,
    control_token_file: TokenFile = None,
    log_format: LogLines = None,
    workers: Workers = None,
    drain_delay: DrainDelay = 0.0,
    config_schema: Annotated[
        bool, typer.Option("--config-schema", help="Print the JSON Schema of the file, and end.")
    ] = False,
    json: Json = False,
) -> int:
    """Be the venue: all of them on one port, until SIGTERM or Ctrl-C."""
    if config_schema:
        say(schema_of_file().decode())
        return SUCCESS
    options = ServeOptions(
        listen=listen,
        venues=tuple(venue or ()),
        edition=edition,
        config=config,
        tls_cert=tls_cert,
        tls_key=tls_key,
        faults=tuple(fault or ()),
        state=state,
        control_token_file=control_token_file,
        log_format=log_format,
        workers=workers,
        drain_delay=drain_delay,
        json=json,
    )
    return run_on_loop(serve(options))


@app.command("ping", short_help="Ping a venue by its own rule.")
def ping_command(
    venue: Annotated[str, typer.Argument(metavar="VENUE")],
    url: Annotated[str | None, typer.Option(help="In place of the real venue.")] = None,
    count: Annotated[
        int | None, typer.Option("-c", "--count", min=1, help="End after so many.")
    ] = None,
    interval: Annotated[float, typer.Option("-i", "--interval", metavar="SECONDS", min=0.01)] = 1.0,
    json: Json = False,
) -> int:
    """Ping a venue by its own rule, and say what came back; Ctrl-C ends it.

    Exit status 1 when nothing did.
    """
    options = PingOptions(venue=venue, url=url, count=count, interval=interval, json=json)
    return run_on_loop(ping(options))


app.command("notify", short_help="Have a local venue send a notification.")(notify_command)


@app.command("publish", short_help="Have a local venue push a message.")
def publish_command(  # noqa: PLR0913, PLR0917 - the options of one command
    venue: Annotated[str, typer.Argument(metavar="VENUE")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="As it is subscribed.")],
    payload: Annotated[
        str,
        typer.Argument(metavar="JSON", help="KuCoin: `data`. Kraken: the message, or its `data`."),
    ],
    subject: Annotated[
        str | None, typer.Option(metavar="S", help="KuCoin's; usually the channel's own.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only that account's subscribers.")
    ] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Have a running local venue push a message; prints how many subscribers it reached."""
    order = orders.publish_order(venue, channel, payload, subject, account)
    return run_on_loop(orders.publish(order, url, json=json))


faults: Final = typer.Typer(help="Have a local venue misbehave.", no_args_is_help=True)
app.add_typer(faults, name="fault")
app.add_typer(accounts, name="account")
app.add_typer(notifications, name="notification")
app.add_typer(sessions, name="session")
app.add_typer(clock, name="clock")
app.add_typer(limits, name="limit")
app.command("journal", short_help="Tell what happened at a local venue.")(journal_command)
app.command("state", short_help="Tell how a local venue is doing.")(state_command)
app.command("drain", short_help="Have a local venue say that it is unhealthy.")(drain_command)


@faults.command("add")
def add_fault_command(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="NAME:PARAMETER=VALUE@AFTER+LASTING")],
    venue: Annotated[str | None, typer.Option(metavar="NAME", help="Only there.")] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """Begin a fault or a scenario at a running local venue; prints its id."""
    order = orders.FaultOrder(fault=spec, venue=UNSET if venue is None else venue)
    return run_on_loop(orders.add_fault(order, url, json=json))


@faults.command("list")
def list_faults_command(
    known: Annotated[
        bool, typer.Option("--known", help="All there could be, with their parameters.")
    ] = False,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """List the faults of a running local venue, or all that there could be."""
    if known:
        return orders.list_known(json=json)
    return run_on_loop(orders.list_faults(url, json=json))


@faults.command("clear")
def clear_faults_command(
    id: Annotated[int | None, typer.Argument(metavar="ID", help="Usually all.")] = None,
    url: Base = DEFAULT_BASE,
    json: Json = False,
) -> int:
    """End a fault of a running local venue, or all."""
    return run_on_loop(orders.clear_faults(id, url, json=json))
