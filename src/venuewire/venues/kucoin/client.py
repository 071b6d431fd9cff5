"""The client's side: values in, bytes out; bytes in, neutral words out.

Law 1: a token is part of one attempt to connect; the next attempt fetches its own.
Law 2: `pingInterval` and `pingTimeout` are milliseconds, and are never guessed from their size.
Law 3: of two ways to tell whether the venue agreed, `code` comes before the HTTP status.

Source: https://www.kucoin.com/docs-new/websocket-api/base-info/introduction
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Raw
from msgspec.json import decode, encode

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import (
    AccessRefused,
    ConfigurationError,
    LocalProtocolError,
    UnreadableFrame,
)
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Accepted,
    Ignored,
    Message,
    Pong,
    Refused,
    Reply,
    RequestId,
    Welcome,
)
from venuewire.core.secrets import excerpt, redact_url
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kucoin import wire
from venuewire.venues.kucoin.signing import signed_headers
from venuewire.venues.kucoin.terms import Market
from venuewire.venues.kucoin.topics import ALONE, NUMBERED, Argument, Topics

PUBLIC_PATH: Final = "/api/v1/bullet-public"
PRIVATE_PATH: Final = "/api/v1/bullet-private"

USUAL_PING_INTERVAL: Final = 9.0
""" "some users implement a heartbeat cycle of 9 seconds for higher reliability" """
NETWORK_ALLOWANCE: Final = 1.0
"""Seconds by which the longest interval stays below the venue's: "Network delay should also be
considered". """
TOPICS_PER_REQUEST: Final = 100
TOPICS_PER_LINK: Final = 400
LONGEST_LINK: Final = 24 * 3600.0
"""Seconds."""

_AN_ERROR: Final = 400
_LIMITED: Final = 509
_BAD_TOPIC: Final = frozenset({400, 403, 404})
_REQUESTS: Final = (90, 10.0)
"""Messages per seconds. The venue allows 100; the others are for pings and what is given up."""


class KuCoinClient:
    capacity = TOPICS_PER_LINK

    def __init__(self, market: Market, options: ClientOptions) -> None:
        """Raises `ConfigurationError` for options that cannot work."""
        self._market = market
        self._options = options
        self._base = _http_base(options.url or market.url)
        self._topics = Topics(market.kinds["documented"], market.symbol)
        self._private = options.credentials is not None and options.private is not False
        if options.private and options.credentials is None:
            raise ConfigurationError("private=True needs credentials")

    def again(self) -> "KuCoinClient":
        return KuCoinClient(self._market, self._options)

    # Getting connected.

    def bootstrap(self, now: Instant) -> HttpRequest:
        path = PRIVATE_PATH if self._private else PUBLIC_PATH
        headers = {"Content-Type": "application/json"}
        if self._private and self._options.credentials is not None:
            headers |= signed_headers(self._options.credentials, "POST", path, now)
        return HttpRequest(method="POST", url=self._base + path, headers=headers)

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        if grant is None:
            raise UnreadableFrame("no reply to the request for a token")
        granted = _granted(grant)
        server = granted.instance_servers[0]
        policy = self._policy(server)
        profile = Profile(welcomes=True, requests=_REQUESTS, lifetime=LONGEST_LINK, liveness=policy)
        query = f"token={quote(granted.token, safe='')}&connectId={self._connect_id(link)}"
        mark = "&" if "?" in server.endpoint else "?"
        return HttpRequest(method="GET", url=f"{server.endpoint}{mark}{query}"), profile

    def _policy(self, server: wire.InstanceServer) -> LivenessPolicy:
        """ "Send heartbeats at or before pingInterval. Detect server silence using pingTimeout.
        Reset timeout on any outgoing traffic." """
        limit = server.ping_interval / 1000
        wanted = self._options.ping_interval
        if wanted is not None and not 0 < wanted <= limit:
            raise ConfigurationError(
                f"ping_interval {wanted:g} s must be above 0 and at most the venue's {limit:g} s"
            )
        longest = max(limit / 2, limit - NETWORK_ALLOWANCE)
        return LivenessPolicy(
            ping_interval=min(USUAL_PING_INTERVAL if wanted is None else wanted, longest),
            ping_timeout=server.ping_timeout / 1000,
            silence_timeout=self._options.silence_timeout,
        )

    def _connect_id(self, link: int) -> str:
        return quote(f"{self._options.tag}-{link}", safe="")

    def challenge(self, now: Instant) -> bytes:
        raise LocalProtocolError("KuCoin has no challenge")

    def prove(self, challenge: str) -> None:
        raise LocalProtocolError("KuCoin has no challenge")

    # Speaking.

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        """`/market/ticker:BTC-USDT,ETH-USDT` is two topics.

        `private` (bool): only what concerns the account itself; by default, where the topic has
        nothing else.
        """
        prefix, colon, rest = channel.partition(":")
        if not prefix.startswith("/") or any(map(str.isspace, channel)):
            raise ConfigurationError(f"{channel!r} is no KuCoin topic: /PREFIX or /PREFIX:SYMBOL")
        self._check_argument(prefix, colon, rest)
        private = self._is_private(prefix, channel, options)
        names = [f"{prefix}:{each}" for each in dict.fromkeys(rest.split(","))]
        return [Topic(name, private) for name in (names if colon else [channel])]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        batches: list[list[Topic]] = []
        filling: dict[tuple[str, bool], list[Topic]] = {}
        for topic in topics:
            prefix, colon, _ = topic.channel.partition(":")
            kind = self._topics.kind(prefix)
            key = prefix, topic.private
            batch = filling.get(key)
            if batch is None or len(batch) == TOPICS_PER_REQUEST:
                batch = []
                batches.append(batch)
            batch.append(topic)
            if colon and kind is not None and kind.multi:
                filling[key] = batch
        return batches

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _request("subscribe", topics, id)

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return _request("unsubscribe", topics, id)

    def ping(self, id: int, now: Instant) -> bytes:
        return wire.ping(id)

    def _check_argument(self, prefix: str, colon: str, rest: str) -> None:
        """Only for the topics we know: the venue may have others by now."""
        kind = self._topics.kind(prefix)
        if colon and not all(rest.split(",")):
            raise ConfigurationError(f"{prefix}:{rest} has an empty symbol")
        if kind is None:
            return
        if colon and kind.argument is Argument.NONE:
            raise ConfigurationError(f"{prefix} takes no symbol")
        if not colon and kind.argument not in ALONE:
            raise ConfigurationError(f"{prefix} needs a symbol: {prefix}:SYMBOL")

    def _is_private(self, prefix: str, channel: str, options: Mapping[str, Option]) -> bool:
        if unknown := options.keys() - {"private"}:
            raise ConfigurationError(f"KuCoin has no option {min(unknown)!r}; there is 'private'")
        kind = self._topics.kind(prefix)
        always = kind is not None and kind.private
        private = options.get("private", always)
        if not isinstance(private, bool):
            raise ConfigurationError("option 'private' is true or false")
        if (private or always) and not self._private:
            raise ConfigurationError(f"{channel} is private: it needs credentials")
        return private

    # Hearing.

    def decode(self, payload: bytes, now: Instant) -> Reply:
        """Our own requests have whole numbers as ids; any other id is not an answer to them."""
        answer = wire.read_answer(payload)
        match answer.type:
            case "message":
                return _message(answer, payload, now)
            case "pong":
                return Pong(_id(answer.id))
            case "ack":
                answered = _id(answer.id)
                return Ignored() if answered is None else Accepted(answered)
            case "error":
                return _refused(answer)
            case "welcome":
                return Welcome()
            case "":
                raise UnreadableFrame(excerpt(payload))
            case _:
                return Ignored()  # `notice` and `command` have names, and no documented form.

    def likeness(self, message: Message) -> bytes:
        return bytes(message.raw)


def _http_base(url: str) -> str:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigurationError("KuCoin's url is the HTTP base its tokens come from")
    return url.rstrip("/")


def _request(type: str, topics: Sequence[Topic], id: int) -> bytes:
    first = topics[0]
    symbols = [topic.channel.partition(":")[2] for topic in topics[1:]]
    return encode(
        wire.Subscription(
            id=str(id),
            type=type,
            topic=",".join([first.channel, *symbols]),
            private_channel=first.private,
        )
    )


def _message(answer: wire.Answer, payload: bytes, now: Instant) -> Message:
    if answer.topic is None:
        raise UnreadableFrame(excerpt(payload))
    if _is_numbered(answer.topic):
        return _numbered(answer.topic, answer, now)
    return Message(
        channel=answer.topic,
        subject=answer.subject or "",
        raw=answer.data,
        received=now.realtime,
    )


def _numbered(topic: str, answer: wire.Answer, now: Instant) -> Message:
    first, last = wire.read_numbers(answer.data)
    return Message(
        channel=topic,
        subject=answer.subject or "",
        raw=answer.data,
        sequence=last,
        first_sequence=first,
        received=now.realtime,
    )


@lru_cache(4096)
def _is_numbered(topic: str) -> bool:
    """Remembered, because cutting a text for each message costs more than finding it again."""
    return topic.partition(":")[0] in NUMBERED


def _refused(answer: wire.Answer) -> Refused:
    number = _id(answer.code)
    code = number if isinstance(number, int) else None
    text = _text(answer.data)
    return Refused(
        text,
        id=_id(answer.id),
        code=code,
        # 509 means three things: too fast, too busy, and too many, which stays so.
        transient=code == _LIMITED and "count" not in text,
        splits=code in _BAD_TOPIC,
        auth=code == 401,
    )


def _text(data: Raw) -> str:
    """An error's words, which are a text unless the venue has changed its mind."""
    said = decode(data)
    return said if isinstance(said, str) else bytes(data).decode()


def _id(id: str | float | None) -> RequestId | None:
    """A number again, where it was one of ours: the venue answers with text in any case."""
    if isinstance(id, str) and (number := wire.number(id)) is not None:
        return number
    return id if isinstance(id, int | None) else str(id)


# The reply that grants a token.


def _granted(reply: HttpReply) -> wire.Grant:
    try:
        answer = wire.read_token_reply(reply.body)
    except UnreadableFrame:
        if reply.status < _AN_ERROR:
            raise
        raise _refusal(f"HTTP {reply.status}", reply, auth=False) from None
    if answer.code != wire.SUCCESS:
        credentials = len(answer.code) == 6 and answer.code.startswith("4000")
        raise _refusal(f"{answer.code} {answer.msg[:80]}", reply, auth=credentials)
    return _usable(answer.data)


def _usable(grant: wire.Grant | None) -> wire.Grant:
    if grant is None or not grant.instance_servers:
        raise UnreadableFrame("a token reply without a server")
    server = grant.instance_servers[0]
    if not server.endpoint.startswith(("ws://", "wss://")):
        raise UnreadableFrame(
            f"an endpoint that is not a WebSocket's: {redact_url(server.endpoint)[:80]}"
        )
    if not (server.ping_interval > 0 and server.ping_timeout > 0):
        raise UnreadableFrame("pingInterval and pingTimeout must be above 0")
    return grant


def _refusal(reason: str, reply: HttpReply, *, auth: bool) -> AccessRefused:
    wait = reply.retry_after
    return AccessRefused(reason, auth=auth, retry_after=_reset(reply) if wait is None else wait)


def _reset(reply: HttpReply) -> float | None:
    """Seconds until the rate limit is over, which KuCoin gives in milliseconds."""
    text = reply.headers.get("gw-ratelimit-reset", "")
    return float(text) / 1000 if text.isascii() and text.isdecimal() and len(text) < 9 else None
