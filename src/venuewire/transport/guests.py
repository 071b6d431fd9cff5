"""Everyone connected to this process, whatever they speak yet.

Law: whoever enters leaves exactly once, however often that is said.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Protocol


class Guest(Protocol):
    """Anyone connected, in whatever state."""

    def part(self, code: int, reason: str) -> None:
        """Say goodbye and leave as soon as politeness allows."""
        ...

    def abort(self) -> None:
        """Leave now."""
        ...


def _unnoticed(address: str) -> None:
    """Where nobody wants to know."""


class Guests:
    """Everyone connected, so that closing time finds them all."""

    def __init__(self) -> None:
        self._all: dict[Guest, str] = {}
        self._by_address: dict[str, int] = {}
        self._gone = asyncio.Event()
        self.noticed: Callable[[str], None] = _unnoticed
        """Told from which address somebody has come or gone."""

    def enter(self, guest: Guest, address: str = "") -> None:
        self._all[guest] = address
        self._by_address[address] = self._by_address.get(address, 0) + 1
        self.noticed(address)

    def leave(self, guest: Guest) -> None:
        """Harmless when repeated."""
        address = self._all.pop(guest, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
            self.noticed(address)
        if not self._all:
            self._gone.set()

    def of(self, address: str) -> int:
        return self._by_address.get(address, 0)

    async def gone(self, within: float) -> bool:
        """Wait until nobody is left; False when `within` seconds did not suffice."""
        if not self._all:
            return True
        self._gone.clear()
        try:
            async with asyncio.timeout(within):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True

    def __iter__(self) -> Iterator[Guest]:
        """Safe against guests who leave meanwhile."""
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)


def address_of_peer(stream: socket.socket) -> str:
    """As `address_of`; empty also when it is gone already."""
    try:
        peer = stream.getpeername()
    except OSError:
        return ""
    return str(peer[0]) if isinstance(peer, tuple) else ""


def address_of(transport: asyncio.BaseTransport) -> str:
    """The client's, without a port; empty where it has none."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""
