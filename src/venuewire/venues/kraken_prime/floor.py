"""What all sessions of one local Kraken Prime share, and how they are let in.

Law 1: identity is proven by the headers of the upgrade, or not at all.
Law 2: what is published is encoded once; only what names the hearer (`reqid`, `seqNum`, `tag`) is
       written for each.
Law 3: a subscription without a `Symbol` hears all symbols of its stream.
"""

from collections.abc import Iterable
from random import Random
from typing import Final, cast

import msgspec
from msgspec import Raw, Struct

from venuewire.core.errors import AccessRefused, ConfigurationError, LocalProtocolError
from venuewire.core.floor import FULL_FOR, Floor, Publication, RecordKey
from venuewire.core.http import HttpReply, HttpRequest, json_reply, too_many
from venuewire.core.instant import Clock, Instant
from venuewire.core.replays import Replays
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Terms
from venuewire.venues.kraken_prime import signing, wire
from venuewire.venues.kraken_prime.server import KrakenPrimeServer, Subscription
from venuewire.venues.kraken_prime.terms import KrakenPrimeTerms

_HEADERS: Final = ("apikey", "apisign", "apitimestamp")
_OPENING_SYMBOL: Final = "BTC-USD"


class KrakenPrimeFloor(Floor):
    terms: KrakenPrimeTerms
    standing = Floor.standing | {"timestamp_window"}

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], *, clock: Clock, rng: Random
    ) -> None:
        if not isinstance(terms, KrakenPrimeTerms):
            raise ConfigurationError("terms: Kraken Prime needs KrakenPrimeTerms")
        super().__init__(terms, accounts, clock=clock, rng=rng)
        for account in self.accounts.values():
            signing.check(account.credentials)
        self._hearers: dict[str, dict[Subscription, None]] = {}
        """By channel."""
        self._states: dict[tuple[str, str | None], tuple[int, bytes]] = {}
        """What was last published, and when in the order of publications, by channel and account.
        """
        self._publications = 0
        self._replays = Replays(terms.timestamp_window)

    # Letting in.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        if (wait := self.crowded(request.peer, now)) is not None:
            return too_many(_reason("too many sessions"), wait)
        try:
            account = self._identify(request, now)
        except AccessRefused as refused:
            return _refusal(401, refused.reason)
        if account is not None and self._has_many(account.name):
            return too_many(_reason("too many sessions of this account"), FULL_FOR)
        dialect = KrakenPrimeServer(self, None if account is None else account.name)
        session = dialect.session = ServerSession(dialect, self.terms, self.number(), now)
        self.sessions[session.number] = session
        if account is not None:
            self.holders.add(account.credentials.api_key, session)
        return session

    def _has_many(self, account: str) -> bool:
        limit = self.terms.sessions_per_account
        if limit is None:
            return False
        dialects = (cast("KrakenPrimeServer", each.dialect) for each in self.sessions.values())
        return sum(dialect.account == account for dialect in dialects) >= limit

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        return _refusal(404, "not found")

    def _identify(self, request: HttpRequest, now: Instant) -> Account | None:
        """Whose upgrade this is; None for nobody's. Raises `AccessRefused`."""
        key, signature, timestamp = (request.headers.get(name, "") for name in _HEADERS)
        if not (key or signature or timestamp) and self.terms.admits_anonymous:
            return None
        if not (key and signature and timestamp):
            raise AccessRefused("ApiKey, ApiSign and ApiTimestamp are required")
        account = self.accounts.get(key)
        if account is None:
            raise AccessRefused("unknown ApiKey")
        self._check_timestamp(timestamp, now)
        named = signing.bare_host(request.headers.get("host", ""))
        hosts = dict.fromkeys((self.terms.logical_host, named))
        paths = (signing.VENUE_PATH, signing.LOCAL_PATH)
        secret = account.credentials.api_secret
        if not signing.matches(signature, secret, timestamp, hosts, paths):
            raise AccessRefused("ApiSign does not match")
        if self.terms.refuses_replays and not self._replays.is_first(key, timestamp, now):
            raise AccessRefused("ApiTimestamp has been used before")
        return account

    def _check_timestamp(self, timestamp: str, now: Instant) -> None:
        moment = signing.parse_timestamp(timestamp)
        if moment is None:
            raise AccessRefused("ApiTimestamp is not of the form 2019-02-13T05:17:32.000000Z")
        if abs(now.realtime - moment) > self.terms.timestamp_window:
            raise AccessRefused(f"ApiTimestamp is off by over {self.terms.timestamp_window:g} s")

    # Subscriptions.

    def enlist(self, subscription: Subscription) -> None:
        for channel in subscription.channels:
            self._hearers.setdefault(channel, {})[subscription] = None
            self.subscribers.noticed(subscription.session, channel, True)

    def dismiss(self, subscription: Subscription) -> None:
        for channel in subscription.channels:
            hearers = self._hearers[channel]
            del hearers[subscription]
            if not hearers:
                del self._hearers[channel]
            if subscription.session.closing is None:
                self.subscribers.noticed(subscription.session, channel, False)

    def subscriptions(self, session: ServerSession) -> tuple[str, ...]:
        return cast("KrakenPrimeServer", session.dialect).channels

    @property
    def held(self) -> int:
        return sum(map(len, self._hearers.values()))

    def first_message(self, channel: str, account: str | None, now: Instant) -> wire.StreamMessage:
        """What a new subscription hears at once: the last state, or a plausible one."""
        name, _, symbol = channel.partition(":")
        stamp = self.stamps.rfc3339(now.realtime)
        states = [self._states.get((channel, hearer)) for hearer in {account, None}]
        _, data = max(filter(None, states), default=(0, b""))
        return wire.stream_message(name, stamp, data or opening(name, symbol, stamp), initial=True)

    # Publishing.

    def publish(self, publication: Publication, now: Instant) -> int:
        name = publication.channel.partition(":")[0]
        if not wire.is_stream(name):
            raise LocalProtocolError(f"channel: Kraken Prime has no stream {name[:40]!r}")
        said = _read(name, publication.payload)
        stamp = self.stamps.rfc3339(now.realtime) if said.ts is None else wire.inside(said.ts)
        message = wire.stream_message(name, stamp, bytes(said.data), members=_members(said))
        self._remember((publication.channel, publication.account), bytes(said.data))
        self.touch("state", publication.channel, publication.account)
        hearers = {**self._hearers.get(publication.channel, {}), **self._hearers.get(name, {})}
        return sum(
            self.push(hearer.frame(message), (hearer.session,))
            for hearer in hearers
            if publication.account is None or hearer.account == publication.account
        )

    def _remember(self, key: tuple[str, str | None], data: bytes) -> None:
        self._publications += 1
        self._states.pop(key, None)
        self._states[key] = (self._publications, data)
        if len(self._states) > self.terms.max_states:
            self._drop(next(iter(self._states)))

    def _drop(self, key: tuple[str, str | None]) -> None:
        del self._states[key]
        self.touch("state", *key)

    # Accounts that come and go.

    def enroll(self, account: Account) -> None:
        signing.check(account.credentials)
        super().enroll(account)

    def forget(self, name: str) -> None:
        for key in [key for key in self._states if key[1] == name]:
            self._drop(key)

    # What outlives a process: the states.

    def kept(self, key: RecordKey) -> bytes | None:
        match key:
            case ("state", str(channel), str() | None as account):
                state = self._states.get((channel, account))
                return None if state is None else state[1]
            case _:
                raise NotImplementedError

    def restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        match key:
            case ("state", str(channel), str() | None as account):
                if not wire.is_stream(channel.partition(":")[0]):
                    raise LocalProtocolError(f"{channel[:40]!r} is no channel")
                if account is None or account in self.names:
                    self._remember((channel, account), value)
                else:
                    self.touch(*key)  # Nobody is left to see it.
            case _:
                raise LocalProtocolError(f"{key[0]!r} is not kept here")


class _Said(Struct):
    """A whole message as an operator gives it; `reqid`, `seqNum` and `tag` are the hearers'."""

    type: str | None = None
    ts: str | None = None
    data: Raw = Raw()
    action: Raw = Raw()
    total_count: Raw = Raw()
    next: Raw = Raw()


_payloads: Final = msgspec.json.Decoder(_Said | list[wire.Element])


def _read(name: str, payload: bytes) -> _Said:
    """A whole message, or its `data`: a list, or its only object. Raises `LocalProtocolError`."""
    try:
        payload.decode()
        said: _Said | list[wire.Element] = _payloads.decode(payload)
        if isinstance(said, list):
            return _Said(name, data=Raw(payload))
        if said.type is None:
            return _Said(name, data=Raw(b"[%b]" % payload))
        listed = wire.elements.decode(said.data) if bytes(said.data) else None
    except wire.UNREADABLE as error:
        raise LocalProtocolError(f"payload: not a message and not its data: {error}") from None
    if listed is None:
        raise LocalProtocolError("payload: its data is missing")
    if said.type != name:
        raise LocalProtocolError(f"payload: its type is not the channel's stream, {name}")
    return said


def _members(said: _Said) -> bytes:
    named = (("action", said.action), ("total_count", said.total_count), ("next", said.next))
    return b"".join(
        b'"%b":%b,' % (key.encode(), bytes(value)) for key, value in named if bytes(value)
    )


def opening(name: str, symbol: str, stamp: bytes) -> bytes:
    """A state nobody published: invented, for clients that want to see something."""
    common = {"Timestamp": stamp.decode(), "Symbol": symbol or _OPENING_SYMBOL}
    match name:
        case "MarketDataSnapshot":
            bids = [{"Price": "64999.50", "Size": "0.75"}]
            offers = [{"Price": "65000.50", "Size": "1.25"}]
            row = {**common, "Status": "Online", "Bids": bids, "Offers": offers}
        case "Security":
            increments = {"MinPriceIncrement": "0.01", "MinSizeIncrement": "0.00000001"}
            row = {**common, **increments}
        case "Balance":
            row = {"Currency": "USD", "Amount": "100000.00", "AvailableAmount": "100000.00"}
        case _:
            return b"[]"  # No orders, trades or quotes yet.
    return wire.encode([row])


def _refusal(status: int, reason: str) -> HttpReply:
    return json_reply(status, _reason(reason))


def _reason(reason: str) -> bytes:
    return wire.encode({"error": reason})
