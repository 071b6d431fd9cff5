"""Which worker serves a connection, or tells it that there is no room.

Law 1: a connection goes to the worker that has the fewest.
Law 2: the limits of connections are those of all workers together. Whoever finds no place waits for
       `DOUBT` first: the place of one who has just left is only known to be free when its worker
       has told so.
Law 3: no more wait, and are told, than `Limits.turned_away`; beyond that they are dropped.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Final

from venuewire.server.mate import TURNED_AWAY, Mate, Phase
from venuewire.server.verdicts import BUSY, CROWDED, SERVE
from venuewire.transport.guests import address_of_peer
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises

DOUBT: Final = 0.2
"""Seconds."""

_logger = logging.getLogger(__name__)


class Placement:
    def __init__(self, premises: Premises, mates: Mapping[int, Mate]) -> None:
        self._premises = premises
        self._mates = mates
        self._doubtful: dict[socket.socket, asyncio.TimerHandle] = {}

    def place(self, arrived: socket.socket) -> None:
        """Never raises; closes it in the end, or has that done."""
        try:
            self._place(arrived, address_of_peer(arrived))
        except Exception as error:  # noqa: BLE001 - one connection's failure is not the others'
            report(_logger, "placing a connection", error)
            arrived.close()

    def close(self) -> None:
        """Drop those that wait."""
        for arrived, waiting in self._doubtful.items():
            waiting.cancel()
            arrived.close()
        self._doubtful.clear()

    def _place(self, arrived: socket.socket, address: str) -> None:
        if self._verdict(address) == SERVE:
            self._hand_over(arrived, address, SERVE)
        elif self._turned_away >= self._premises.limits.turned_away:
            self._drop(arrived)
        else:
            later = asyncio.get_running_loop().call_later
            self._doubtful[arrived] = later(DOUBT, self._place_at_last, arrived, address)

    def _place_at_last(self, arrived: socket.socket, address: str) -> None:
        del self._doubtful[arrived]
        verdict = self._verdict(address)
        self._hand_over(arrived, address if verdict == SERVE else TURNED_AWAY, verdict)

    def _hand_over(self, arrived: socket.socket, counted: str, verdict: int) -> None:
        able = (mate for mate in self._mates.values() if mate.phase is Phase.OPEN)
        for mate in sorted(able, key=lambda mate: mate.connections):
            if mate.give(arrived, counted, verdict):
                return
        self._drop(arrived)

    def _drop(self, arrived: socket.socket) -> None:
        self._premises.refuse(0)
        arrived.close()

    # Numbers.

    def _verdict(self, address: str) -> int:
        premises = self._premises
        if premises.connections >= premises.most_connections:
            return BUSY
        most = premises.limits.connections_per_address
        if most is not None and self._of(address) >= most:
            return CROWDED
        return SERVE

    def _of(self, address: str) -> int:
        return sum(mate.of(address) for mate in self._mates.values())

    @property
    def _turned_away(self) -> int:
        return sum(mate.turned_away for mate in self._mates.values()) + len(self._doubtful)
