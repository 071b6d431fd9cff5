"""A venue that does as it is told, on a real socket, and the dialect to speak with it.

The server is the `websockets` library's, so nothing here shares code with what is tested. By itself
it agrees to subscriptions and answers pings; a test tells it to refuse, to be silent, to break the
protocol, to leave.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from venuewire.client.session import Session, connect
from venuewire.core.backoff import Backoff
from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Message,
    Pong,
    Refused,
    Reply,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.core.secrets import Credentials
from venuewire.core.subscriptions import Topic
from venuewire.core.terms import Terms
from venuewire.core.updates import Update
from venuewire.core.venue import ClientOptions, Venue

QUICK = Backoff(initial=0.01, limit=0.05)
CREDENTIALS = Credentials("canary-key", "canary-secret", "canary-passphrase")
TOKEN = "canary-token"
PATIENCE = 5.0
"""Seconds for anything in these tests to happen."""


class Stage:
    """`async with Stage() as stage`, then `stage.session()`."""

    def __init__(self, ssl_context: SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self.links: list[ServerConnection] = []
        self.heard: list[dict[str, Any]] = []
        """What clients said, apart from pings."""
        self.upgrades: list[Request] = []
        self.answering = True
        self.refusal: tuple[int, dict[str, str], bytes] | None = None
        """Status, headers and body, instead of an upgrade."""
        self.token_reply: tuple[int, dict[str, str], bytes] = (200, {}, TOKEN.encode())
        self._arrived = asyncio.Condition()
        self._server: Server

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            ping_interval=None,
            compression=None,
            ssl=self._ssl_context,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'ws' if self._ssl_context is None else 'wss'}://{self.address}/"

    @property
    def address(self) -> str:
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"{host}:{port}"

    async def link(self, number: int) -> ServerConnection:
        """The `number`th, from 1, once it is there."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.links) >= number)
        return self.links[number - 1]

    async def say(self, channel: str, *data: Any) -> None:
        """Messages on the newest link, in as few packets as the system likes."""
        for each in data:
            await self.links[-1].send(json.dumps({"op": "data", "channel": channel, "data": each}))

    def write(self, *frames: bytes) -> None:
        """Bytes as they stand, on the newest link."""
        self.links[-1].transport.write(b"".join(frames))

    def session(self, *, venue: "StagedVenue | None" = None, **options: Any) -> Session:
        options = {"backoff": QUICK, "url": self.url, **options}
        return connect((venue or StagedVenue()).venue, **options)

    def _admit(self, link: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/token"):
            return _response(self.token_reply)
        self.upgrades.append(request)
        return None if self.refusal is None else _response(self.refusal)

    async def _serve(self, link: ServerConnection) -> None:
        async with self._arrived:
            self.links.append(link)
            self._arrived.notify_all()
        try:
            async for frame in link:
                await self._answer(link, json.loads(frame))
        except ConnectionClosed:
            pass

    async def _answer(self, link: ServerConnection, said: dict[str, Any]) -> None:
        if said["op"] == "ping":
            answer = {"op": "pong"}
        else:
            self.heard.append(said)
            refused = said.get("channel") == "forbidden"
            answer = {"op": "refused", "reason": "no"} if refused else {"op": f"{said['op']}d"}
        if self.answering:
            await link.send(json.dumps({**answer, "id": said["id"]}))


def _response(parts: tuple[int, dict[str, str], bytes]) -> Response:
    status, headers, body = parts
    length = {"Content-Length": str(len(body)), "Connection": "close"}
    return Response(status, "No Doubt", Headers({**length, **headers}), body)


class Word(msgspec.Struct):
    op: str
    id: int | None = None
    channel: str = ""
    reason: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class StagedClient:
    def __init__(self, venue: "StagedVenue", options: ClientOptions) -> None:
        self._venue = venue
        self.capacity = venue.capacity
        self._options = options
        self._decoder = msgspec.json.Decoder(Word)

    def again(self) -> "StagedClient":
        return StagedClient(self._venue, self._options)

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        if not self._venue.fetches:
            return None
        url = f"{self._options.url}token?token={TOKEN}".replace("ws", "http", 1)
        return HttpRequest(method="GET", url=url, headers=self._headers)

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        if self._venue.misconfigured:
            raise ConfigurationError("ping_interval is above what the venue granted")
        if grant is not None and grant.status != 200:
            raise AccessRefused(f"HTTP {grant.status}", auth=grant.status == 401)
        url = f"{self._options.url}?token={TOKEN}"
        return HttpRequest(method="GET", url=url, headers=self._headers), self._venue.profile

    @property
    def _headers(self) -> dict[str, str]:
        credentials = self._options.credentials
        return {} if credentials is None else {"X-Signature": credentials.api_secret}

    def challenge(self, now: Instant) -> bytes:
        raise NotImplementedError

    def prove(self, challenge: str) -> None:
        raise NotImplementedError

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        if " " in channel:
            raise ConfigurationError("a channel has no spaces")
        return [Topic(each, options=tuple(options.items())) for each in channel.split(",")]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        return [[topic] for topic in topics]

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _say(op="subscribe", id=id, channel=topics[0].channel)

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _say(op="unsubscribe", id=id, channel=topics[0].channel)

    def ping(self, id: int, now: Instant) -> bytes | None:
        return None if self._venue.control_pings else _say(op="ping", id=id)

    def likeness(self, message: Message) -> bytes:
        return bytes(message.raw)

    def decode(self, payload: bytes, now: Instant) -> Reply:
        try:
            word = self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            raise UnreadableFrame(str(error)) from None
        if word.op == "data":
            return Message(channel=word.channel, raw=word.data, received=now.realtime)
        return _reply(word)


def _reply(word: Word) -> Reply:
    match word.op:
        case "subscribed":
            return Subscribed(word.id)
        case "unsubscribed":
            return Unsubscribed(word.id)
        case "refused":
            return Refused(word.reason, word.id)
        case "pong":
            return Pong(word.id)
        case "welcome":
            return Welcome(word.reason)
        case _:
            raise UnreadableFrame("no word of this venue")


def _say(**word: Any) -> bytes:
    return msgspec.json.encode(word)


class StagedVenue:
    """Its ways may be changed between links."""

    def __init__(self, *, fetches: bool = False, control_pings: bool = False) -> None:
        self.fetches = fetches
        self.control_pings = control_pings
        self.misconfigured = False
        self.capacity: int | None = None
        """Channels on one link."""
        self.profile = Profile(liveness=LivenessPolicy())

    @property
    def venue(self) -> Venue:
        return Venue(
            name="staged",
            docs="",
            url="ws://nowhere.invalid/",
            endpoint="/",
            doors=(),
            demo=CREDENTIALS,
            watched=(),
            public=(),
            terms=lambda edition: Terms(edition=edition),
            client=lambda options: StagedClient(self, options),
            floor=_no_floor,
        )


def _no_floor(*_: Any) -> Any:
    raise NotImplementedError


async def next_of(session: Session, *kinds: type[Update]) -> Update:
    """The next update of one of these kinds; others are passed over."""
    async with asyncio.timeout(PATIENCE):
        async for update in session:
            if isinstance(update, kinds):
                return update
    raise AssertionError(f"the session ended without {kinds}")


async def rest_of(session: Session) -> list[Update]:
    async with asyncio.timeout(PATIENCE):
        return [update async for update in session]
