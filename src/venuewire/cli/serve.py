"""`venuewire serve`: the local venue, until SIGTERM or SIGINT.

Law: it says `ready` when it listens and not before, and is silent from then on; what happens is
told on standard error to those who ask for it.
"""

import asyncio
import os
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from venuewire.cli.arguments import ALL, CONTROL_VARIABLE, chosen_venues, control_token
from venuewire.cli.config import Config, check_served, read_config
from venuewire.cli.lines import say, say_json
from venuewire.cli.log import LogFormat, log_events
from venuewire.cli.loop import first_of, stop_signals
from venuewire.cli.outcome import SUCCESS, CommandFailed, WrongUsage
from venuewire.cli.reload import reload, reload_signal
from venuewire.cli.worker import worker_command
from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Credentials
from venuewire.core.terms import Edition
from venuewire.core.venue import Venue
from venuewire.server import LocalVenue
from venuewire.server.dispatches import TlsFiles
from venuewire.server.primary import Primary
from venuewire.transport.descriptors import raise_descriptors
from venuewire.transport.tls import server_context

DEFAULT_LISTEN: Final = "127.0.0.1:9010"


class ServeOptions(Struct, frozen=True, kw_only=True):
    """As they were typed; None and empty leave it to the file, or to the default."""

    listen: str | None = None
    venues: tuple[str, ...] = ()
    edition: Edition | None = None
    config: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    faults: tuple[str, ...] = ()
    """Beside those of the file."""
    state: Path | None = None
    control_token_file: Path | None = None
    log_format: LogFormat | None = None
    """None: only what goes wrong, in one line each."""
    workers: int | None = None
    """Processes that share the port; None is one."""
    drain_delay: float = 0.0
    """Seconds between saying unhealthy and seeing clients out."""
    json: bool = False


async def serve(options: ServeOptions) -> int:
    """The exit status. Raises `WrongUsage`, and `CommandFailed` when it cannot listen."""
    if options.log_format is not None:
        log_events(options.log_format)
    config = _config(options)
    raise_descriptors()
    local = local_venue(options, config)
    with stop_signals() as asked, reload_signal(asked.set) as reloading:
        try:
            await local.start()
        except ConfigurationError as error:
            raise CommandFailed(str(error)) from None
        try:
            tell = _tell_json if options.json else _tell
            tell(local, {} if config.accounts else local.all_credentials)
            await _live(local, options, asked, reloading)
            local.drain()
            await asyncio.sleep(options.drain_delay)
        finally:
            await local.aclose()
    return SUCCESS


async def _live(
    local: LocalVenue, options: ServeOptions, asked: asyncio.Event, reloading: asyncio.Event
) -> None:
    """Until it is asked to end. Raises `CommandFailed` when it cannot go on."""
    failed = local.crew.failed if isinstance(local, Primary) else asyncio.Event()
    while not asked.is_set():
        await first_of(asked, reloading, failed)
        if isinstance(local, Primary) and failed.is_set():
            raise CommandFailed(local.crew.failure)
        if reloading.is_set():
            reloading.clear()
            await reload(local, lambda: local_venue(options, _config(options)).configuration)


def _config(options: ServeOptions) -> Config:
    return Config() if options.config is None else read_config(options.config)


def local_venue(options: ServeOptions, config: Config) -> LocalVenue:
    """What is typed counts more than what is in the file. Raises `WrongUsage`."""
    venues = chosen_venues(options.venues or config.serve.venues or (ALL,))
    edition = options.edition or config.serve.edition or "documented"
    check_served(config, venues, edition)
    chosen: dict[str, Any] = {
        "listen": options.listen or config.serve.listen or DEFAULT_LISTEN,
        "edition": edition,
        "accounts": config.accounts or None,
        "terms": config.terms,
        "limits": config.limits,
        "faults": (*config.faults, *options.faults),
        "state": options.state or config.serve.state,
        "control_token": control_token(options.control_token_file, os.environ),
        "ssl_context": _ssl_context(options.tls_cert, options.tls_key),
    }
    workers = options.workers or config.serve.workers or 1
    try:
        if workers == 1:
            return LocalVenue(*venues, **chosen)
        return Primary(
            *(venue.name for venue in venues),
            workers=workers,
            command=worker_command(options.log_format),
            environment=_environment(),
            tls=_tls_files(options),
            **chosen,
        )
    except ConfigurationError as error:
        _blame_the_file(options, config, venues, error)
        raise WrongUsage(str(error)) from None


def _blame_the_file(
    options: ServeOptions, config: Config, venues: Iterable[Venue], error: ConfigurationError
) -> None:
    """Raises `WrongUsage` for what the file says; not for what was typed."""
    if str(error).startswith("listen: ") and options.listen is None:
        raise config.places.named(("serve",), str(error)) from None
    bare = LocalVenue(*venues)
    for number, spec in enumerate(config.faults):
        try:
            bare.fault(spec)
        except ConfigurationError as unfit:
            raise config.places.named(("fault", number, "spec"), str(unfit), "fault: ") from None


def _ssl_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise WrongUsage("--tls-cert and --tls-key belong together")
    try:
        return server_context(certificate, key)
    except ConfigurationError as error:
        raise WrongUsage(f"--tls-cert, --tls-key: {error}") from None


def _tls_files(options: ServeOptions) -> TlsFiles | None:
    if options.tls_cert is None or options.tls_key is None:
        return None
    return TlsFiles(str(options.tls_cert), str(options.tls_key))


def _environment() -> dict[str, str]:
    """Of workers: the control token is not their business."""
    return {name: value for name, value in os.environ.items() if name != CONTROL_VARIABLE}


def _tell(local: LocalVenue, credentials: dict[str, Credentials]) -> None:
    width = max(map(len, local.endpoints))
    for name, url in local.endpoints.items():
        say(f"{name:{width}}  {url}")
    if credentials:
        whose = "each" if len(credentials) == len(local.endpoints) else ", ".join(credentials)
        say(f"{whose} has a demo account; its keys are in venuewire.demo, and `--json` tells them")
    say("ready")


def _tell_json(local: LocalVenue, credentials: dict[str, Credentials]) -> None:
    told: dict[str, Any] = {"event": "ready", "base": local.base, "endpoints": local.endpoints}
    if credentials:
        told["credentials"] = {name: _published(each) for name, each in credentials.items()}
    say_json(told)


def _published(credentials: Credentials) -> dict[str, str]:
    """Of a demo account, whose keys are no secret."""
    published = {"api_key": credentials.api_key, "api_secret": credentials.api_secret}
    if credentials.passphrase:
        published["passphrase"] = credentials.passphrase
    return published
