"""Every connection's first protocol: reads one request head and decides who speaks from there on.

A WebSocket upgrade that a venue admits goes to picows, anything else to uvicorn's HTTP protocol,
which drives an ASGI application.

Law 1: the head is read once, here.
Law 2: a connection that is not being answered has until its deadline to deliver a whole request;
       single bytes do not buy time.
Law 3: only a session that is surely carried is admitted: what can be wrong with an upgrade is
       found before the floor is asked.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, assert_never

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.server_session import ServerSession
from venuewire.faults.fault import Never, Slam
from venuewire.faults.troubles import Welcomed
from venuewire.transport.deadlines import NEVER
from venuewire.transport.doors import DoorPlan, Match
from venuewire.transport.guests import address_of
from venuewire.transport.hall import Hall, Usher, Verdict
from venuewire.transport.http_protocol import HttpFactory, HttpProtocol
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises
from venuewire.transport.replies import encode_reply, error_reply, told_by
from venuewire.transport.request_head import END, RequestHead, parse_head, without_upgrade
from venuewire.transport.resets import reset
from venuewire.transport.upgrading import upgrade
from venuewire.transport.venue_link import VenueLink

_READ_BYTES: Final = 2048
"""What is read into at first. Most never need more."""
_LINGER: Final = 1.0
"""Seconds in which the rest of a refused request is read and dropped: closing upon unread bytes
would reset the connection, and the refusal might be lost with it."""
_LONGEST_HOLD: Final = 600.0
"""Seconds a fault may leave a client unanswered."""

_logger = logging.getLogger(__name__)


class DoorSniffer(asyncio.BufferedProtocol):
    """Stays the connection's protocol as long as that is HTTP; picows takes its place."""

    __slots__ = (
        "_asking",
        "_buffer",
        "_head",
        "_http",
        "_http_factory",
        "_leaving",
        "_plan",
        "_premises",
        "_transport",
        "_unwanted",
        "deadline",
        "watched_at",
    )

    def __init__(
        self,
        premises: Premises,
        plan: DoorPlan[Hall],
        http_factory: HttpFactory,
        unwanted: HttpReply | None = None,
    ) -> None:
        """`unwanted` is what whoever accepted the connection would have it told at once."""
        self._unwanted = unwanted
        self._premises = premises
        self._plan = plan
        self._http_factory = http_factory

        self._buffer = bytearray(_READ_BYTES)
        self._head = bytearray()
        self._http: HttpProtocol | None = None
        self._leaving = False
        """The last word is said; what still arrives is dropped."""
        self._asking: Callable[[], None] | None = None
        """Set while another process is being asked: what arrives meanwhile is read afterwards; to
        be called when the client is gone."""
        self.deadline: float | None = None
        self.watched_at = NEVER

    # The connection.

    def connection_made(
        self,
        transport: asyncio.Transport,  # type: ignore[override]  # a stream's, as always for servers
    ) -> None:
        self._transport = transport
        premises = self._premises
        # The transport begins to read after this, even if it is closed by then: and would for good.
        soon = asyncio.get_running_loop().call_soon
        if premises.closed:
            soon(transport.abort)
            return
        address = address_of(transport)
        if (refusal := self._unwanted or premises.refusal(address)) is not None:
            self._leaving = True  # What it asks may be here before it is told.
            soon(self._turn_away, refusal)
            return
        premises.guests.enter(self, address)
        self._wait_for_request()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._received(bytes(memoryview(self._buffer)[:nbytes]))
        except Exception as error:  # noqa: BLE001 - one connection's failure is not the others'
            report(_logger, "reading a request", error)
            self._transport.abort()

    def eof_received(self) -> bool:
        if self._http is not None:
            self._http.eof_received()
        return False

    def pause_writing(self) -> None:
        if self._http is not None:
            self._http.pause_writing()

    def resume_writing(self) -> None:
        if self._http is not None:
            self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forgotten()
        if self._asking is not None:
            self._asking()
        if self._http is not None:
            self._http.connection_lost(exc)

    # Deadlines, and closing time.

    def wake(self, now: object) -> None:
        if self._head and not self._leaving:
            self._misunderstand(error_reply("too_slow", "the request took too long to arrive"))
        else:
            self._transport.abort()

    def part(self, code: int, reason: str) -> None:
        if self._http is not None:
            self._http.shutdown()
        else:
            self._transport.abort()

    def abort(self) -> None:
        self._transport.abort()

    def _wait_for_request(self) -> None:
        self._due_in(self._premises.limits.request_timeout)

    def _be_patient(self) -> None:
        """It is we who are working."""
        self.deadline = None

    def _due_in(self, seconds: float) -> None:
        self.deadline = self._premises.clock().monotonic + seconds
        self._premises.deadlines.watch(self)

    def _forgotten(self) -> None:
        # The deadlines' queue may hold this object a while longer; not its memory, then.
        self._buffer = self._head = bytearray()
        self.deadline = None
        self._premises.deadlines.forget(self)
        self._premises.guests.leave(self)
        self._premises.turned_away.leave(self)

    # The head.

    def _received(self, data: bytes) -> None:
        if self._http is not None:
            self._http.data_received(data)
        elif self._asking is not None:
            self._head += data
            if len(self._head) > self._premises.limits.head_bytes:
                self._transport.abort()  # Nobody says so much before it is let in.
        elif not self._leaving:
            self._head += data
            self._sniff()

    def _sniff(self) -> None:
        raw, end, rest = self._head.lstrip(b"\r\n").partition(END)
        limit = self._premises.limits.head_bytes
        if len(raw) > limit:
            self._misunderstand(
                error_reply("head_too_large", f"a request's head may have {limit} bytes")
            )
        elif end or not raw.partition(b" ")[0].isalpha():
            head = parse_head(bytes(raw)) if end else None
            self._choose(head, bytes(raw), bytes(rest))

    def _choose(self, head: RequestHead | None, raw: bytes, rest: bytes) -> None:
        if head is None:
            self._misunderstand(error_reply("bad_request", "this is not an HTTP/1.1 request"))
        elif not head.wants_websocket:
            self._speak_http(raw, rest)
        elif (match := self._websocket_door(head)) is None:
            self._speak_http(raw, rest)  # It knows what to say about a door that isn't there.
        elif (wrong := _wrong_with(head)) is not None:
            self._misunderstand(wrong)
        else:
            self._knock(match, head, rest)

    def _websocket_door(self, head: RequestHead) -> Match[Hall] | None:
        path = head.target.partition("?")[0]
        match = self._plan.find(head.method, head.headers.get("host", ""), path)
        return match if isinstance(match, Match) and match.door.kind == "websocket" else None

    # Who speaks.

    def _knock(self, match: Match[Hall], head: RequestHead, rest: bytes) -> None:
        request, hardship = self._request(head), match.hall.hardship
        if (usher := match.hall.usher) is not None:
            self._ask(usher, match, request, head, rest)
            return
        if hardship is None:
            self._enter(match, request, head, rest)
            return
        match hardship.receive(match.door, request):
            case Welcomed(heard, wait) if wait:
                self._hold(wait, lambda: self._enter(match, heard, head, rest))
            case Welcomed(heard):
                self._enter(match, heard, head, rest)
            case refusal:
                self._obey(refusal, match, head, rest)

    def _ask(
        self, usher: Usher, match: Match[Hall], request: HttpRequest, head: RequestHead, rest: bytes
    ) -> None:
        self._be_patient()
        self._head[:] = rest

        def decided(verdict: Verdict) -> None:
            gone, self._asking = self._transport.is_closing(), None
            if not gone:
                self._obey_safely(verdict, match, head)
            elif isinstance(verdict, ServerSession):
                match.hall.dismiss(verdict)

        self._asking = usher.knock(match.door, request, decided)

    def _obey_safely(self, verdict: Verdict, match: Match[Hall], head: RequestHead) -> None:
        try:
            self._obey(verdict, match, head, bytes(self._head))
        except Exception as error:  # noqa: BLE001 - one connection's failure is not the others'
            report(_logger, "seating a client", error)
            self._transport.abort()
            if isinstance(verdict, ServerSession) and verdict.link is None:
                match.hall.dismiss(verdict)

    def _obey(self, verdict: Verdict, match: Match[Hall], head: RequestHead, rest: bytes) -> None:
        match verdict:
            case ServerSession():
                self._speak_websocket(VenueLink(match.hall, verdict), head, rest)
            case HttpReply():
                self._refuse(verdict)
            case Never():
                self._hold(_LONGEST_HOLD, self._transport.abort)
            case Slam():
                reset(self._transport)
            case _:
                assert_never(verdict)

    def _hold(self, seconds: float, then: Callable[[], None]) -> None:
        """Leave a client unanswered; what it sends meanwhile is dropped."""
        self._leaving = True
        self._be_patient()

        def go_on() -> None:
            if not self._transport.is_closing():
                self._leaving = False
                then()

        asyncio.get_running_loop().call_later(seconds, go_on)

    def _enter(
        self, match: Match[Hall], request: HttpRequest, head: RequestHead, rest: bytes
    ) -> None:
        self._obey(match.hall.admit(match.door, request), match, head, rest)

    def _speak_websocket(self, link: VenueLink, head: RequestHead, rest: bytes) -> None:
        upgrade(self._transport, link, head, rest, self._premises.limits.message_bytes)
        self._forgotten()

    def _speak_http(self, raw: bytes, rest: bytes) -> None:
        self._http = self._http_factory(self._be_patient, self._answered)
        self._http.connection_made(self._transport)
        self._http.data_received(without_upgrade(raw) + END + rest)
        self._head.clear()

    def _answered(self) -> None:
        """The next request on this connection may be an upgrade: clients that keep connections
        fetch a token and dial on the same one."""
        if self._http is not None and self._http.release():
            self._http = None
        self._wait_for_request()

    def _misunderstand(self, reply: HttpReply) -> None:
        """Refuse what no venue is asked about."""
        self._premises.refuse(reply.status)
        peer, reason = address_of(self._transport), told_by(reply)
        self._premises.journal.refused(reply.status, peer=peer, reason=reason)
        self._refuse(reply)

    def _turn_away(self, reply: HttpReply) -> None:
        """Say that there is no room, before anything is asked: reading costs what is short."""
        premises = self._premises
        if self._transport.is_closing():
            return  # Nobody would tell us again that it is gone.
        if len(premises.turned_away) >= premises.limits.turned_away:
            premises.refuse(0)
            self._transport.abort()
            return
        premises.turned_away.enter(self)
        self._misunderstand(reply)

    def _refuse(self, reply: HttpReply) -> None:
        """Answer, and close once the client has heard it."""
        self._leaving = True
        self._transport.write(encode_reply(reply))
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        try:
            self._transport.write_eof()
        except OSError:
            self._transport.abort()  # The client is gone, and the loop has not noticed yet.
        else:
            self._due_in(_LINGER)

    def _request(self, head: RequestHead) -> HttpRequest:
        return HttpRequest(
            method=head.method,
            url=head.target,
            headers=head.headers,
            peer=address_of(self._transport),
            secure=self._transport.get_extra_info("ssl_object") is not None,
        )


def _wrong_with(head: RequestHead) -> HttpReply | None:
    """What no server could upgrade."""
    if head.has_body:
        return error_reply("bad_request", "an upgrade request has no body")
    if head.headers.get("sec-websocket-version") != "13":
        return error_reply(
            "upgrade_required",
            "only version 13 of the WebSocket protocol is spoken",
            upgrade="websocket",
            sec_websocket_version="13",
        )
    if head.websocket_key is None:
        return error_reply("bad_request", "Sec-WebSocket-Key is not the base64 of 16 bytes")
    return None
