"""What all sessions of one local Kraken Futures share: products, accounts, notifications.

Law 1: a publication is encoded once, whoever hears it.
Law 2: what is remembered is what a new subscriber must be shown, within the limits of the terms.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from random import Random
from typing import Final, TypeAlias, cast
from uuid import UUID

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Floor, Note, Publication
from venuewire.core.http import HttpReply, HttpRequest, json_reply
from venuewire.core.instant import Clock, Instant
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Terms
from venuewire.venues.kraken_futures.server import KrakenFuturesServer
from venuewire.venues.kraken_futures.signing import Signer
from venuewire.venues.kraken_futures.snapshots import (
    Members,
    Picture,
    account_default,
    completed,
    is_snapshot,
    picture,
    read_members,
)
from venuewire.venues.kraken_futures.terms import KrakenFuturesTerms
from venuewire.venues.kraken_futures.wire import (
    FEEDS,
    NOTES,
    NOTIFICATION_PRIORITIES,
    NOTIFICATION_TYPES,
    NOTIFICATIONS,
    Access,
    Notification,
    encode,
)

Key: TypeAlias = tuple[str, str]
"""A feed, and the product or the account it is about; empty for the heartbeat."""

_LONGEST_PRODUCT: Final = 64
_FULL: Final = json_reply(429, b'{"error":"too many connections"}')
_NOTHING_HERE: Final = json_reply(404, b'{"error":"not found"}')


def milliseconds(now: Instant) -> int:
    """The venue's unit of time."""
    return int(now.realtime * 1000)


class KrakenFuturesFloor(Floor):
    terms: KrakenFuturesTerms

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random
    ) -> None:
        """Raises `ConfigurationError`."""
        if not isinstance(terms, KrakenFuturesTerms):
            raise ConfigurationError("kraken-futures needs KrakenFuturesTerms")
        super().__init__(terms, accounts, clock=clock, rng=rng)
        self.signers = {key: _signer(account) for key, account in self.accounts.items()}
        self._names = list(dict.fromkeys(account.name for account in self.accounts.values()))
        self._products = dict.fromkeys(product.upper() for product in terms.products)
        self._pictures: dict[Key, Picture] = {}
        self._private_pictures: dict[Key, bytes] = {}
        self._notifications: deque[Notification] = deque(maxlen=terms.max_notifications)
        self._last_notification = 0

    # Letting clients in.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        if door != "public":
            return _NOTHING_HERE
        if len(self.sessions) >= self.terms.max_sessions:
            return _FULL
        session = KrakenFuturesServer(self, now).session
        self.sessions[session.number] = session
        return session

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        return _NOTHING_HERE

    # Asked by the sessions.

    def challenge(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def lists(self, product: str) -> bool:
        """Is it traded here? Product ids are compared in upper case."""
        return product in self._products

    def snapshot(self, feed: str, whom: str, now: Instant) -> bytes | None:
        """What a new subscriber is shown; None where there is nothing to show."""
        access = FEEDS[feed]
        if access is Access.OPEN:
            return None
        if access is Access.PRODUCT:
            return self._picture(feed, whom, now).frame()
        if feed == NOTIFICATIONS:
            return NOTES % encode(tuple(self._notifications))
        published = self._private_pictures.get((feed, whom))
        return published or encode(account_default(feed, whom, milliseconds(now)))

    # Asked by the operator.

    def name(self, key: Hashable) -> str:
        feed, whom = cast("Key", key)
        return f"{feed}:{whom}" if FEEDS[feed] is Access.PRODUCT else feed

    def publish(self, publication: Publication, now: Instant) -> int:
        """Channels are `ticker:PI_XBTUSD`, `fills`; the payload is the venue's whole message.

        `feed`, `product_id` and `seq` are filled in where they are missing.
        """
        feed, _, product = publication.channel.partition(":")
        access = FEEDS.get(feed)
        members = read_members(publication.payload)
        if access is Access.PRODUCT:
            if publication.account is not None:
                raise LocalProtocolError(f"{feed} is public: it cannot be for one account only")
            return self._publish_product(feed, product.upper(), members, now)
        if access is None or product:
            raise LocalProtocolError(f"no feed is called {publication.channel!r}")
        if access is Access.OPEN:
            return self.push(encode(completed(members, feed)), self.subscribers.of((feed, "")))
        return self._publish_private(feed, publication.account, completed(members, feed))

    def _publish_product(self, feed: str, product: str, members: Members, now: Instant) -> int:
        members = completed(members, feed, product)
        self._list(product)
        frame = self._picture(feed, product, now).take(members)
        return self.push(frame, self.subscribers.of((feed, product)))

    def _publish_private(self, feed: str, account: str | None, members: Members) -> int:
        if account is not None and account not in self._names:
            raise LocalProtocolError(f"no account is called {account!r}")
        names = self._names if account is None else [account]
        frame = encode(members)
        if is_snapshot(members) or feed == "open_positions":  # Of which each message is whole.
            self._private_pictures |= {(feed, name): frame for name in names}
        return self._push_private(feed, names, frame)

    def notify(self, note: Note, now: Instant) -> int:
        _check(note, self.terms.max_note)
        effective_time = note.effective_time
        notification = Notification(
            id=self._last_notification + 1,
            type=note.type,
            priority=note.priority,
            note=note.note,
            effective_time=milliseconds(now) if effective_time is None else effective_time,
            expected_downtime_minutes=note.expected_downtime_minutes,
        )
        self._last_notification = notification.id
        self._notifications.append(notification)
        self._push_private(NOTIFICATIONS, self._names, NOTES % encode([notification]))
        return notification.id

    def _push_private(self, feed: str, names: Iterable[str], frame: bytes) -> int:
        """A session may hold a feed for several accounts; it hears a frame once."""
        hearers = (self.subscribers.of((feed, name)) for name in names)
        return self.push(frame, dict.fromkeys(one for some in hearers for one in some))

    def _list(self, product: str) -> None:
        if product in self._products:
            return
        if not 0 < len(product) <= _LONGEST_PRODUCT or not product.isascii():
            raise LocalProtocolError(f"{product[:_LONGEST_PRODUCT]!r} is no product id")
        if len(self._products) >= self.terms.max_products:
            raise LocalProtocolError(f"no more than {self.terms.max_products} products are listed")
        self._products[product] = None

    def _picture(self, feed: str, product: str, now: Instant) -> Picture:
        key = (feed, product)
        if key not in self._pictures:
            self._pictures[key] = picture(feed, product, self.terms, milliseconds(now))
        return self._pictures[key]


def _signer(account: Account) -> Signer:
    try:
        return Signer(account.credentials.api_secret)
    except ConfigurationError as error:
        raise ConfigurationError(f"account {account.name!r}: {error}") from None


def _check(note: Note, longest: int) -> None:
    """A note comes from an operator's hand; what is wrong with it is said by field."""
    for name, allowed in (("type", NOTIFICATION_TYPES), ("priority", NOTIFICATION_PRIORITIES)):
        if getattr(note, name) not in allowed:
            raise LocalProtocolError(f"{name} must be one of {', '.join(allowed)}")
    text: object = note.note
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise LocalProtocolError(f"note must be a text of 1 to {longest} characters")
    for name in ("effective_time", "expected_downtime_minutes"):
        value = getattr(note, name)
        if value is not None and (type(value) is not int or not 0 < value < 2**63):
            raise LocalProtocolError(f"{name} must be a positive whole number")
