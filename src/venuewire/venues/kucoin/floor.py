"""The trading floor of one KuCoin market: tokens, sessions, and who hears what.

Law 1: every upgrade succeeds; who may not stay hears why in the first frame.
Law 2: a token of one market opens no session of the other.
Law 3: a message is encoded once for each account that must be named in it, and once for all where
       none must.
"""

from collections.abc import Hashable, Iterable
from random import Random
from string import ascii_letters, digits
from typing import Final, TypeAlias, cast
from urllib.parse import parse_qsl

import msgspec

from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import Floor, Publication, RecordKey
from venuewire.core.http import HttpReply, HttpRequest, json_reply, too_many
from venuewire.core.instant import Clock, Instant
from venuewire.core.replays import Replays
from venuewire.core.secrets import Account
from venuewire.core.server_session import Rejection, ServerSession
from venuewire.core.terms import Terms
from venuewire.venues.kucoin import wire
from venuewire.venues.kucoin.server import (
    BUSY,
    KuCoinServer,
    Refusal,
    bad_token,
    too_many_sessions,
)
from venuewire.venues.kucoin.signing import (
    TIMESTAMP_USED,
    TOO_MANY_CALLS,
    Fault,
    examine,
    without_passphrase,
)
from venuewire.venues.kucoin.terms import KuCoinTerms, Market, checked
from venuewire.venues.kucoin.token import INVALID, Tokens
from venuewire.venues.kucoin.topics import ALL, Argument, TopicKind, Topics, channel, subject

ID_LETTERS: Final = ascii_letters + digits
ID_LENGTH: Final = 10

TOKEN_KEY: Final[RecordKey] = ("token key",)
SHORTEST_KEY: Final = 16
"""Bytes."""

Subscription: TypeAlias = tuple[str, str | None]
"""A channel, and the account whose messages alone are meant."""


class KuCoinFloor(Floor):
    terms: KuCoinTerms
    standing = Floor.standing | {
        *("token_key", "token_lifetime", "timestamp_window"),
        *("symbols", "max_symbols", "lists_everywhere"),
    }

    def __init__(
        self,
        market: Market,
        terms: Terms,
        accounts: Iterable[Account],
        *,
        clock: Clock,
        rng: Random,
    ) -> None:
        """Raises `ConfigurationError` for terms that cannot work."""
        self.market = market
        chosen = checked(terms)
        known = [without_passphrase(account) for account in accounts]
        super().__init__(chosen, known, clock=clock, rng=rng)
        self.topics = Topics(
            market.kinds[chosen.edition],
            market.symbol,
            symbols=chosen.symbols,
            limit=chosen.max_symbols,
            lists_everywhere=chosen.lists_everywhere,
        )
        key = rng.randbytes(32) if chosen.token_key is None else chosen.token_key.encode()
        self._tokens = Tokens(market.name, key, chosen.token_lifetime, rng)
        self._replays = Replays(chosen.timestamp_window)
        if chosen.token_key is None:
            self.touch(*TOKEN_KEY)
        self._by_key_id = {account.key_id: account for account in self.accounts.values()}
        self._present: dict[str, set[int]] = {}
        """Numbers of an account's sessions, by its name."""

    def adopt(self, terms: Terms) -> None:
        super().adopt(checked(terms))

    # How a token is had.

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        if (wait := self.called_too_often(request.peer, now)) is not None:
            return too_many(wire.refused(TOO_MANY_CALLS.code, TOO_MANY_CALLS.msg), wait)
        if door == "token-public":
            return self._grant(None, request, now)
        found = examine(request, self._targets(request), self.accounts, self.terms, now)
        if isinstance(found, Account) and self._is_replayed(found, request, now):
            found = TIMESTAMP_USED
        if isinstance(found, Fault):
            return json_reply(found.status, wire.refused(found.code, found.msg))
        return self._grant(found.key_id, request, now)

    def _is_replayed(self, account: Account, request: HttpRequest, now: Instant) -> bool:
        timestamp = request.headers["kc-api-timestamp"]
        key = account.credentials.api_key
        return self.terms.refuses_replays and not self._replays.is_first(key, timestamp, now)

    def _targets(self, request: HttpRequest) -> tuple[str, ...]:
        """What a client may have signed: some know their base URL's path as part of it."""
        return request.url, request.url.removeprefix(self.market.local)

    def _grant(self, key: str | None, request: HttpRequest, now: Instant) -> HttpReply:
        endpoint = self._endpoint(request)
        server = wire.InstanceServer(
            endpoint=endpoint,
            encrypt=endpoint.startswith("wss:"),
            ping_interval=round(self.terms.ping_interval * 1000),
            ping_timeout=round(self.terms.ping_timeout * 1000),
        )
        return json_reply(200, wire.granted(self._tokens.issue(key, self.aged(now)), server))

    def _endpoint(self, request: HttpRequest) -> str:
        """Where the sessions are, as seen by whoever asks: through the same door it came by."""
        host = request.headers.get("host", "localhost").lower()
        if host.partition(":")[0] in self.market.hosts:
            return self.market.stream
        scheme = "wss" if request.secure else "ws"
        return f"{scheme}://{_encodable(host)}{self.market.local}/"

    # How a session begins and ends.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        connect_id = _encodable(query.get("connectId", "")) or None
        bearer = self._tokens.check(query.get("token", ""), self.aged(now))
        if isinstance(bearer, str):
            return self._turn_away(connect_id, bad_token(bearer), now)
        account = None if bearer.key is None else self._by_key_id.get(bearer.key)
        if bearer.key is not None and account is None:
            return self._turn_away(connect_id, bad_token(INVALID), now)
        name = None if account is None else account.name
        refusal = self._refusal(name, request.peer, now)
        if refusal is not None:
            return self._turn_away(connect_id, refusal, now)
        session = self._seat(KuCoinServer(self, name, connect_id or self._id()), now)
        self.sessions[session.number] = session
        if account is not None:
            self._present.setdefault(account.name, set()).add(session.number)
            self.holders.add(account.credentials.api_key, session)
        return session

    def reject(self, request: HttpRequest, rejection: Rejection, now: Instant) -> ServerSession:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        connect_id = _encodable(query.get("connectId", "")) or None
        return self._turn_away(connect_id, Refusal(rejection.code, rejection.reason), now)

    def leave(self, session: ServerSession) -> None:
        super().leave(session)
        account = session.dialect.account if isinstance(session.dialect, KuCoinServer) else None
        if account is not None and (present := self._present.get(account)) is not None:
            present.discard(session.number)
            if not present:
                del self._present[account]

    def _seat(self, server: KuCoinServer, now: Instant) -> ServerSession:
        session = ServerSession(server, self.terms, self.number(), now)
        server.seat(session)
        return session

    def _turn_away(self, connect_id: str | None, refusal: Refusal, now: Instant) -> ServerSession:
        session = self._seat(KuCoinServer(self, None, connect_id, refusal), now)
        session.rejection = Rejection(refusal.code, refusal.data)
        return session

    def _refusal(self, account: str | None, peer: str, now: Instant) -> Refusal | None:
        """Why the bearer of a good token is not let in; None when it is."""
        if self.crowded(peer, now) is not None:
            return BUSY
        limit = self.terms.sessions_per_account
        if account is None or limit is None or len(self._present.get(account, ())) < limit:
            return None
        return too_many_sessions(limit)

    def _id(self) -> str:
        return "".join(self.rng.choices(ID_LETTERS, k=ID_LENGTH))

    def name(self, key: Hashable) -> str:
        return cast("Subscription", key)[0]

    # What is said to whom.

    def publish(self, publication: Publication, now: Instant) -> int:
        """A message for one account reaches only its own sessions, on public topics too."""
        kind, argument = self._addressed(publication.channel)
        data = _checked(publication.payload)
        if (listing := self.topics.list(kind, argument)) is not None:
            self.touch("listing", listing)
        spoken = publication.subject or subject(kind, argument)
        name, account = channel(kind.prefix, argument), publication.account
        heard = self._say(name, spoken, data, private=kind.private, account=account)
        for echo, echoed in self._echoes(kind, argument, spoken):
            heard += self._say(echo, echoed, data, private=False, account=account)
        return heard

    # Accounts that come and go.

    def enroll(self, account: Account) -> None:
        known = without_passphrase(account)
        super().enroll(known)
        self._by_key_id[known.key_id] = known

    def revoke(self, api_key: str, now: Instant) -> tuple[ServerSession, ...]:
        if api_key in self.accounts:
            del self._by_key_id[self.accounts[api_key].key_id]
        return super().revoke(api_key, now)

    def expel(self, session: ServerSession, now: Instant) -> None:
        """As one whose token is bad from the beginning is sent away."""
        cast("KuCoinServer", session.dialect).expel()

    # What outlives a process: what is listed, and the key that signs tokens, so that they are good
    # as long as they say. This venue shows nobody what was said before.

    def kept(self, key: RecordKey) -> bytes | None:
        return msgspec.json.encode(self._tokens.key) if key == TOKEN_KEY else b"true"

    def restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        match key:
            case ("token key",):
                if self.terms.token_key is None:
                    self._tokens.sign_with(_key_of(value))
                    self.changed.pop(key, None)  # It is kept already.
            case ("listing", str(listing)):
                self.topics.enlist(listing)
            case _:
                raise LocalProtocolError(f"{key[0]!r} is not kept here")

    def _addressed(self, text: str) -> tuple[TopicKind, str]:
        prefix, _, argument = text.partition(":")
        kind = self.topics.kind(prefix)
        if kind is None:
            raise LocalProtocolError(f"{self.market.name} has no topic {prefix!r}")
        if not self.topics.well_formed(kind, argument):
            raise LocalProtocolError(f"{text!r} is no topic: {argument!r} cannot stand there")
        return self.topics.kind(kind.alias_of) or kind, argument

    def _echoes(self, kind: TopicKind, argument: str, spoken: str) -> Iterable[tuple[str, str]]:
        """Under which other topics, and subjects, the same is heard."""
        if kind.argument is Argument.SYMBOL_OR_ALL and argument != ALL:
            yield channel(kind.prefix, ALL), argument
        if (alias := self.topics.alias(kind)) is not None:
            yield channel(alias.prefix, argument), spoken

    def _say(
        self, name: str, spoken: str, data: bytes, *, private: bool, account: str | None
    ) -> int:
        if account is None and not private:
            frame = wire.message(name, spoken, data, None)
            return self.push(frame, self.subscribers.of((name, None)))
        whose = tuple(self._present) if account is None else (account,)
        return sum(self._tell(each, name, spoken, data) for each in whose)

    def _tell(self, account: str, name: str, spoken: str, data: bytes) -> int:
        """One account's own: to those of its sessions that hear this topic, each once."""
        present = self._present.get(account, ())
        hearers = dict.fromkeys(self.subscribers.of((name, account)))
        for session in self.subscribers.of((name, None)):
            if session.number in present:
                hearers[session] = None
        return self.push(wire.message(name, spoken, data, account), hearers)


def _checked(payload: bytes) -> bytes:
    try:
        msgspec.json.decode(payload)
    except wire.UNREADABLE:
        raise LocalProtocolError("the payload is not JSON") from None
    return payload


def _key_of(kept: bytes) -> bytes:
    try:
        key = msgspec.json.decode(kept, type=bytes)
    except wire.UNREADABLE:
        key = b""
    if len(key) < SHORTEST_KEY:
        raise LocalProtocolError("the key of the tokens cannot be read")
    return key


def _encodable(text: str) -> str:
    """What a peer wrote in a request's head, with anything that is not UTF-8 replaced."""
    return text.encode(errors="replace").decode()
