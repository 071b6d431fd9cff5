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
    LinkOpened,
    PongReceived,
)
from venuewire.core.floor import Floor
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.idiom import Role
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Edition
from venuewire.core.updates import Unreadable, Update
from venuewire.core.venue import ClientOptions, Door, Venue
from venuewire.faults.fault import Deed, Never, Say, Slam
from venuewire.faults.rule import (
    UNTOUCHED,
    Answer,
    Direction,
    Drop,
    Exceed,
    HangUp,
    Lane,
    Replace,
)
from venuewire.faults.scenario import parse_all
from venuewire.faults.troubles import Troubles, Welcomed, announce

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


class LocalFloor:
    """One venue in the world: its floor, its faults, and the links that end there."""

    def __init__(self, world: World, venue: Venue, edition: Edition = "documented") -> None:
        self.world, self.venue = world, venue
        self.troubles = Troubles(venue, Random(f"{world.seed}:{venue.name}"))
        accounts = [Account("demo", venue.demo)]
        self.floor: Floor = venue.floor(venue.terms(edition), accounts, self.now, world.rng)
        self._faults = 0

    def now(self) -> Instant:
        """The time as this venue sees it."""
        now = self.world.now()
        return self.troubles.clock(now) if len(self.troubles) else now

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

    # Faults.

    def fault(self, spec: str) -> int:
        """As `LocalVenue.fault`."""
        self._faults += 1
        for each in parse_all(spec):
            self.troubles.add(each, self._faults, self.world.seconds)
        self._wake_for_faults()
        return self._faults

    def clear_faults(self) -> None:
        self.troubles.clear()

    def _wake_for_faults(self) -> None:
        now = self.world.seconds
        for link in self._links():
            link.shorten()
        for deed in self.troubles.due(now):
            self._do(deed)
        due = self.troubles.deadline(now)
        if due is not None:
            self.world.at(due, self._wake_for_faults)

    def _do(self, deed: Deed) -> None:
        if isinstance(deed, Say):
            announce(self.floor, deed, self.now())
            self.settle()
        else:
            for link in self._links():
                link.hang_up(deed)

    def _links(self) -> "list[Link]":
        return [s.link for s in list(self.floor.sessions.values()) if s.link is not None]


class Link:
    """One WebSocket between a client and a floor; every frame passes the venue's gate."""

    def __init__(self, client: "Client", number: int, session: ServerSession) -> None:
        self.client, self.number, self.session = client, number, session
        self.world, self.place = client.world, client.place
        self.up = True
        """The venue's end is open."""
        self.opened_at = self.world.seconds
        self._gate = self.place.troubles.gate(self.opened_at)
        self._up_lane, self._down_lane = Lane(), Lane()
        self._wake_at: float | None = None
        session.link = self

    def open(self) -> None:
        self.client.tell(LinkOpened(self.number))
        self.session.open(self.place.now())
        self.shorten()
        self.flush()

    # Upstream.

    def carry_up(self, payload: bytes) -> None:
        self._carry(self._up_lane, Direction.UPSTREAM, payload, self._hear)

    def ping(self, payload: bytes) -> None:
        self._carry(self._up_lane, Direction.UPSTREAM, payload, self._pinged, Role.PING)

    def leave(self) -> None:
        """The client says CLOSE, or is just gone."""
        self._carry(self._up_lane, Direction.UPSTREAM, b"", lambda _, __: self.drop(), Role.CLOSE)

    def _hear(self, payload: bytes, verdict: object) -> None:
        if not self.up:
            self._tell_lost(1006, "")  # As TCP would.
            return
        session, now = self.session, self.place.now()
        match verdict:
            case Replace(payloads):
                for each in payloads:
                    session.receive(each, now)
            case Answer(answer):
                self.world.later(lambda: self.client.hear(self.number, answer))
            case Exceed() if session.closing is None:
                session.heard_at = now.monotonic
                session.dialect.exceed(payload, now)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                session.receive(payload, now)
        self.flush()

    def _pinged(self, payload: bytes, _: object) -> None:
        if not self.up:
            self._tell_lost(1006, "")
            return
        self.session.pinged(self.place.now())
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._ponged, Role.PONG)

    # Downstream.

    def carry_down(self, payload: bytes) -> None:
        self._carry(self._down_lane, Direction.DOWNSTREAM, payload, self._arrive)

    def _arrive(self, payload: bytes, verdict: object) -> None:
        match verdict:
            case Replace(payloads, binary):
                for each in payloads:
                    self.client.hear(self.number, each, binary=binary)
            case HangUp() as ending:
                self.hang_up(ending)
            case _:
                self.client.hear(self.number, payload)

    def _ponged(self, payload: bytes, verdict: object) -> None:
        payloads = verdict.payloads if isinstance(verdict, Replace) else (payload,)
        for each in payloads:
            self.client.tell(PongReceived(self.number, each))

    def flush(self) -> None:
        session = self.session
        for frame in session.outbox:
            self.carry_down(frame)
        session.outbox.clear()
        self.place.settle()
        if session.closing is not None:
            self._tell_lost(session.closing.code, session.closing.reason)
            self.drop()
        else:
            self._rearm()

    def hang_up(self, ending: HangUp) -> None:
        """A fault ends the link; nothing swallows that."""
        self.session.close(ending.code, ending.reason, abort=ending.abort)
        event = LinkClosed(self.number, ending.code, ending.reason)
        moment = self._down_lane.due(UNTOUCHED, self.world.seconds + self.world.latency)
        self.world.at(moment, lambda: self.client.tell(event))
        self.drop()

    def _tell_lost(self, code: int, reason: str) -> None:
        event = LinkClosed(self.number, code, reason)
        self._carry(
            self._down_lane,
            Direction.DOWNSTREAM,
            b"",
            lambda _, __: self.client.tell(event),
            Role.CLOSE,
        )

    def drop(self) -> None:
        """The venue's end is gone."""
        if self.up:
            self.up = False
            self.session.lost()

    def shorten(self) -> None:
        if len(self.place.troubles):
            self.place.troubles.shorten(self.session, self.opened_at, self.world.seconds)
            self._rearm()

    def _carry(
        self,
        lane: Lane,
        direction: Direction,
        payload: bytes,
        arrive: Callable[[bytes, object], None],
        control: Role | None = None,
    ) -> None:
        now = self.world.seconds
        fate = self._gate.judge(direction, payload, now, control)
        if not isinstance(fate.verdict, Drop):
            moment = lane.due(fate, now + self.world.latency)
            self.world.at(moment, lambda: arrive(payload, fate.verdict))

    def _rearm(self) -> None:
        due = self.session.deadline
        if due is not None and (self._wake_at is None or due < self._wake_at):
            self._wake_at = due
            self.world.at(due, self._wake)

    def _wake(self) -> None:
        self._wake_at = None
        if self.up:
            self.session.wake(self.place.now())
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
