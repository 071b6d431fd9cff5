"""What all sessions of one local Kraken Futures share: products, accounts, notifications.

Law 1: a publication is encoded once, whoever hears it.
Law 2: what is remembered is what a new subscriber must be shown, within the limits of the terms.
"""

from collections.abc import Hashable, Iterable
from random import Random
from typing import Final, TypeAlias, cast
from uuid import UUID

import msgspec

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Floor, Note, Noted, Publication, RecordKey
from venuewire.core.http import HttpReply, HttpRequest, json_reply, too_many
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
    bring_back,
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
    UNREADABLE,
    Access,
    Notification,
    encode,
)

Key: TypeAlias = tuple[str, str]
"""A feed, and the product or the account it is about; empty for the heartbeat."""

_LONGEST_PRODUCT: Final = 64
_FULL: Final = b'{"error":"too many connections"}'
_NOTHING_HERE: Final = json_reply(404, b'{"error":"not found"}')


def milliseconds(now: Instant) -> int:
    """The venue's unit of time."""
    return int(now.realtime * 1000)


class KrakenFuturesFloor(Floor):
    terms: KrakenFuturesTerms
    standing = Floor.standing | {"products", "max_trades", "max_levels"}

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random
    ) -> None:
        """Raises `ConfigurationError`."""
        if not isinstance(terms, KrakenFuturesTerms):
            raise ConfigurationError("kraken-futures needs KrakenFuturesTerms")
        super().__init__(terms, accounts, clock=clock, rng=rng)
        self.signers = {key: _signer(account) for key, account in self.accounts.items()}
        self._products = dict.fromkeys(product.upper() for product in terms.products)
        self._pictures: dict[Key, Picture] = {}
        self._private_pictures: dict[Key, bytes] = {}
        self._notifications: dict[int, Notification] = {}
        self._last_notification = 0

    # Letting clients in.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        if door != "public":
            return _NOTHING_HERE
        if (wait := self.crowded(request.peer, now)) is not None:
            return too_many(_FULL, wait)
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
            return NOTES % encode(tuple(self._notifications.values()))
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
        self.touch("picture", feed, product)
        return self.push(frame, self.subscribers.of((feed, product)))

    def _publish_private(self, feed: str, account: str | None, members: Members) -> int:
        if account is not None and account not in self.names:
            raise LocalProtocolError(f"no account is called {account!r}")
        names = self.names if account is None else (account,)
        frame = encode(members)
        if is_snapshot(members) or feed == "open_positions":  # Of which each message is whole.
            for name in names:
                self._private_pictures[feed, name] = frame
                self.touch("account", feed, name)
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
        self._remember(notification)
        self.touch("note", notification.id)
        self.touch("last note")
        self._push_private(NOTIFICATIONS, self.names, NOTES % encode([notification]))
        return notification.id

    def _remember(self, notification: Notification) -> None:
        self._last_notification = max(self._last_notification, notification.id)
        self._notifications[notification.id] = notification
        if len(self._notifications) > self.terms.max_notifications:
            self.withdraw(next(iter(self._notifications)))

    def withdraw(self, id: int) -> bool:
        """The page knows no message for it: who has heard it is told nothing."""
        if self._notifications.pop(id, None) is None:
            return False
        self.touch("note", id)
        return True

    @property
    def notifications(self) -> tuple[Noted, ...]:
        return tuple(Noted(**msgspec.structs.asdict(each)) for each in self._notifications.values())

    def _push_private(self, feed: str, names: Iterable[str], frame: bytes) -> int:
        """A session may hold a feed for several accounts; it hears a frame once."""
        return self.push(frame, self.subscribers.of_any((feed, name) for name in names))

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

    # Accounts that come and go.

    def enroll(self, account: Account) -> None:
        signer = _signer(account)
        super().enroll(account)
        self.signers[account.credentials.api_key] = signer

    def revoke(self, api_key: str, now: Instant) -> tuple[ServerSession, ...]:
        self.signers.pop(api_key, None)
        return super().revoke(api_key, now)

    def forget(self, name: str) -> None:
        for feed, whose in [key for key in self._private_pictures if key[1] == name]:
            del self._private_pictures[feed, whose]
            self.touch("account", feed, whose)

    # What outlives a process: notifications, the highest id ever, pictures.

    def kept(self, key: RecordKey) -> bytes | None:
        match key:
            case ("note", int(id)):
                notification = self._notifications.get(id)
                return None if notification is None else encode(notification)
            case ("picture", str(feed), str(product)):
                return self._pictures[feed, product].kept()
            case ("account", str(feed), str(name)):
                return self._private_pictures.get((feed, name))
            case _:
                return encode(self._last_notification)

    def restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        try:
            self._restore(key, value, now)
        except UNREADABLE as error:
            raise LocalProtocolError(f"{key[0]}: {error}") from None

    def _restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        match key:
            case ("note", int()):
                self._remember(msgspec.json.decode(value, type=Notification))
            case ("last note",):
                last = msgspec.json.decode(value, type=int)
                self._last_notification = max(self._last_notification, last)
            case ("picture", str(feed), str(product)) if FEEDS.get(feed) is Access.PRODUCT:
                self._list(product)
                bring_back(self._picture(feed, product, now), feed, product, value)
            case ("account", str(feed), str(name)) if FEEDS.get(feed) is Access.ACCOUNT:
                if name in self.names:
                    self._private_pictures[feed, name] = value
                else:
                    self.touch(*key)  # Nobody is left to see it.
            case _:
                raise LocalProtocolError(f"{key[0]!r} is not kept here")


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
