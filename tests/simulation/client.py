"""A client in a simulated world: obeys the session as the real driver does, link by link.

Law 1: every command and every event is for the link whose number it carries; several may live.
Law 2: what still arrives on a link that was given up is handed on: ignoring it is the kernel's
       to do.
"""

import re
from collections.abc import Mapping
from heapq import heappush
from typing import assert_never
from urllib.parse import urlsplit

from simulation.link import Link
from simulation.program import Program
from simulation.venue_end import LocalFloor
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.commands import (
    CloseLink,
    Command,
    Deliver,
    Dial,
    Fetch,
    ReportRoundTrip,
    SendFrame,
    SendPing,
)
from venuewire.core.dialect import Option, Profile
from venuewire.core.events import (
    DeadlineReached,
    Event,
    Fetched,
    FetchFailed,
    FrameUnreadable,
    LinkClosed,
    TimeEvent,
)
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.messages import Message
from venuewire.core.secrets import Credentials
from venuewire.core.updates import Update
from venuewire.core.venue import ClientOptions, Door
from venuewire.faults.fault import Never, Slam
from venuewire.faults.rule import Direction
from venuewire.faults.troubles import Welcomed

HOST = "venue.test"


_SHOWN = re.compile(rb'"(?:token|signed_challenge|original_challenge)":"([^"]+)"')
_TOKEN = re.compile(r"token=([^&]+)")
SHORTEST_SLEEP = 0.001
"""Seconds; the driver's timer knows nothing shorter."""


def options_for(place: LocalFloor, credentials: Credentials | None) -> ClientOptions:
    scheme = "http" if place.venue.http_based else "ws"
    url = f"{scheme}://{HOST}{place.venue.endpoint}"
    return ClientOptions(credentials=credentials, url=url)


class Client:
    """One session of a program with one venue."""

    def __init__(
        self,
        place: LocalFloor,
        *,
        credentials: Credentials | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008
        options: ClientOptions | None = None,
        program: Program | None = None,
        name: str = "",
    ) -> None:
        self.place, self.world = place, place.world
        self.program = program or Program(self.world)
        self.name = name or place.venue.name
        self.latency = 0.01
        """Seconds a frame or an HTTP reply takes, each way."""
        self.jitter = 0.0
        """And up to so much more."""
        self.restless = True
        """Woken early, and asked for its deadline after every word, as the real driver does. Both
        are harmless by contract, and cost a simulated year half of its time."""
        self.weather = self.world.chance(f"{self.name}:weather").random
        self.session = ClientSession(
            place.venue.client(options or options_for(place, credentials)),
            backoff=backoff,
            rng=self.world.chance(self.name),
            connects=self.program.connects,
        )
        self.updates: list[tuple[float, Update]] = []
        self.links: dict[int, Link] = {}
        """Open, as far as this end knows; by number."""
        self.attempts: set[int] = set()
        """Numbers of those that are being made."""
        self._wake_at: float | None = None
        self._last_attempt = 0

    # What an application does.

    def connect(self, *channels: str) -> "Client":
        now = self.program.now()
        for channel in channels:
            self.session.subscribe(channel, now)
        self.session.connect(now)
        self.obey()
        return self

    def subscribe(
        self, channel: str, *, next_data_timeout: float | None = None, **options: Option
    ) -> None:
        self.session.subscribe(
            channel, self.program.now(), next_data_timeout=next_data_timeout, **options
        )
        self.obey()

    def unsubscribe(self, channel: str) -> None:
        self.session.unsubscribe(channel, self.program.now())
        self.obey()

    def close(self) -> None:
        self.session.close(self.program.now())
        self.obey()

    def heard(self, kind: type) -> list[Update]:
        """Updates of this kind, in order."""
        return [update for _, update in self.updates if isinstance(update, kind)]

    # What it is told; for others to refine.

    def told(self, update: Update) -> None:
        self.updates.append((self.world.seconds, update))

    def took(self, message: Message, link: Link, *, genuine: bool) -> None:
        """`genuine`: as the venue sent it, and for the first time on this link."""
        self.updates.append((self.world.seconds, message))

    def linked(self, link: Link) -> None:
        """The upgrade succeeded."""

    def eaten(self, link: Link, direction: Direction, payload: bytes, behind: float) -> None:
        """A fault swallowed a frame, or left nothing of it that can be read. All that was sent
        before it has arrived by `behind`."""

    def stated(self, frame: bytes) -> None:
        """The venue tells this client alone what it has said to others before; or a fault has it
        said twice."""

    @property
    def profile(self) -> Profile:
        return self.session.strands[0].profile

    def tried(self, number: int) -> None:
        """An attempt begins."""

    # What it hears.

    def tell(self, event: Event) -> None:
        if self.program.behind:
            self.program.postpone(self.tell, event)
            return
        if not isinstance(event, TimeEvent):
            self.attempts.discard(event.link)
            if isinstance(event, LinkClosed):
                self.links.pop(event.link, None)
            self.world.note(self.name, "<", event)
        self.session.handle(event, self.program.now())
        self.obey()

    def hear(self, link: Link, payload: bytes, *, binary: bool, genuine: bool) -> None:
        """A frame that a fault has touched."""
        if self.program.behind:
            self.program.postpone(self._hear, link, payload, binary, genuine)
        else:
            self._hear(link, payload, binary, genuine)

    def _hear(self, link: Link, payload: bytes, binary: bool, genuine: bool) -> None:
        """As the client's link does: binary frames are reported, and UTF-8 is the law."""
        if binary:
            self.tell(FrameUnreadable(link.number, "a binary frame"))
        elif not _is_text(payload):
            self.tell(LinkClosed(link.number, 1007, "not UTF-8"))
        else:
            message = self.session.receive(link.number, payload, self.program.now())
            self.obey()
            if message is not None:
                self.took(message, link, genuine=genuine)

    # Obeying.

    def obey(self) -> None:
        for command in self.session.drain():
            self._do(command)
        self.aim()

    def aim(self) -> None:
        """Wake the session at its deadline: unless that has been arranged for an earlier time."""
        due = self.session.deadline
        if due is None:
            return
        due = max(due + self.program.slept, self.world.seconds + SHORTEST_SLEEP)
        wake_at = self._wake_at
        if wake_at is None or due < wake_at:
            self._wake_at = due
            world = self.world
            heappush(world.coming, (due, next(world.order), self._wake, (due,)))

    def _wake(self, due: float) -> None:
        if due != self._wake_at:
            return  # Arranged for an earlier time since.
        self._wake_at = None
        if self.program.behind:
            self.program.oversleep(self._reach_deadline)
        else:
            self._reach_deadline()

    def _reach_deadline(self) -> None:
        deadline = self.session.deadline
        if self.restless or deadline is None:
            self.tell(DeadlineReached())
        elif (due := deadline + self.program.slept) > self.world.seconds:
            self._wake_at = due
            self.world.at(due, self._wake, due)
        else:
            self.tell(DeadlineReached())

    def _do(self, command: Command) -> None:  # noqa: C901 - one case per command
        if self.world.transcript is not None:
            self._note(command)
        match command:
            case Deliver(update):
                self.told(update)
            case SendFrame(number, payload):
                if (link := self.links.get(number)) is not None:
                    link.carry_up(payload)
            case SendPing(number, payload):
                if (link := self.links.get(number)) is not None:
                    link.ping(payload)
            case CloseLink(number):
                self.attempts.discard(number)
                if (link := self.links.pop(number, None)) is not None:
                    link.leave()
            case Fetch(number, request):
                self._try(number)
                self.world.later(self._fetch, self.delay(), number, request)
            case Dial(number, url, headers):
                self._try(number)
                head = HttpRequest(method="GET", url=url, headers=headers)
                self.world.later(self._knock, self.delay(), number, head)
            case ReportRoundTrip():
                pass  # Nobody in this world asked.
            case _:
                assert_never(command)

    def _note(self, command: Command) -> None:
        """In the transcript, and apart from it what must not stand there."""
        secrets = self.world.secrets
        match command:
            case Deliver(Message(channel=channel)):
                self.world.note(self.name, "=", f"a message on {channel}")
                return
            case Deliver(update):
                self.world.note(self.name, "=", update)
                return
            case SendFrame(_, payload):
                secrets.update(found.decode() for found in _SHOWN.findall(payload))
            case Fetch(_, request):
                secrets.update(_signatures(request.headers))
            case Dial(_, url, headers):
                secrets.update(_signatures(headers))
                secrets.update(_TOKEN.findall(url))
            case _:
                pass
        self.world.note(self.name, ">", command)

    def _try(self, number: int) -> None:
        """A token and the link it is for are one attempt."""
        self.attempts.add(number)
        if number > self._last_attempt:
            self._last_attempt = number
            self.tried(number)

    # Getting to the venue.

    def delay(self) -> float:
        """Seconds that something takes to get there, or here."""
        return self.latency + self.jitter * self.weather() if self.jitter else self.latency

    def _fetch(self, number: int, request: HttpRequest) -> None:
        door, arrived = self._arrive(request)
        match self.place.troubles.receive(door, arrived, self.world.seconds):
            case Welcomed(heard, wait):
                reply = self.place.floor.answer(door.name, heard, self.place.now())
                self._answer(Fetched(number, reply), wait)
            case HttpReply() as reply:
                self._answer(Fetched(number, reply))
            case Slam():
                self._answer(FetchFailed(number, "connection reset"))
            case Never():
                pass

    def _knock(self, number: int, head: HttpRequest) -> None:
        door, arrived = self._arrive(head)
        match self.place.troubles.receive(door, arrived, self.world.seconds):
            case Welcomed(heard, wait):
                self.world.later(self._enter, wait, number, door, heard)
            case HttpReply() as reply:
                self._answer(LinkClosed(number, reply=reply))
            case Slam():
                self._answer(LinkClosed(number, reason="connection reset"))
            case Never():
                pass

    def _enter(self, number: int, door: Door, request: HttpRequest) -> None:
        if number not in self.attempts:
            return  # It has hung up while it waited.
        admitted = self.place.floor.admit(door.name, request, self.place.now())
        if isinstance(admitted, HttpReply):
            self._answer(LinkClosed(number, reply=admitted))
            return
        self.links[number] = link = Link(self, number, admitted)
        self.linked(link)
        self.world.later(link.open, self.delay())

    def _answer(self, event: Event, wait: float = 0.0) -> None:
        self.world.later(self.tell, self.delay() + wait, event)

    def _arrive(self, request: HttpRequest) -> tuple[Door, HttpRequest]:
        """The request as a venue's listener would hand it on."""
        parts = urlsplit(request.url)
        assert parts.hostname == HOST, request
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"host": HOST} | {name.lower(): text for name, text in request.headers.items()}
        arrived = HttpRequest(
            method=request.method, url=target, headers=headers, body=request.body, peer="127.0.0.1"
        )
        return self.place.door(request.method, parts.path), arrived


def _signatures(headers: Mapping[str, str]) -> list[str]:
    return [text for name, text in headers.items() if "SIGN" in name.upper()]


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
