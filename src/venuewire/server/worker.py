"""A worker: serves the WebSocket sessions of one process of a local venue, and passes everything
else on to the primary that has started it.

Law 1: it decides nothing that concerns more than its own sessions: who is let in, what is said, who
       has an account is told by the primary, in the order in which it happened.
Law 2: a frame passes through the same code as where one process serves alone.
Law 3: it ends when it is told to, after its clients are seen out; and at once when its primary is
       gone, or has told something that it cannot follow.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotHere
from venuewire.server.charter import begin_fault, hall_of
from venuewire.server.dispatches import (
    Admitted,
    Aged,
    Answer,
    Charter,
    Cut,
    Done,
    Downward,
    Examine,
    Examined,
    Ignored,
    Listed,
    ListSessions,
    Look,
    Order,
    Ready,
    Refused,
    Rejected,
    Share,
    Stop,
    TakeTls,
    Task,
    TlsFiles,
    Upward,
    VenueShare,
)
from venuewire.server.following import follow
from venuewire.server.presence import Presence
from venuewire.server.session_deeds import age_sessions, chosen, cut_sessions, page_of
from venuewire.server.traveling_journal import TravelingJournal
from venuewire.server.usher import Ushers
from venuewire.server.verdicts import unwanted
from venuewire.server.vitals import look
from venuewire.transport import acts
from venuewire.transport.channel import Channel
from venuewire.transport.clock import now
from venuewire.transport.door_sniffer import DoorSniffer
from venuewire.transport.doors import DoorPlan
from venuewire.transport.guests import address_of_peer
from venuewire.transport.hall import Hall
from venuewire.transport.handover import Taker, Word
from venuewire.transport.http_protocol import http_factory
from venuewire.transport.http_tunnel import TunnelEntrance
from venuewire.transport.introducer import Introducer
from venuewire.transport.listener import see_out
from venuewire.transport.premises import Premises
from venuewire.transport.tls import server_context

ENDED: Final = 0
LEFT_ALONE: Final = 1
"""Exit statuses: told to end, and left by the primary."""

_logger = logging.getLogger(__name__)


async def work(channel_end: socket.socket, arrivals_end: socket.socket) -> int:
    """The exit status, once the primary wants no more, or is gone."""
    worker = Worker(arrivals_end)
    await worker.channel.open(channel_end)
    await worker.channel.gone.wait()
    return ENDED if worker.is_told_to_end else LEFT_ALONE


class Worker:
    def __init__(self, arrivals_end: socket.socket) -> None:
        self._arrivals_end = arrivals_end
        self.channel = Channel(Downward, self._hear, self._left_alone)
        self._station: Station | None = None
        self._stopping: asyncio.Task[None] | None = None

    @property
    def is_told_to_end(self) -> bool:
        return self._stopping is not None

    def _hear(self, told: Downward) -> None:
        if isinstance(told, Charter):
            self._station = Station(told, self.channel.send, self._arrivals_end)
            self.channel.send(Ready())
        elif isinstance(told, Stop):
            self._stopping = asyncio.get_running_loop().create_task(self._stop())
        elif self._station is not None:
            self._station.hear(told)

    async def _stop(self) -> None:
        if self._station is not None:
            await self._station.close()
        self.channel.close()

    def _left_alone(self) -> None:
        if self._stopping is not None:
            self._stopping.cancel()


class Station:
    """What a worker has to work with."""

    def __init__(
        self, charter: Charter, send: Callable[[Upward], None], arrivals_end: socket.socket
    ) -> None:
        self._send = send
        self._journal = TravelingJournal(charter.limits.journal_events, send)
        self._premises = Premises(now, charter.limits, self._journal)
        self._halls: Mapping[str, Hall] = {
            name: hall_of(name, furnished, self._premises)
            for name, furnished in charter.venues.items()
        }
        self._ushers = Ushers(send)
        self._is_following = False
        self._examining: set[asyncio.Task[None]] = set()
        for hall in self._halls.values():
            self._ushers.to(hall)
            hall.keep = partial(self._pass_on, hall)
        with self._journal.muted():
            for fault in charter.faults:
                begin_fault(self._halls[fault.venue], fault)
        self._presence = Presence(self._premises, send)
        self._tunnel = TunnelEntrance(self._premises, send)
        self._plan = DoorPlan((hall.venue, hall) for hall in self._halls.values())
        self._speak_http = http_factory(self._tunnel, lambda: self._premises.limits)
        self._introducer = Introducer(
            partial(DoorSniffer, self._premises, self._plan, self._speak_http),
            self._premises.has_room,
            context=None if charter.tls is None else _context(charter.tls),
            tls_timeout=lambda: self._premises.limits.tls_timeout,
        )
        self._taker = Taker(arrivals_end, self._take)

    async def close(self) -> None:
        """See everybody out."""
        self._taker.close()
        self._introducer.close()
        self._premises.draining = True  # The primary has told so.
        with self._journal.muted():
            for hall in self._halls.values():
                hall.clear_faults()
                hall.farewell()
        await see_out(self._premises, ())
        self._journal.flush()

    # Connections.

    def _take(self, arrived: socket.socket | None, word: Word) -> None:
        self._presence.taken(word.serial)
        if arrived is None:
            self._premises.refuse(0)
            return
        address = address_of_peer(arrived)
        reply = unwanted(word.verdict, self._premises)
        factory = partial(DoorSniffer, self._premises, self._plan, self._speak_http, reply)
        if reply is None:
            self._presence.arrives(address)
        task = self._introducer.introduce(arrived, factory)
        if reply is None:
            task.add_done_callback(lambda _: self._presence.arrived(address))

    # What the primary tells.

    def hear(self, told: Downward) -> None:
        match told:
            case Order(number, Examine()):
                examining = asyncio.get_running_loop().create_task(self._examine(number))
                self._examining.add(examining)
                examining.add_done_callback(self._examining.discard)
            case Order(number, task):
                self._send(Done(number, self._carry_out(task)))
            case Admitted() | Rejected() | Refused() | Ignored():
                self._ushers.hear(told)
            case Charter() | Stop():
                raise LocalProtocolError("that was told at another time")
            case _:
                self._tunnel.hear(told)

    async def _examine(self, number: int) -> None:
        vitals = await look(self._halls.values(), self._premises)
        self._send(Done(number, Examined(vitals)))

    def _carry_out(self, task: Task) -> Answer:
        match task:
            case Cut():
                return self._cut(task)
            case Aged():
                return self._age(task)
            case ListSessions(venue, after, limit):
                return Listed(page_of(chosen(self._halls, venue), after=after, limit=limit))
            case Look():
                return self._share()
            case Examine():
                raise LocalProtocolError("that takes its time")
            case TakeTls(files):
                self._take_tls(files)
            case _:
                return self._follow(task)
        return None

    def _follow(self, act: acts.Act) -> int:
        """Do what has been done by the primary; how many sessions it concerned."""
        self._is_following = True
        try:
            with self._journal.muted():
                return follow(self._halls, self._premises, act)
        finally:
            self._is_following = False

    def _pass_on(self, hall: Hall) -> None:
        """What a session has made the venue know is for all workers."""
        changed = tuple(hall.floor.changed)
        hall.floor.changed.clear()
        if self._is_following:
            return
        for key in changed:
            value = hall.floor.keep(key)
            if value is not None:
                self._send(acts.Learned(hall.venue.name, key, value))

    def _cut(self, order: Cut) -> int:
        try:
            meant = chosen(self._halls, order.venue, order.session)
        except NotHere:
            return 0
        return cut_sessions(meant, order.code, order.reason, abort=order.abort)

    def _age(self, order: Aged) -> int:
        try:
            meant = chosen(self._halls, order.venue, order.session)
        except NotHere:
            return 0
        return age_sessions(meant, order.seconds)

    def _take_tls(self, files: TlsFiles) -> None:
        try:
            self._introducer.context = _context(files)
        except ConfigurationError as error:
            _logger.error("the certificate stays as it was: %s", error)  # noqa: TRY400 - a text

    def _share(self) -> Share:
        times = os.times()
        return Share(
            venues={name: _share_of(hall) for name, hall in self._halls.items()},
            refused=dict(self._premises.refused),
            cpu=times.user + times.system,
        )


def _share_of(hall: Hall) -> VenueShare:
    holders = {
        account.key_id: held
        for account in hall.floor.accounts.values()
        if (held := hall.holding(account))
    }
    return VenueShare(hall.counts.read(), hall.floor.held, holders)


def _context(files: TlsFiles) -> ssl.SSLContext:
    return server_context(Path(files.certificate), Path(files.key))
