"""A fifth venue, smaller than any real one and as complete: what it takes to add a venue.

It echoes, answers pings, keeps subscriptions, and grants a token over HTTP that its private door
asks for. Some of its words exist to provoke whoever carries it: `crash`, `leave`, `drop`, `fill`.

    {"op":"ping","id":1}                        {"op":"pong","id":1}
    {"op":"echo","text":"hello"}                {"op":"echo","text":"hello"}
    {"op":"subscribe","id":2,"channel":"news"}  {"op":"subscribed","id":2,"channel":"news"}
    {"op":"publish","channel":"news","data":1}  {"op":"published","heard":2}; others get
                                                {"op":"news","channel":"news","data":1}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import AccessRefused, LocalProtocolError, UnreadableFrame
from venuewire.core.floor import Floor, Note, Publication
from venuewire.core.http import HttpReply, HttpRequest, json_reply
from venuewire.core.instant import Clock, Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Heartbeat,
    Ignored,
    Message,
    Pong,
    Refused,
    Reply,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.core.secrets import Account, Credentials
from venuewire.core.server_session import ServerSession
from venuewire.core.subscriptions import Topic
from venuewire.core.terms import Edition, Terms
from venuewire.core.venue import ClientOptions, Door, Venue


class ToyTerms(Terms, frozen=True, kw_only=True):
    idle_timeout: float | None = 60.0
    greeting: str = ""
    """Said on connecting, unless empty."""


# Wire.


class Request(Struct):
    op: str
    id: int | None = None
    text: str = ""
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    size: int = 0
    code: int = 1000


class Answer(Struct, omit_defaults=True):
    op: str
    id: int | None = None
    text: str = ""
    channel: str = ""
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    heard: int | None = None


_requests: Final = msgspec.json.Decoder(Request)
_answers: Final = msgspec.json.Decoder(Answer)
_encode: Final = msgspec.json.encode


def _news(channel: str, data: bytes | msgspec.Raw) -> bytes:
    return _encode(Answer("news", channel=channel, data=msgspec.Raw(data)))


# The venue's side.


class ToyServer:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._session: ServerSession
        self._does: dict[str, Callable[[Request, Instant], None]] = {
            "ping": self._ping,
            "echo": self._echo,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "publish": self._publish,
            "beat": self._beat,
            "fill": self._fill,
            "leave": self._leave,
            "drop": self._drop,
            "crash": self._crash,
        }

    def open(self, session: ServerSession, now: Instant) -> None:
        self._session = session
        terms = self._floor.terms
        if isinstance(terms, ToyTerms) and terms.greeting:
            self._say(Answer("welcome", text=terms.greeting))

    def receive(self, payload: bytes, now: Instant) -> None:
        try:
            request = _requests.decode(payload)
            handler = self._does[request.op]
        except (msgspec.DecodeError, KeyError):
            self._say(Answer("error", text="what?"))
        else:
            handler(request, now)

    def exceed(self, payload: bytes, now: Instant) -> None:
        self._say(Answer("error", text="too many requests"))

    def beat(self, now: Instant) -> None:
        self._say(Answer("heartbeat"))
        self._session.beat_at = now.monotonic + self._floor.terms.heartbeat_interval

    def idle(self, now: Instant) -> None:
        self._say(Answer("error", text="are you there?"))
        self._session.close(1000, "idle")

    def cut(self, now: Instant) -> None:
        self._session.close(1001, "that was long enough")

    def lost(self) -> None:
        self._floor.leave(self._session)

    # One handler for each word.

    def _ping(self, request: Request, now: Instant) -> None:
        self._session.outbox.append(b'{"op":"pong","id":%d}' % (request.id or 0))

    def _echo(self, request: Request, now: Instant) -> None:
        self._say(Answer("echo", request.id, text=request.text))

    def _subscribe(self, request: Request, now: Instant) -> None:
        if self._floor.subscribers.count(self._session) >= self._floor.terms.max_subscriptions:
            self._say(Answer("error", request.id, text="too many subscriptions"))
            return
        self._floor.subscribers.add(request.channel, self._session)
        self._say(Answer("subscribed", request.id, channel=request.channel))

    def _unsubscribe(self, request: Request, now: Instant) -> None:
        self._floor.subscribers.remove(request.channel, self._session)
        self._say(Answer("unsubscribed", request.id, channel=request.channel))

    def _publish(self, request: Request, now: Instant) -> None:
        hearers = [
            session
            for session in self._floor.subscribers.of(request.channel)
            if session is not self._session
        ]
        heard = self._floor.push(_news(request.channel, request.data), hearers)
        self._say(Answer("published", request.id, heard=heard))

    def _beat(self, request: Request, now: Instant) -> None:
        self._session.beat_from(now.monotonic + self._floor.terms.heartbeat_interval)

    def _fill(self, request: Request, now: Instant) -> None:
        self._say(Answer("filling", text="x" * min(request.size, 1 << 20)))

    def _leave(self, request: Request, now: Instant) -> None:
        self._say(Answer("bye"))
        self._session.close(request.code, request.text)

    def _drop(self, request: Request, now: Instant) -> None:
        self._say(Answer("bye"))
        self._session.close(1006, abort=True)

    def _crash(self, request: Request, now: Instant) -> None:
        raise RuntimeError(f"a bug that quotes {request.text}")

    def _say(self, answer: Answer) -> None:
        self._session.outbox.append(_encode(answer))


class ToyFloor(Floor):
    """Refuses whoever asks for it, and whoever is one too many."""

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], *, clock: Clock, rng: Random
    ) -> None:
        super().__init__(terms, accounts, clock=clock, rng=rng)
        self._notes: dict[int, Note] = {}

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        if "crash" in request.query:
            raise RuntimeError(f"a bug that quotes {request.query}")
        if len(self.sessions) >= self.terms.max_sessions:
            return json_reply(429, b'{"no":"full"}', retry_after="7")
        if door == "private" and f"token={self._token()}" not in request.query:
            return json_reply(401, b'{"no":"token"}')
        session = ServerSession(ToyServer(self), self.terms, self.number(), now)
        self.sessions[session.number] = session
        return session

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        if request.body == b"crash":
            raise RuntimeError(f"a bug that quotes {request.headers}")
        if request.headers.get("x-key") not in self.accounts:
            return json_reply(401, b'{"no":"key"}')
        secure = b"true" if request.secure else b"false"
        return json_reply(200, b'{"token":"%b","secure":%b}' % (self._token().encode(), secure))

    def publish(self, publication: Publication, now: Instant) -> int:
        try:
            frame = _news(publication.channel, _encode(msgspec.json.decode(publication.payload)))
        except msgspec.DecodeError:
            raise LocalProtocolError("the payload is not JSON") from None
        return self.push(frame, self.subscribers.of(publication.channel))

    def notify(self, note: Note, now: Instant) -> int:
        data = _encode(note)
        self.push(_news("notes", data), self.subscribers.of("notes"))
        number = self.number()
        self._notes[number] = note
        return number

    def withdraw(self, id: int) -> bool:
        return self._notes.pop(id, None) is not None

    def _token(self) -> str:
        return f"toy-{next(iter(self.accounts), '')}"


# The client's side.


class ToyClient:
    capacity = None

    def __init__(self, options: ClientOptions) -> None:
        self._options = options

    def again(self) -> "ToyClient":
        return ToyClient(self._options)

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        return None

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        if self._options.private:
            raise AccessRefused("this client has no token")
        policy = LivenessPolicy(ping_interval=20.0, ping_timeout=5.0)
        request = HttpRequest(method="GET", url=self._options.url or TOY.url)
        return request, Profile(liveness=policy)

    def challenge(self, now: Instant) -> bytes:
        raise LocalProtocolError("there are no challenges here")

    def prove(self, challenge: str) -> None:
        raise LocalProtocolError("there are no challenges here")

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        return [Topic(channel)]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        return [[topic] for topic in topics]

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _encode(Answer("subscribe", id, channel=topics[0].channel))

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _encode(Answer("unsubscribe", id, channel=topics[0].channel))

    def ping(self, id: int, now: Instant) -> bytes | None:
        return _encode(Answer("ping", id))

    def likeness(self, message: Message) -> bytes:
        return bytes(message.raw)

    def decode(self, payload: bytes, now: Instant) -> Reply:  # noqa: PLR0911 - one for each word
        try:
            answer = _answers.decode(payload)
        except msgspec.DecodeError as error:
            raise UnreadableFrame(str(error)) from None
        match answer.op:
            case "news":
                return Message(channel=answer.channel, raw=answer.data or b"null")
            case "pong":
                return Pong(answer.id)
            case "subscribed":
                return Subscribed(answer.id)
            case "unsubscribed":
                return Unsubscribed(answer.id)
            case "heartbeat":
                return Heartbeat()
            case "welcome":
                return Welcome(answer.text)
            case "error":
                return Refused(answer.text, answer.id)
            case _:
                return Ignored()


def _terms(edition: Edition) -> Terms:
    return ToyTerms(edition=edition)


def _floor(terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random) -> Floor:
    return ToyFloor(terms, accounts, clock=clock, rng=rng)


TOY: Final = Venue(
    name="toy",
    docs="this module's docstring",
    url="wss://ws.toy.example/v1",
    endpoint="/toy/v1",
    doors=(
        Door(
            name="public", kind="websocket", hosts=("ws.toy.example",), path="/v1", local="/toy/v1"
        ),
        Door(
            name="private",
            kind="websocket",
            hosts=("ws.toy.example",),
            path="/private",
            local="/toy/private/",
        ),
        Door(
            name="token",
            kind="http",
            hosts=("api.toy.example",),
            path="/token",
            local="/toy/token",
            method="POST",
        ),
    ),
    demo=Credentials("toy-key", "toy-secret"),
    watched=("news",),
    public=("news",),
    terms=_terms,
    client=ToyClient,
    floor=_floor,
)

VENUES: Final = (TOY,)
