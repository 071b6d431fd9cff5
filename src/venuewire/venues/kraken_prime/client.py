"""How a client speaks to Kraken Prime.

Law 1: `reqid`s on the wire are numbers, never 0; a subscription is named by the one it began with.
Law 2: there is no acknowledgment: the first data of a subscription is it.
Law 3: what the venue may leave out or spell in two ways (`seqNum` or `seq`, 0 or absent) is taken
       as it comes.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import ConfigurationError, LocalProtocolError, UnreadableFrame
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import FirstMessage, Ignored, Message, Pong, Refused, Reply, Welcome
from venuewire.core.secrets import excerpt
from venuewire.core.stamps import Stamps
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_prime import signing, wire

URL: Final = "wss://wss.prime.kraken.com/ws/v1"
PING_INTERVAL: Final = 10.0
"""Seconds. Ours: the venue asks for no pings."""
PING_TIMEOUT: Final = 5.0
"""Seconds."""


class KrakenPrimeClient:
    capacity = None

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._url = options.url or URL
        self._stamps = Stamps()

        # Belongs to a link.
        self._channels: dict[int, str] = {}
        """By the reqid that subscribed."""
        self._reqids: dict[str, int] = {}

    def again(self) -> "KrakenPrimeClient":
        return KrakenPrimeClient(self._options)

    # Getting in.

    def bootstrap(self, now: Instant) -> None:
        """Nothing precedes dialing."""

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        self._channels.clear()
        self._reqids.clear()
        request = HttpRequest(method="GET", url=self._url, headers=self._proof(now))
        return request, self._profile()

    def challenge(self, now: Instant) -> bytes:
        raise LocalProtocolError("Kraken Prime has no challenge")

    def prove(self, challenge: str) -> None:
        raise LocalProtocolError("Kraken Prime has no challenge")

    def _profile(self) -> Profile:
        liveness = LivenessPolicy(
            ping_interval=self._options.ping_interval or PING_INTERVAL,
            ping_timeout=PING_TIMEOUT,
            silence_timeout=self._options.silence_timeout,
        )
        return Profile(liveness=liveness, unsubscribes_silently=True)

    def _proof(self, now: Instant) -> dict[str, str]:
        """The headers of an authenticated upgrade, stamped afresh; none without credentials."""
        host, path = _place(self._url)
        credentials = self._options.credentials
        if credentials is None:
            return {}
        signing.check(credentials)
        # The official sample writes whole seconds, as `.000000`.
        timestamp = self._stamps.rfc3339(int(now.realtime)).decode("ascii")
        return {
            "ApiKey": credentials.api_key,
            "ApiSign": signing.sign(credentials.api_secret, timestamp, host, path),
            "ApiTimestamp": timestamp,
        }

    # Wanting channels.

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        name, colon, listed = channel.partition(":")
        if not wire.is_stream(name):
            raise ConfigurationError(f"channel: Kraken Prime has no stream {name[:40]!r}")
        private = not wire.is_public(name)
        if private and self._options.credentials is None:
            raise ConfigurationError(f"channel: {name} is private and needs credentials")
        if taken := {"name", "Symbol"} & options.keys():
            raise ConfigurationError(f"options: {min(taken)} is said by the channel")
        symbols = listed.split(",") if colon else []
        if not all(symbols):
            raise ConfigurationError("channel: a symbol is empty")
        channels = [f"{name}:{symbol}" for symbol in symbols] or [name]
        return [Topic(text, private, tuple(options.items())) for text in channels]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        """One each: a `reqid` is canceled as a whole."""
        return [[topic] for topic in topics]

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        for topic in topics:
            self._channels.pop(self._reqids.get(topic.channel, 0), None)
            self._channels[id] = topic.channel
            self._reqids[topic.channel] = id
        streams = [_stream(topic) for topic in topics]
        return wire.encode({"reqid": id, "type": "subscribe", "streams": streams})

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        """Named by the `reqid` it was subscribed with; by `id`, which the venue refuses, where it
        was not subscribed on this link."""
        reqid = id
        for topic in topics:
            reqid = self._reqids.pop(topic.channel, id)
            self._channels.pop(reqid, None)
        return b'{"reqid":%d,"type":"cancel"}' % reqid

    def ping(self, id: int, now: Instant) -> bytes:
        """ "Must contain at least one object; an empty array is rejected."."""
        stamp = self._stamps.rfc3339(now.realtime)
        return b'{"reqid":%d,"type":"Ping","ts":"%b","data":[{}]}' % (id, stamp)

    # Hearing the venue.

    def decode(self, payload: bytes, now: Instant) -> Reply:
        try:
            frame = wire.frames.decode(payload)
        except wire.UNREADABLE:
            raise UnreadableFrame(f"not a Kraken Prime frame: {excerpt(payload)}") from None
        match frame.type:
            case "hello":
                return Welcome()
            case "Pong":
                return Pong(frame.reqid)
            case "error":
                return _refused(frame)
            case _:
                return self._message(frame, payload, now)

    def _message(self, frame: wire.Frame, payload: bytes, now: Instant) -> Reply:
        channel = None if frame.reqid is None else self._channels.get(frame.reqid)
        if channel is None or frame.reqid is None:
            return Ignored()  # Still on its way when we canceled, or nothing we know.
        if not bytes(frame.data):
            raise UnreadableFrame(f"a message without data: {excerpt(payload)}")
        message = Message(
            channel=channel,
            raw=frame.data,
            kind="snapshot" if frame.initial else "update",
            sequence=frame.seq if frame.seqNum is None else frame.seqNum,
            received=now.realtime,
        )
        return FirstMessage(frame.reqid, message) if frame.initial else message

    def likeness(self, message: Message) -> bytes:
        """`seqNum` counts for one subscription of one link; the data does not have it."""
        return bytes(message.raw)


def _refused(frame: wire.Frame) -> Refused:
    detail = frame.error or wire.ErrorDetail()
    return Refused(detail.msg or "an error without a reason", id=frame.reqid, code=detail.code)


def _stream(topic: Topic) -> dict[str, Option]:
    name, colon, symbol = topic.channel.partition(":")
    named: dict[str, Option] = {"name": name}
    if colon:
        named["Symbol"] = symbol
    return named | dict(topic.options)


def _place(url: str) -> tuple[str, str]:
    """Host without port, and path, as they are signed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"ws", "wss"}:
        raise ConfigurationError("url: a ws:// or wss:// URL with a host is needed")
    return host, signing.signed_path(parts.path)
