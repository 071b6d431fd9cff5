"""What all sessions of one local Kraken Spot share: the door, the tokens, the market.

Law 1: REST answers with HTTP 200 whatever it says; errors are in `error`, as the venue's are.
Law 2: a publication is encoded once, and heard once by each session however it is subscribed.
Law 3: a nonce is used once per key, and the next one is greater.
"""

from collections.abc import Hashable, Iterable
from itertools import count
from random import Random
from typing import Final, cast
from urllib.parse import parse_qs

from msgspec.json import decode, encode

from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.floor import Floor, Publication, RecordKey
from venuewire.core.http import HttpReply, HttpRequest, json_reply, too_many
from venuewire.core.instant import Clock, Instant
from venuewire.core.secrets import Account
from venuewire.core.server_session import ServerSession
from venuewire.core.terms import Terms
from venuewire.venues.kraken_spot import refusals
from venuewire.venues.kraken_spot.channels import CHANNELS, Channel, Key
from venuewire.venues.kraken_spot.market import Market
from venuewire.venues.kraken_spot.pongs import Pongs
from venuewire.venues.kraken_spot.publishing import channel_of, spoken, state_of, system_of
from venuewire.venues.kraken_spot.server import KrakenSpotServer
from venuewire.venues.kraken_spot.signing import TOKEN_PATH, secret_bytes, verify
from venuewire.venues.kraken_spot.terms import KrakenSpotTerms
from venuewire.venues.kraken_spot.tokens import Tokens
from venuewire.venues.kraken_spot.wire import System

PERMISSION: Final = "websocket"
"""What a key needs for a token: "Access WebSockets API"."""


class KrakenSpotFloor(Floor):
    terms: KrakenSpotTerms
    standing = Floor.standing | {"symbols", "max_symbols", "token_lifetime", "max_tokens"}

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], clock: Clock, rng: Random
    ) -> None:
        if not isinstance(terms, KrakenSpotTerms):
            raise ConfigurationError(
                f"Kraken Spot needs KrakenSpotTerms, not {type(terms).__name__}"
            )
        super().__init__(terms, accounts, clock=clock, rng=rng)
        self.market = Market(terms, self.stamps)
        self.pongs = Pongs(self.stamps, lambda: self.wall())  # noqa: PLW0108 - it is exchanged
        self.connection_ids = count(rng.getrandbits(62) | 1 << 63)
        self.system: System = "online"
        self._secrets = {
            key: secret_bytes(account.credentials.api_secret)
            for key, account in self.accounts.items()
        }
        self._tokens = Tokens(
            self._secrets, lifetime=terms.token_lifetime, limit=terms.max_tokens, rng=rng
        )
        self._tokens.noted = self._note_token
        self._nonces: dict[str, int] = {}
        """The last of each key, by `Account.key_id`."""
        self.engaged: dict[ServerSession, KrakenSpotServer] = {}
        """The sessions that have been greeted."""

    # At the door.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        if (wait := self.crowded(request.peer, now)) is not None:
            return too_many(_rest_error(refusals.TOO_MANY_SESSIONS), wait)
        server = KrakenSpotServer(self, private=door == "private")
        session = ServerSession(server, self.terms, self.number(), now)
        self.sessions[session.number] = session
        server.session = session
        return session

    def leave(self, session: ServerSession) -> None:
        super().leave(session)
        self.engaged.pop(session, None)

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        if self.called_too_often(request.peer, now) is not None:
            return json_reply(200, _rest_error(refusals.RATE_LIMIT))
        refusal = self._distrust(request)
        if refusal is not None:
            return json_reply(200, _rest_error(refusal))
        token = self._tokens.issue(request.headers["api-key"], self.aged(now))
        result = {"token": token, "expires": round(self.terms.token_lifetime)}
        return json_reply(200, encode({"error": [], "result": result}))

    def _distrust(self, request: HttpRequest) -> str | None:
        """Why this caller gets no token; None when it does, and then its nonce is used up."""
        if request.method != "POST":
            return refusals.UNKNOWN_METHOD
        key = request.headers.get("api-key", "")
        account = self.accounts.get(key)
        if account is None:
            return refusals.INVALID_KEY
        nonce = parse_qs(request.body.decode("utf-8", "replace")).get("nonce", [""])[0]
        signature = request.headers.get("api-sign", "")
        if not verify(self._secrets[key], TOKEN_PATH, nonce, request.body, signature):
            return refusals.INVALID_SIGNATURE
        if not self._is_fresh(account.key_id, nonce):
            return refusals.INVALID_NONCE
        return None if PERMISSION in account.permissions else refusals.PERMISSION_DENIED

    def _is_fresh(self, key_id: str, nonce: str) -> bool:
        """ "A nonce is an always increasing, unsigned 64-bit integer"."""
        number = int(nonce) if nonce.isascii() and nonce.isdigit() and len(nonce) <= 20 else -1
        if not self._nonces.get(key_id, -1) < number < 2**64:
            return False
        self._nonces[key_id] = number
        self.touch("nonce", key_id)
        return True

    def _note_token(self, body: bytes) -> None:
        self.touch("token", body.hex())

    def holder(self, token: str, session: ServerSession, now: Instant) -> str | None:
        """The name of the account that a token is good for, which this session has shown."""
        key = self._tokens.use(token, self.aged(now))
        if key is None:
            return None
        self.holders.add(key, session)
        return self.accounts[key].name

    def name(self, key: Hashable) -> str:
        channel, subject, variant = cast("Key", key)
        named = f"{channel}:{subject}" if CHANNELS[channel].by_symbol else channel
        return named if variant is None else f"{named} {CHANNELS[channel].variant}={variant}"

    # What is said to many.

    def publish(self, publication: Publication, now: Instant) -> int:
        if publication.channel == "status":
            return self._announce(system_of(publication.payload))
        channel, symbol = channel_of(publication.channel)
        subjects = self._subjects(channel, symbol, publication.account)
        message = spoken(channel, symbol, publication.payload)
        if channel.by_symbol:
            self.market.enlist(symbol)
        keys = [Key(channel.name, subject, v) for subject in subjects for v in message.variants]
        for key in keys:
            self.market.say(key, message.data, now)
            self.touch("said", *key)
        return self.push(message.frame, self.subscribers.of_any(keys))

    def _subjects(self, channel: Channel, symbol: str, account: str | None) -> tuple[str, ...]:
        if not channel.private:
            if account is not None:
                raise LocalProtocolError(f"{channel.name} is public: no account can be named")
            return (symbol,)
        if account is None:
            return self.names
        if account not in self.names:
            raise LocalProtocolError(f"no account is called {account!r}")
        return (account,)

    def _announce(self, system: System) -> int:
        """ "On connect, and on engine state change": each session hears its own connection id."""
        self.system = system
        self.touch("system")
        return self._tell_state()

    def _tell_state(self) -> int:
        return sum(self.push(server.status(), (s,)) for s, server in self.engaged.items())

    def farewell(self) -> None:
        until_now, self.system = self.system, "maintenance"
        self._tell_state()
        self.system = until_now

    # Accounts that come and go.

    def enroll(self, account: Account) -> None:
        key, secret = account.credentials.api_key, secret_bytes(account.credentials.api_secret)
        super().enroll(account)
        self._secrets[key] = secret
        self._tokens.enroll(key, secret)

    def revoke(self, api_key: str, now: Instant) -> tuple[ServerSession, ...]:
        self._secrets.pop(api_key, None)
        account = self.accounts.get(api_key)
        if account is not None and self._nonces.pop(account.key_id, None) is not None:
            self.touch("nonce", account.key_id)
        self._tokens.revoke(api_key)
        return super().revoke(api_key, now)

    def forget(self, name: str) -> None:
        private = [channel.name for channel in CHANNELS.values() if channel.private]
        for channel in private:
            for key in self.market.forget(channel, name):
                self.touch("said", *key)

    # What outlives a process: the state of the engine, and of the market; nonces, which are good
    # once; tokens in use, which stay good.

    def kept(self, key: RecordKey) -> bytes | None:
        match key:
            case ("said", str(channel), str(subject), variant):
                said = self.market.said(Key(channel, subject, variant))
                return None if said is None else encode(said)
            case ("nonce", str(key_id)):
                return encode(self._nonces[key_id]) if key_id in self._nonces else None
            case ("token", str(body)):
                return b"true" if self._tokens.is_in_use(bytes.fromhex(body)) else None
            case _:
                return encode({"system": self.system})

    def restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        match key:
            case ("said", str(name), str(subject), variant) if name in CHANNELS:
                self._restore(CHANNELS[name], Key(name, subject, variant), value)
            case ("system",):
                self.system = system_of(value)
            case ("nonce", str(key_id)):
                self._nonces[key_id] = _nonce_of(value)
            case ("token", str(body)):
                if not self._tokens.take(_body_of(body)):
                    self.touch(*key)  # The key it belongs to is gone.
            case _:
                raise LocalProtocolError(f"{key[0]!r} is not kept here")

    def _restore(self, channel: Channel, key: Key, value: bytes) -> None:
        state = state_of(channel, value)
        if channel.private and key.subject not in self.names:
            self.touch("said", *key)  # Nobody is left to see it.
            return
        if channel.by_symbol:
            self.market.enlist(key.subject)
        self.market.restore(key, state)


def _nonce_of(kept: bytes) -> int:
    try:
        return decode(kept, type=int)
    except ValueError as error:
        raise LocalProtocolError(f"nonce: {error}") from None


def _body_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise LocalProtocolError(f"token: {error}") from None


def _rest_error(text: str) -> bytes:
    return encode({"error": [text]})
