"""One port, all venues: accepts connections, and at closing time sees everybody out.

Law: `stop` is bounded. Clients are told, get `Limits.drain_timeout` to leave, and are dropped.
"""

import asyncio
import logging
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from starlette.routing import BaseRoute

from venuewire.core.errors import ConfigurationError
from venuewire.transport.acceptor import Acceptor
from venuewire.transport.access import Access
from venuewire.transport.door_sniffer import DoorSniffer
from venuewire.transport.doors import DoorPlan
from venuewire.transport.hall import Hall
from venuewire.transport.http_app import http_app
from venuewire.transport.http_protocol import http_factory
from venuewire.transport.introducer import Introducer
from venuewire.transport.premises import Premises

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
        self._acceptor: Acceptor | None = None
        self._introducer: Introducer | None = None
        self._access: Access | None = None
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
        self._access = access = Access(host, control_token)
        app = http_app(self._plan, self.premises, access, control=self._control, pages=self._pages)
        speak_http = http_factory(app, lambda: self.premises.limits)
        introducer = Introducer(
            lambda: DoorSniffer(self.premises, self._plan, speak_http),
            self.premises.has_room,
            context=ssl_context,
            tls_timeout=lambda: self.premises.limits.tls_timeout,
        )
        acceptor = Acceptor(introducer.welcome, lambda: self.premises.limits.unread_timeout)
        try:
            bound = await acceptor.listen(host, port, reuse_port=reuse_port)
        except OSError as error:
            acceptor.close()
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        self._acceptor, self._introducer = acceptor, introducer
        self.premises.closed = False
        self.premises.drain(False)
        scheme = "http" if ssl_context is None else "https"
        self._base = f"{scheme}://{reachable(host)}:{bound}"
        _logger.info("listening on %s", self._base)
        return self._base

    async def stop(self) -> None:
        """See everybody out. Harmless when repeated."""
        if self._acceptor is None or self._introducer is None:
            return
        self._acceptor.close()
        self._introducer.close()
        await see_out(self.premises, self.halls.values())
        self._acceptor = None

    def take_token(self, token: str | None) -> None:
        """The control token from now on."""
        if self._access is not None:
            self._access.take(token)

    def take_tls(self, context: ssl.SSLContext) -> None:
        """The certificate for those who come from now on."""
        if self._introducer is not None:
            self._introducer.context = context

    @property
    def base(self) -> str:
        """`http://127.0.0.1:9010`; empty before `start`."""
        return self._base


async def see_out(premises: Premises, halls: Iterable[Hall]) -> None:
    """Tell everybody to go, and drop who stays.

    Where an operator has drained the venue, clients are told in its own words first: Kraken Spot's
    hear of maintenance. A venue that just ends, as in a test, only closes.
    """
    announced = premises.draining
    premises.drain(True)
    premises.closed = True
    for hall in halls:
        hall.clear_faults()  # They would keep people in.
        if announced:
            hall.farewell()
    guests = premises.guests
    for guest in guests:
        guest.part(1001, "going away")
    for refused in premises.turned_away:
        refused.abort()
    if not await guests.gone(premises.limits.drain_timeout):
        _logger.info("%d connections did not leave in time: dropped", len(guests))
        for guest in guests:
            guest.abort()
        await guests.gone(_ABORTED_WITHIN)
    premises.deadlines.close()
    await asyncio.sleep(0)  # Lets transports finish closing.


def reachable(host: str) -> str:
    """A name under which a client on this machine reaches what listens on `host`."""
    try:
        address = ip_address(host)
    except ValueError:
        return host or "127.0.0.1"
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
