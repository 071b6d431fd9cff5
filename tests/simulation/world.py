"""Clients, venues and the links between them, in virtual time and one thread.

The kernel and the dialects are the real ones, on both sides; only sockets, clocks and chance are
the world's. Laws: one seed gives one history; frames of one direction of one link keep their
order, except where a fault lets them overtake; faults are the values a live venue takes.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from urllib.parse import urlsplit

from clock import EPOCH
from simulation.venue_end import Link, LocalFloor
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
from venuewire.core.events import (
    DeadlineReached,
    Event,
    Fetched,
    FetchFailed,
    LinkClosed,
)
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Credentials
from venuewire.core.updates import Unreadable, Update
from venuewire.core.venue import ClientOptions, Door
from venuewire.faults.fault import Never, Slam
from venuewire.faults.troubles import Welcomed

HOST = "venue.test"


class World:
    """Time, and what is going to happen in it."""

    def __init__(self, seed: int = 0) -> None:
        self.seconds = 0.0
        self.seed = seed
        self.rng = Random(seed)
        self.latency = 0.01
        """Seconds a frame or an HTTP reply takes, each way."""
        self._order = 0
        self._coming: list[tuple[float, int, Callable[[], None]]] = []

    def now(self) -> Instant:
        return Instant(self.seconds, EPOCH + self.seconds)

    def at(self, seconds: float, happen: Callable[[], None]) -> None:
        self._order += 1
        heappush(self._coming, (seconds, self._order, happen))

    def later(self, happen: Callable[[], None], delay: float | None = None) -> None:
        self.at(self.seconds + (self.latency if delay is None else delay), happen)

    def run(self, seconds: float) -> None:
        """Jump from happening to happening until `seconds` have passed."""
        end = self.seconds + seconds
        while self._coming and self._coming[0][0] <= end:
            moment, _, happen = heappop(self._coming)
            self.seconds = max(self.seconds, moment)
            happen()
        self.seconds = end


class Client:
    """A program with one session to one venue."""

    def __init__(
        self,
        place: LocalFloor,
        *,
        credentials: Credentials | None = None,
        backoff: Backoff = Backoff(),  # noqa: B008
        options: ClientOptions | None = None,
    ) -> None:
        self.place, self.world = place, place.world
        venue = place.venue
        scheme = "http" if venue.http_based else "ws"
        chosen = options or ClientOptions(
            credentials=credentials, url=f"{scheme}://{HOST}{venue.endpoint}"
        )
        dialect = venue.client(chosen)
        self.session = ClientSession(dialect, backoff=backoff, rng=self.world.rng)
        self.updates: list[tuple[float, Update]] = []
        self.link: Link | None = None
        self._wake_at: float | None = None

    def connect(self, *channels: str) -> "Client":
        now = self.world.now()
        for channel in channels:
            self.session.subscribe(channel, now)
        self.session.connect(now)
        self._obey()
        return self

    def heard(self, kind: type) -> list[Update]:
        """Updates of this kind, in order."""
        return [update for _, update in self.updates if isinstance(update, kind)]

    def tell(self, event: Event) -> None:
        self.session.handle(event, self.world.now())
        self._obey()

    def hear(self, link: int, payload: bytes, *, binary: bool = False) -> None:
        if binary or not _is_text(payload):
            self._hear_no_text(link, binary=binary)
            return
        message = self.session.receive(link, payload, self.world.now())
        self._obey()
        if message is not None:
            self.updates.append((self.world.seconds, message))

    def _hear_no_text(self, link: int, *, binary: bool) -> None:
        """As the client's link does: binary frames are reported, and UTF-8 is the law."""
        if link != self.session.link:
            return
        if binary:
            self.session.counters.unreadable += 1
            self.session.deliver(Unreadable("a binary frame"))
            self._obey()
        else:
            self.tell(LinkClosed(link, 1007, "not UTF-8"))

    def _obey(self) -> None:
        for command in self.session.drain():
            self._do(command)
        due = self.session.deadline
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            self.world.at(due, self._wake)

    def _do(self, command: Command) -> None:  # noqa: C901 - one case per command
        match command:
            case Fetch(link, request):
                self.world.later(lambda: self._fetch(link, request))
            case Dial(link, url, headers):
                head = HttpRequest(method="GET", url=url, headers=headers)
                self.world.later(lambda: self._knock(link, head))
            case SendFrame(link, payload):
                if self.link is not None and self.link.number == link:
                    self.link.carry_up(payload)
            case SendPing(link, payload):
                if self.link is not None and self.link.number == link:
                    self.link.ping(payload)
            case CloseLink(link):
                if self.link is not None and self.link.number == link:
                    self.link.leave()
                    self.link = None
            case Deliver(update):
                self.updates.append((self.world.seconds, update))
            case ReportRoundTrip():
                pass  # Nobody in this world asked.

    def _wake(self) -> None:
        self._wake_at = None
        self.tell(DeadlineReached())

    def _fetch(self, link: int, request: HttpRequest) -> None:
        door, arrived = self._arrive(request)
        match self.place.troubles.receive(door, arrived, self.world.seconds):
            case Welcomed(heard, wait):
                reply = self.place.floor.answer(door.name, heard, self.place.now())
                latency = self.world.latency + wait
                self.world.later(lambda: self.tell(Fetched(link, reply)), latency)
            case HttpReply() as reply:
                self.world.later(lambda: self.tell(Fetched(link, reply)))
            case Slam():
                self.world.later(lambda: self.tell(FetchFailed(link, "connection reset")))
            case Never():
                pass

    def _knock(self, number: int, head: HttpRequest) -> None:
        door, arrived = self._arrive(head)
        match self.place.troubles.receive(door, arrived, self.world.seconds):
            case Welcomed(heard, wait):
                self.world.later(lambda: self._enter(number, door, heard), wait)
            case HttpReply() as reply:
                self._refused(number, reply)
            case Slam():
                self.world.later(lambda: self.tell(LinkClosed(number, reason="connection reset")))
            case Never():
                pass

    def _refused(self, number: int, reply: HttpReply) -> None:
        self.world.later(lambda: self.tell(LinkClosed(number, reply=reply)))

    def _enter(self, number: int, door: Door, request: HttpRequest) -> None:
        if self.session.link != number:
            return  # It has hung up while it waited.
        admitted = self.place.floor.admit(door.name, request, self.place.now())
        if isinstance(admitted, HttpReply):
            self._refused(number, admitted)
        else:
            self.link = Link(self, number, admitted)
            self.world.later(self.link.open)

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


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
