"""Who is connected to a worker, as it tells the primary: so that limits of connections hold for all
workers together.

Law: a connection is counted from when it is taken until it is gone, its TLS handshake included;
what has changed in one turn of the loop is told at its end.
"""

import asyncio
from collections.abc import Callable

from venuewire.server.dispatches import Present
from venuewire.transport.premises import Premises


class Presence:
    def __init__(self, premises: Premises, send: Callable[[Present], None]) -> None:
        self._premises = premises
        self._send = send
        self._upto = 0
        self._arriving: dict[str, int] = {}
        self._changed: set[str] = set()
        self._is_due = False
        premises.guests.noticed = self._notice
        premises.turned_away.noticed = lambda _: self._tell_soon()

    def taken(self, serial: int) -> None:
        """All connections up to this one have been."""
        self._upto = serial
        self._tell_soon()

    def arrives(self, address: str) -> None:
        """It is nobody's yet."""
        self._arriving[address] = self._arriving.get(address, 0) + 1
        self._notice(address)

    def arrived(self, address: str) -> None:
        """It is a guest, or it has failed before."""
        self._arriving[address] -= 1
        if not self._arriving[address]:
            del self._arriving[address]
        self._notice(address)

    def _notice(self, address: str) -> None:
        self._changed.add(address)
        self._tell_soon()

    def _tell_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._is_due = False
        changed, self._changed = self._changed, set()
        guests = self._premises.guests
        counted = {
            address: guests.of(address) + self._arriving.get(address, 0) for address in changed
        }
        self._send(Present(self._upto, counted, len(self._premises.turned_away)))
