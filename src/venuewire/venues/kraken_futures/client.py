"""Kraken Futures, the client's side.

Law 1: identity is one challenge per link, answered once, and carried by every request for a
       private feed, giving it up included.
Law 2: one feed of one product per request. The venue's errors name nothing, and a request for
       several products of which one is subscribed already was seen to lose the others.
Law 3: both editions are understood, always, without being told which it is.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from venuewire.core.dialect import Option, Profile
from venuewire.core.errors import ConfigurationError, LocalProtocolError, UnreadableFrame
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Instant
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Announced,
    Challenge,
    Heartbeat,
    Ignored,
    Maintenance,
    Message,
    Refused,
    Reply,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.core.secrets import excerpt
from venuewire.core.subscriptions import Topic
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures.signing import Signer
from venuewire.venues.kraken_futures.wire import (
    ALREADY_SUBSCRIBED,
    FEEDS,
    HEARTBEAT,
    LEGACY_ACCOUNT_FEEDS,
    NOT_SUBSCRIBED,
    NOTIFICATIONS,
    SNAPSHOT,
    UNREADABLE,
    Access,
    Announcement,
    Announcements,
    Inbound,
    Request,
    encode,
)

URL: Final = "wss://futures.kraken.com/ws/v1"

PING_INTERVAL: Final = 20.0
"""Seconds; the venue drops who has not pinged for 60."""
LONGEST_PING_INTERVAL: Final = 60.0
PING_TIMEOUT: Final = 5.0
SILENCE_TIMEOUT: Final = 60.0
"""Seconds; rules until the rhythm of the heartbeats is known."""
SILENCE_BEATS: Final = 3.0

REQUESTS: Final = (90, 1.0)
"""Requests per seconds. The venue allows 100; the others are for pings and what is given up."""
FIRST_DATA: Final = 15.0
"""Seconds for the snapshot that follows the ack of every documented feed."""
_CHANNEL: Final = re.compile(
    r"(?P<feed>\w{1,64})(?::(?P<products>[\w.-]{1,64}(?:,[\w.-]{1,64})*))?", re.ASCII
)
_NUMBERED: Final = frozenset({"book", "trade"})
"""Feeds whose `seq` counts by one within a product; what others count is not known."""
_BENIGN: Final = frozenset({ALREADY_SUBSCRIBED, NOT_SUBSCRIBED})
_NOTES: Final = frozenset({NOTIFICATIONS, NOTIFICATIONS + SNAPSHOT})
_read_notes: Final = msgspec.json.Decoder(Announcements).decode
_decode: Final = msgspec.json.Decoder(Inbound).decode


class KrakenFuturesClient:
    capacity = None

    def __init__(self, options: ClientOptions) -> None:
        """Raises `ConfigurationError`."""
        self._options = options
        interval = options.ping_interval
        if interval is not None and not 0 < interval < LONGEST_PING_INTERVAL:
            raise ConfigurationError("ping_interval must be above 0 and below 60 seconds")
        credentials = options.credentials
        self._url = options.url or URL
        self._api_key = "" if credentials is None else credentials.api_key
        self._signer = None if credentials is None else Signer(credentials.api_secret)
        silence = options.silence_timeout
        self._profile = Profile(
            challenges=credentials is not None,
            heartbeat_channel=HEARTBEAT,
            answers_by_id=False,
            requests=REQUESTS,
            liveness=LivenessPolicy(
                ping_interval=PING_INTERVAL if interval is None else interval,
                ping_timeout=PING_TIMEOUT,
                silence_timeout=SILENCE_TIMEOUT if silence is None else silence,
                silence_beats=SILENCE_BEATS,
            ),
        )
        self._proof: Request | None = None
        """Of this link: the fields by which a private request proves who asks."""

    def again(self) -> "KrakenFuturesClient":
        return KrakenFuturesClient(self._options)

    # Getting connected.

    def bootstrap(self, now: Instant) -> HttpRequest | None:
        return None

    def dial(self, grant: HttpReply | None, link: int, now: Instant) -> tuple[HttpRequest, Profile]:
        self._proof = None
        return HttpRequest(method="GET", url=self._url), self._profile

    def challenge(self, now: Instant) -> bytes:
        return encode(Request("challenge", api_key=self._api_key))

    def prove(self, challenge: str) -> None:
        """Raises `LocalProtocolError` without credentials: nobody should have asked."""
        if self._signer is None:
            raise LocalProtocolError("a challenge cannot be answered without credentials")
        self._proof = Request(
            "",
            api_key=self._api_key,
            original_challenge=challenge,
            signed_challenge=self._signer.sign(challenge),
        )

    # Asking.

    def topics(self, channel: str, options: Mapping[str, Option]) -> list[Topic]:
        """`ticker:PI_XBTUSD,PF_ETHUSD`, `notifications_auth`, `heartbeat`.

        A feed that is not known here is the venue's to judge: it has more than it documents.
        """
        match = _CHANNEL.fullmatch(channel)
        if match is None:
            raise ConfigurationError(f"{channel[:80]!r} is neither FEED nor FEED:PRODUCT,PRODUCT")
        if options:
            raise ConfigurationError(f"Kraken Futures knows no option {next(iter(options))!r}")
        feed, products = match["feed"], match["products"]
        private = _access(feed) is Access.ACCOUNT
        if private and self._signer is None:
            raise ConfigurationError(f"{feed} is private: it needs credentials")
        _check_products(feed, products)
        if feed == HEARTBEAT:
            return [Topic(feed, next_data_timeout=self._profile.liveness.silence_timeout)]
        promise = FIRST_DATA if feed in FEEDS else None
        if products is None:
            return [Topic(feed, private, promise=promise)]
        named = dict.fromkeys(products.upper().split(","))
        return [Topic(f"{feed}:{product}", promise=promise) for product in named]

    def batches(self, topics: Sequence[Topic]) -> list[list[Topic]]:
        return [[topic] for topic in topics]

    def subscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return self._request("subscribe", topics)

    def unsubscribe(self, topics: Sequence[Topic], id: int, now: Instant) -> bytes:
        return self._request("unsubscribe", topics)

    def ping(self, id: int, now: Instant) -> bytes | None:
        return None

    def _request(self, event: str, topics: Sequence[Topic]) -> bytes:
        """The topics are of one feed."""
        feed, _, product = topics[0].channel.partition(":")
        if topics[0].private:
            if self._proof is None:
                raise LocalProtocolError(f"{feed} needs a challenge answered on this link")
            return encode(replace(self._proof, event=event, feed=feed))
        if not product:
            return encode(Request(event, feed))
        products = [topic.channel.partition(":")[2] for topic in topics]
        return encode(Request(event, feed, product_ids=products))

    # Hearing.

    def decode(self, payload: bytes, now: Instant) -> Reply:
        try:
            frame = _decode(payload)
        except UNREADABLE as error:
            raise UnreadableFrame(f"not a frame of Kraken Futures: {excerpt(payload)}") from error
        if frame.event:
            return _control(frame, payload)
        if frame.feed == HEARTBEAT:
            heard = now.realtime
            return Heartbeat(Message(channel=HEARTBEAT, raw=payload, received=heard))
        if frame.feed in _NOTES:
            return _notes(frame.feed, payload, now)
        if not frame.feed:
            raise UnreadableFrame(f"neither event nor feed: {excerpt(payload)}")
        channel, kind, numbered = _meaning(frame.feed, frame.product_id)
        return Message(
            channel=channel,
            raw=payload,
            kind=kind,
            sequence=frame.seq if numbered else None,
            received=now.realtime,
        )

    def likeness(self, message: Message) -> bytes:
        """Each link has heartbeats of its own, and one is as good as another."""
        return b"" if message.channel == HEARTBEAT else bytes(message.raw)


def _notes(feed: str, payload: bytes, now: Instant) -> Announced:
    """A later message has what is new; a snapshot, on each link, all that stands."""
    kind = "snapshot" if feed.endswith(SNAPSHOT) else "update"
    message = Message(channel=NOTIFICATIONS, raw=payload, kind=kind, received=now.realtime)
    try:
        notes = _read_notes(payload).notifications
    except UNREADABLE:
        notes = []  # The application shall see it all the same.
    return Announced(tuple(_outage(note) for note in notes if _is_outage(note)), message)


def _is_outage(note: Announcement) -> bool:
    """ "If priority is `high` then it implies downtime will occur at `effective_time` when type is
    `maintenance`." `expected_downtime_minutes`: "absent if no downtime is expected"."""
    downtime = note.priority == "high" or note.expected_downtime_minutes is not None
    return note.type == "maintenance" and note.effective_time > 0 and downtime


def _outage(note: Announcement) -> Maintenance:
    minutes = note.expected_downtime_minutes
    return Maintenance(
        effective_at=note.effective_time / 1000,
        downtime=None if minutes is None else minutes * 60.0,
        note=note.note,
    )


@lru_cache(4096)
def _meaning(feed: str, product: str | None) -> tuple[str, str, bool]:
    """Of a data message: its channel, its kind, and whether its `seq` counts by one.

    Remembered, because working it out costs more than reading the frame.
    """
    plain = feed.removesuffix(SNAPSHOT)
    kind = "update" if plain == feed else "snapshot"
    return _channel(plain, product), kind, plain in _NUMBERED


def _control(frame: Inbound, payload: bytes) -> Reply:
    match frame.event:
        case "subscribed":
            return Subscribed(channels=_channels(frame, payload))
        case "unsubscribed":
            return Unsubscribed(channels=_channels(frame, payload))
        case "error" | "alert" | "subscribed_failed" | "unsubscribed_failed":
            return _refusal(frame)
        case "challenge":
            return _challenge(frame, payload)
        case "info":
            version = frame.version
            return Welcome("" if version == 1 else f"protocol version {str(version)[:20]}, not 1")
        case _:
            return Ignored()  # A `pong` among them: our ping is a WebSocket PING.


def _refusal(frame: Inbound) -> Refused:
    """An error names nothing; a failed subscription names its feed."""
    reason = frame.message or frame.event
    products = frame.product_ids or (None,)
    channel = _channel(frame.feed, products[0]) if frame.feed else None
    return Refused(reason, channel=channel, benign=reason in _BENIGN)


def _challenge(frame: Inbound, payload: bytes) -> Challenge:
    if not frame.message:
        raise UnreadableFrame(f"a challenge without a message: {excerpt(payload)}")
    return Challenge(frame.message)


def _channels(frame: Inbound, payload: bytes) -> tuple[str, ...]:
    """What an acknowledgment is about."""
    if not frame.feed:
        raise UnreadableFrame(f"an answer that names no feed: {excerpt(payload)}")
    return tuple(_channel(frame.feed, product) for product in frame.product_ids or (None,))


def _channel(feed: str, product: str | None) -> str:
    if not product or _access(feed) is Access.ACCOUNT:
        return feed
    return f"{feed}:{product.upper()}"


def _access(feed: str) -> Access | None:
    """None for a feed that is not known here."""
    return Access.ACCOUNT if feed in LEGACY_ACCOUNT_FEEDS else FEEDS.get(feed)


def _check_products(feed: str, products: str | None) -> None:
    access = _access(feed)
    if access is Access.PRODUCT and products is None:
        raise ConfigurationError(f"{feed} needs a product: {feed}:PI_XBTUSD")
    if access in {Access.OPEN, Access.ACCOUNT} and products is not None:
        raise ConfigurationError(f"{feed} has no products")
