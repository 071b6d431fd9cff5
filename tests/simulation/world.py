"""Clients, venues and the links between them, in virtual time and one thread.

The kernel and the dialects are the real ones, on both sides; only sockets, clocks and chance are
the world's. Laws: one seed gives one history; frames of one direction of one link keep their
order; a rule may do to a frame whatever a network can.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from urllib.parse import urlsplit

from clock import EPOCH
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
    LinkClosed,
    LinkOpened,
    PongReceived,
)
from venuewire.core.floor import Floor
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition
from venuewire.core.updates import Update
from venuewire.core.venue import ClientOptions, Door, Venue

HOST = "venue.test"


class World:
    """Time, and what is going to happen in it."""

    def __init__(self, seed: int = 0) -> None:
        self.seconds = 0.0
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


class LocalFloor:
    """One venue in the world: its floor, and the links that end there."""

    def __init__(self, world: World, venue: Venue, edition: Edition = "documented") -> None:
        self.world, self.venue = world, venue
        accounts = [Account("demo", venue.demo)]
        self.floor: Floor = venue.floor(venue.terms(edition), accounts, world.now, world.rng)

    def door(self, method: str, path: str) -> Door:
        found = [d for d in self.venue.doors if d.method == method and d.local == path]
        assert found, f"no {method} {path} at {self.venue.name}"
        return found[0]

    def settle(self) -> None:
        """Send what was pushed to sessions other than the one just served."""
        pushes, self.floor.pushes = list(self.floor.pushes), []
        for push in pushes:
            for session in push.sessions:
                session.link.carry_down(push.frame)


class Link:
    """One WebSocket between a client and a floor."""

    def __init__(self, client: "Client", number: int, session: ServerSession) -> None:
        self.client, self.number, self.session = client, number, session
        self.world, self.place = client.world, client.place
        self.up = True
        """The venue's end is open."""
        self.swallows_up = self.swallows_down = False
        """A black hole: what is sent in this direction is never seen again."""
        self._down_free = self._up_free = 0.0
        self._wake_at: float | None = None
        session.link = self

    def open(self) -> None:
        self.client.tell(LinkOpened(self.number))
        self.session.open(self.world.now())
        self.flush()

    # Upstream.

    def carry_up(self, payload: bytes) -> None:
        if not self.swallows_up:
            self._up_free = self._carry(self._up_free, lambda: self._hear(payload))

    def ping(self, payload: bytes) -> None:
        if not self.swallows_up:
            self._up_free = self._carry(self._up_free, lambda: self._pinged(payload))

    def _hear(self, payload: bytes) -> None:
        if self.up:
            self.session.receive(payload, self.world.now())
            self.flush()

    def _pinged(self, payload: bytes) -> None:
        if self.up:
            self.session.pinged(self.world.now())
            event = PongReceived(self.number, payload)
            self._carry_down(lambda: self.client.tell(event))

    # Downstream.

    def carry_down(self, payload: bytes) -> None:
        self._carry_down(lambda: self.client.hear(self.number, payload))

    def flush(self) -> None:
        session = self.session
        for frame in session.outbox:
            self.carry_down(frame)
        session.outbox.clear()
        self.place.settle()
        if session.closing is not None:
            self._hang_up(session.closing.code, session.closing.reason)
        else:
            self._rearm()

    def _hang_up(self, code: int, reason: str) -> None:
        event = LinkClosed(self.number, code, reason)
        self._carry_down(lambda: self.client.tell(event))
        self.drop()

    def drop(self) -> None:
        """The venue's end is gone."""
        if self.up:
            self.up = False
            self.session.lost()

    def _carry_down(self, arrive: Callable[[], None]) -> None:
        if not self.swallows_down:
            self._down_free = self._carry(self._down_free, arrive)

    def _carry(self, free: float, arrive: Callable[[], None]) -> float:
        moment = max(free, self.world.seconds + self.world.latency)
        self.world.at(moment, arrive)
        return moment

    def _rearm(self) -> None:
        due = self.session.deadline
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            self.world.at(due, self._wake)

    def _wake(self) -> None:
        self._wake_at = None
        if self.up:
            self.session.wake(self.world.now())
            self.flush()


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

    def hear(self, link: int, payload: bytes) -> None:
        message = self.session.receive(link, payload, self.world.now())
        self._obey()
        if message is not None:
            self.updates.append((self.world.seconds, message))

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
                    self.world.later(self.link.drop)
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
        reply = self.place.floor.answer(door.name, arrived, self.world.now())
        self.world.later(lambda: self.tell(Fetched(link, reply)))

    def _knock(self, number: int, head: HttpRequest) -> None:
        door, arrived = self._arrive(head)
        admitted = self.place.floor.admit(door.name, arrived, self.world.now())
        if isinstance(admitted, HttpReply):
            refused = LinkClosed(number, reply=admitted)
            self.world.later(lambda: self.tell(refused))
        elif self.session.link == number:
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
