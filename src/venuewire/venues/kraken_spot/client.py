"""The client's half of the dialect.

Law 1: a session is public or private, as the two hosts are; a private one fetches a fresh token
       for each dial and shows it in each request.
Law 2: "any request" keeps a session alive, so the JSON ping is sent when nothing else is.
Law 3: a channel message costs one decode, which reads its channel and first symbol; `raw` is the
       whole message, as the venue sent it.
Law 4: replies belong together by `req_id`, never by `method`: a failure to unsubscribe says
       `subscribe`. Both spellings of `error` are read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Raw
from msgspec.json import encode

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
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
from venuewire.core.secrets import Credentials, excerpt
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import refusals
from venuewire.venues.kraken_spot.channels import CHANNELS, Channel
from venuewire.venues.kraken_spot.endpoints import endpoints
from venuewire.venues.kraken_spot.signing import TOKEN_PATH, Nonces, secret_bytes, sign
from venuewire.venues.kraken_spot.wire import (
    FromVenue,
    Grant,
    read_any,
    read_engine,
    read_grant,
    read_message,
)

PING_INTERVAL: Final = 30.0
"""Seconds; half of what the venue allows."""
IDLE_LIMIT: Final = 60.0
PING_TIMEOUT: Final = 3.0
SILENCE_TIMEOUT: Final = 3.0
"""Seconds without any frame while subscribed: heartbeats come once a second."""

NAMES_KEPT: Final = 10_000
"""Channel names put together from frames; beyond that we begin anew."""
REQUESTS_KEPT: Final = 1_000
"""Requests whose channel is remembered for the sake of replies that do not name it."""

FIRST_DATA: Final = 15.0
"""Seconds for the snapshot that was asked for."""
_BENIGN: Final = frozenset({refusals.ALREADY, refusals.NOT_FOUND})
_KEY_AT_FAULT: Final = (
    refusals.INVALID_KEY,
    refusals.INVALID_SIGNATURE,
    refusals.INVALID_NONCE,
    refusals.PERMISSION_DENIED,
)


class KrakenSpotClient:
    capacity = None

    def __init__(self, options: ClientOptions) -> None:
        """Raises `ConfigurationError`."""
        self._options = options
        credentials = options.credentials
        self._private = credentials is not None if options.private is None else options.private
        self._endpoints = endpoints(options)
        self._profile = _profile(options)
        self._key, self._secret = "", b""
        if self._private:
            self._key, self._secret = _identity(credentials)
            if self._endpoints.token is None:
                raise ConfigurationError(
                    "token_url: a private session needs it, because `url` doesn't tell"
                )
        self._nonces = Nonces()

        # Channel and symbol as they come, and what they are called together.
        self._names: dict[tuple[str, str], str] = {}

        # Forgotten with the link.
        self._token = ""
        self._asked: dict[int, str] = {}

    def again(self) -> "KrakenSpotClient":
        other = KrakenSpotClient(self._options)
        other._nonces = self._nonces  # They grow by key, whatever the wall clock has shown since.
        return other

    # Getting in.

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        url = self._endpoints.token
        if not self._private or url is None:
            return None
        nonce = self._nonces.next(now.realtime)
        form = f"nonce={nonce}".encode()
        return HttpRequest(
            method="POST",
            url=url,
            headers={
                "API-Key": self._key,
                "API-Sign": sign(self._secret, TOKEN_PATH, nonce, form),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=form,
        )

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        self._token = ""
        self._asked.clear()
        if self._private:
            self._token = _token(grant)
        url = self._endpoints.private if self._private else self._endpoints.public
        return HttpRequest(method="GET", url=url), self._profile

    def challenge(self, now: Instant) -> bytes:
        """Never asked for: this venue knows no challenge."""
        raise NotImplementedError

    def prove(self, challenge: str) -> None:
        raise NotImplementedError

    # Speaking.

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        name, colon, listed = channel.partition(":")
        known = self._channel(name)
        legal = {"snapshot", *known.options, *filter(None, [known.variant])}
        if unknown := sorted(set(options) - legal):
            raise ConfigurationError(
                f"{unknown[0]}: not an option of {name}; there are {', '.join(sorted(legal))}"
            )
        chosen = tuple(sorted(options.items()))
        promise = FIRST_DATA if options.get("snapshot", known.snapshots) else None
        if not known.by_symbol:
            if colon:
                raise ConfigurationError(f"{channel}: {name} takes no symbols")
            return [Topic(name, known.private, chosen, promise)]
        symbols = [symbol.strip() for symbol in listed.split(",")]
        if not all(symbols):
            raise ConfigurationError(f"{channel}: {name} needs symbols, such as {name}:BTC/USD")
        return [Topic(f"{name}:{symbol}", known.private, chosen, promise) for symbol in symbols]

    def _channel(self, name: str) -> Channel:
        known = CHANNELS.get(name)
        if known is None:
            raise ConfigurationError(
                f"{name}: not a channel to subscribe; there are {', '.join(CHANNELS)}"
            )
        if known.private is not self._private:
            kind = "private" if known.private else "public"
            raise ConfigurationError(
                f"{name}: a {kind} channel; it needs a session with private={known.private}"
            )
        return known

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        """A request carries many symbols, but one channel and one set of options."""
        groups: dict[Any, list[Topic]] = {}
        for topic in topics:
            groups.setdefault((topic.channel.partition(":")[0], topic.options), []).append(topic)
        return list(groups.values())

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return self._request("subscribe", topics, id, dict(topics[0].options))

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        variant = CHANNELS[topics[0].channel.partition(":")[0]].variant
        repeated = {name: value for name, value in topics[0].options if name == variant}
        return self._request("unsubscribe", topics, id, repeated)

    def _request(
        self, method: str, topics: Sequence[Topic], id: int, options: dict[str, Option]
    ) -> bytes:
        name = topics[0].channel.partition(":")[0]
        params: dict[str, Any] = {"channel": name, **options}
        if CHANNELS[name].by_symbol:
            params["symbol"] = [topic.channel.partition(":")[2] for topic in topics]
        if self._private:
            params["token"] = self._token
        self._asked[id] = name
        if len(self._asked) > REQUESTS_KEPT:
            del self._asked[next(iter(self._asked))]
        return encode({"method": method, "params": params, "req_id": id})

    def ping(self, id: int, now: Instant) -> bytes | None:
        return b'{"method":"ping","req_id":%d}' % id

    # Hearing.

    def decode(self, payload: bytes, now: Instant) -> Reply:
        try:
            message = read_message(payload)
            name = self._names[message.channel, message.data[0].symbol]
        except (ValueError, LookupError, RecursionError):
            return self._decode_rare(payload, now)
        return Message(channel=name, raw=payload, kind=message.type, received=now.realtime)

    def _decode_rare(self, payload: bytes, now: Instant) -> Reply:
        """Whatever is not the repeated message of a channel."""
        try:
            frame = read_any(payload)
        except (ValueError, RecursionError) as error:
            raise UnreadableFrame(excerpt(payload)) from error
        if frame.success is False or frame.method == "error" or frame.error or frame.Error:
            return self._refused(frame)
        if frame.channel and not frame.method:
            return self._heard(frame, payload, now)
        return self._reply(frame)

    def _heard(self, frame: FromVenue, payload: bytes, now: Instant) -> Reply:
        match frame.channel:
            case "heartbeat":
                return Heartbeat()
            case "status":
                return _welcome(frame.data)
            case _:
                return self._message(frame, payload, now) if bytes(frame.data) else Ignored()

    def _reply(self, frame: FromVenue) -> Reply:
        match frame.method:
            case "pong":
                return Pong(frame.req_id)
            case "subscribe":
                return Subscribed(frame.req_id, self._named(frame))
            case "unsubscribe":
                return Unsubscribed(frame.req_id, self._named(frame))
            case _:
                return Ignored()

    def _refused(self, frame: FromVenue) -> Refused:
        reason = frame.error or frame.Error or "no reason given"
        return Refused(
            reason,
            frame.req_id,
            next(iter(self._named(frame)), None),
            benign=reason in _BENIGN,
            transient=reason == refusals.EXCEEDED_RATE,
            auth=reason == refusals.INVALID_SESSION,
        )

    def _named(self, frame: FromVenue) -> tuple[str, ...]:
        """The channel a reply is about, from what it says and what it answers."""
        result = frame.result
        name = frame.channel or (result.channel if result else "")
        if not name and frame.req_id is not None:
            name = self._asked.get(frame.req_id, "")
        symbol = frame.symbol or (result.symbol if result else "")
        return (_join(name, symbol),) if name and (symbol or not _by_symbol(name)) else ()

    def _message(self, frame: FromVenue, payload: bytes, now: Instant) -> Message:
        try:
            data = read_message(payload).data
        except ValueError:
            data = []  # `instrument` sends an object.
        symbol = data[0].symbol if data else ""
        name = _join(frame.channel, symbol)
        if data:
            if len(self._names) >= NAMES_KEPT:
                self._names.clear()
            self._names[frame.channel, symbol] = name
        return Message(channel=name, raw=payload, kind=frame.type, received=now.realtime)

    def likeness(self, message: Message) -> bytes:
        """The `sequence` of private channels counts for one link."""
        return bytes(read_any(bytes(message.raw)).data)


def _profile(options: ClientOptions) -> Profile:
    interval = PING_INTERVAL if options.ping_interval is None else options.ping_interval
    if not 0 < interval < IDLE_LIMIT:
        raise ConfigurationError(f"ping_interval: below {IDLE_LIMIT} seconds, not {interval}")
    return Profile(
        liveness=LivenessPolicy(
            ping_interval=interval,
            ping_timeout=PING_TIMEOUT,
            silence_timeout=options.silence_timeout or SILENCE_TIMEOUT,
            silence_while_subscribed=True,
        )
    )


def _identity(credentials: Credentials | None) -> tuple[str, bytes]:
    if credentials is None:
        raise ConfigurationError("credentials: a private session needs them")
    return credentials.api_key, secret_bytes(credentials.api_secret)


def _token(reply: HttpReply | None) -> str:
    """Raises `AccessRefused` and `UnreadableFrame`; neither quotes the reply."""
    if reply is None:
        raise UnreadableFrame("there was no reply to the request for a token")
    if reply.status != 200:
        raise AccessRefused(
            f"the request for a token was answered with HTTP {reply.status}",
            auth=reply.status in {401, 403},
            retry_after=reply.retry_after,
        )
    try:
        grant = read_grant(reply.body)
    except (ValueError, RecursionError) as error:
        raise UnreadableFrame("the reply to the request for a token is unreadable") from error
    return _granted(grant)


def _granted(grant: Grant) -> str:
    if grant.error:
        reason = ", ".join(grant.error)
        raise AccessRefused(
            reason[:200], auth=any(e.startswith(_KEY_AT_FAULT) for e in grant.error)
        )
    if grant.result is None:
        raise UnreadableFrame("the reply to the request for a token has none")
    return grant.result.token


def _welcome(data: Raw) -> Welcome:
    try:
        systems = [engine.system for engine in read_engine(data)]
    except (ValueError, RecursionError):
        systems = []
    text = ", ".join(s for s in systems if s != "online")
    return Welcome(text, maintenance="maintenance" in systems)


def _by_symbol(name: str) -> bool:
    return name in CHANNELS and CHANNELS[name].by_symbol


def _join(name: str, symbol: str) -> str:
    """Items of private channels name symbols too, but are not subscribed by them."""
    known = CHANNELS.get(name)
    if not symbol or (known is not None and not known.by_symbol):
        return name
    return f"{name}:{symbol}"
