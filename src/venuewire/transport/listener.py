"""One port, all venues: accepts connections, and at closing time sees everybody out.

Law: `stop` is bounded. Clients are told, get `Limits.drain_timeout` to leave, and are dropped.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from ipaddress import ip_address
from typing import Any

from starlette.routing import BaseRoute

from venuewire.core.errors import ConfigurationError
from venuewire.transport.access import Access
from venuewire.transport.door_sniffer import DoorSniffer
from venuewire.transport.doors import DoorPlan
from venuewire.transport.hall import Hall, Premises
from venuewire.transport.http_app import http_app
from venuewire.transport.http_protocol import http_factory

try:
    import aiofastnet
except ImportError:  # Works as well, only slower.
    aiofastnet = None  # type: ignore[assignment]

_BACKLOG = 4096
_ABORTED_WITHIN = 1.0
"""Seconds in which the loop tells that dropped connections are gone."""

_logger = logging.getLogger(__name__)


class Listener:
    def __init__(
        self,
        premises: Premises,
        halls: Iterable[Hall],
        *,
        control: Iterable[BaseRoute] = (),
        pages: Iterable[BaseRoute] = (),
    ) -> None:
        """As for `http_app`. Raises `ConfigurationError` when two venues want the same path."""
        self.premises = premises
        self.halls: Mapping[str, Hall] = {hall.venue.name: hall for hall in halls}
        self._control, self._pages = list(control), list(pages)
        self._plan = DoorPlan((hall.venue, hall) for hall in self.halls.values())
        self._server: asyncio.Server | None = None
        self._base = ""

    async def start(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ssl_context: ssl.SSLContext | None = None,
        reuse_port: bool = False,
        control_token: str | None = None,
    ) -> str:
        """Listen; the base URL. Raises `ConfigurationError` when the address cannot be had."""
        access = Access(host, control_token)
        app = http_app(self._plan, self.premises, access, control=self._control, pages=self._pages)
        speak_http = http_factory(app, self.premises.limits)
        try:
            server = await _create_server(
                lambda: DoorSniffer(self.premises, self._plan, speak_http),
                host,
                port,
                ssl_context,
                reuse_port=reuse_port,
                tls_timeout=self.premises.limits.tls_timeout,
            )
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        self._server = server
        self.premises.closed = False
        self.premises.drain(False)
        bound: int = server.sockets[0].getsockname()[1]
        scheme = "http" if ssl_context is None else "https"
        self._base = f"{scheme}://{_reachable(host)}:{bound}"
        _logger.info("listening on %s", self._base)
        return self._base

    async def stop(self) -> None:
        """See everybody out. Harmless when repeated."""
        if self._server is None:
            return
        self._server.close()
        self.premises.drain(True)
        self.premises.closed = True
        for hall in self.halls.values():
            hall.clear_faults()  # They would keep people in.
        guests = self.premises.guests
        for guest in guests:
            guest.part(1001, "going away")
        for refused in self.premises.turned_away:
            refused.abort()
        if not await guests.gone(self.premises.limits.drain_timeout):
            _logger.info("%d connections did not leave in time: dropped", len(guests))
            for guest in guests:
                guest.abort()
            await guests.gone(_ABORTED_WITHIN)
        self.premises.deadlines.close()
        await asyncio.sleep(0)  # Lets transports finish closing.
        self._server = None

    @property
    def base(self) -> str:
        """`http://127.0.0.1:9010`; empty before `start`."""
        return self._base


async def _create_server(  # noqa: PLR0913 - of one call, most by name
    factory: Callable[[], DoorSniffer],
    host: str,
    port: int,
    context: ssl.SSLContext | None,
    *,
    reuse_port: bool,
    tls_timeout: float,
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    create: Any = loop.create_server
    if aiofastnet is not None:
        create = partial(aiofastnet.create_server, loop)
    server: asyncio.Server = await create(
        factory,
        host,
        port,
        ssl=context,
        backlog=_BACKLOG,
        reuse_port=reuse_port or None,
        # It begins before there is a connection for us to watch.
        ssl_handshake_timeout=None if context is None else tls_timeout,
    )
    return server


def _reachable(host: str) -> str:
    """A name under which a client on this machine reaches what listens on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
