"""Kraken Futures, the venue's side of one session.

Law 1: a private feed is subscribed, and given up, only with a challenge of this connection, signed.
Law 2: bad input is answered and forgotten; the session lives on.
Law 3: acknowledgment, then snapshot, then updates; after `unsubscribed`, nothing.
Law 4: `documented` takes a request with several products as one; `observed` takes it product by
       product, each with its own answer. All else that differs is in `wire.PHRASES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from venuewire.core.instant import Instant
from venuewire.core.server_session import ServerSession
from venuewire.venues.kraken_futures.wire import (
    BEAT,
    CHALLENGE,
    FEEDS,
    HEARTBEAT,
    INFO,
    PERMISSION,
    PHRASES,
    PONG,
    UNREADABLE,
    Access,
    Request,
    encode,
    refusal,
)

if TYPE_CHECKING:
    from venuewire.venues.kraken_futures.floor import KrakenFuturesFloor

_decode: Final = msgspec.json.Decoder(Request).decode


class KrakenFuturesServer:
    __slots__ = ("_challenges", "_documented", "_floor", "_phrases", "_terms", "session")

    def __init__(self, floor: KrakenFuturesFloor, now: Instant) -> None:
        self._floor = floor
        self._terms = floor.terms
        self._documented = floor.terms.edition == "documented"
        self._phrases = PHRASES[floor.terms.edition]
        self.session = ServerSession(self, floor.terms, floor.number(), now)
        self._challenges: dict[tuple[str, str], float] = {}
        """By api key and text: when it was issued, by the monotonic seconds of `Floor.aged`."""

    # Told by the session.

    def open(self, session: ServerSession, now: Instant) -> None:
        session.outbox.append(INFO)

    def receive(self, payload: bytes, now: Instant) -> None:
        try:
            request = _decode(payload)
        except UNREADABLE:
            self._refuse(self._phrases.json_error)
            return
        match request.event:
            case "ping":
                self.session.outbox.append(PONG)
            case "subscribe":
                self._subscribe(request, now)
            case "unsubscribe":
                self._unsubscribe(request, now)
            case "challenge":
                self._challenge(request, now)
            case _:
                self._refuse(self._phrases.json_error)

    def exceed(self, payload: bytes, now: Instant) -> None:
        self.session.close(self._terms.rate_close, "too many requests")

    def beat(self, now: Instant) -> None:
        """In step with the first beat; beats that were missed are not made up for."""
        session, interval = self.session, self._terms.heartbeat_interval
        session.outbox.append(BEAT % int(now.realtime * 1000))
        due = (now.monotonic if session.beat_at is None else session.beat_at) + interval
        session.beat_at = due if due > now.monotonic else now.monotonic + interval

    def idle(self, now: Instant) -> None:
        self.session.close(self._terms.idle_close)

    def cut(self, now: Instant) -> None:
        self.session.close(self._terms.idle_close)

    def lost(self) -> None:
        self._floor.leave(self.session)

    # The requests.

    def _challenge(self, request: Request, now: Instant) -> None:
        """Given for any `api_key`; only a known one can make use of it, so only that is kept."""
        if not isinstance(request.api_key, str):
            self._refuse(self._phrases.json_error)
            return
        text = self._floor.challenge()
        if request.api_key in self._floor.signers:
            self._challenges[request.api_key, text] = self._floor.aged(now).monotonic
            if len(self._challenges) > self._terms.max_challenges:
                del self._challenges[next(iter(self._challenges))]
        self.session.outbox.append(CHALLENGE % text.encode())

    def _subscribe(self, request: Request, now: Instant) -> None:
        heard: list[str] = []
        for group in self._groups(request, now):
            if self._join(request, group):
                heard += group
        for whom in heard:
            snapshot = self._floor.snapshot(request.feed, whom, now)
            if snapshot is not None:
                self.session.outbox.append(snapshot)
        if heard and request.feed == HEARTBEAT and self.session.beat_at is None:
            self.session.beat_from(now.monotonic + self._terms.heartbeat_interval)

    def _unsubscribe(self, request: Request, now: Instant) -> None:
        for group in self._groups(request, now):
            self._part(request, group)
        if request.feed == HEARTBEAT:
            self.session.beat_at = None

    # Subscribing, for a group: the products, or the account, that one answer is about.

    def _join(self, request: Request, group: Sequence[str]) -> bool:
        """Answer; True when a snapshot is due."""
        keys = [(request.feed, whom) for whom in group]
        if not self._are_listed(request, group):
            return False
        if not self._have_room(keys):
            self._refuse(self._phrases.too_many_subscriptions)
            return False
        added = [self._floor.subscribers.add(key, self.session) for key in keys]
        if any(added) or self._phrases.already_subscribed is None:
            self._acknowledge("subscribed", request, group)
        else:
            self._refuse(self._phrases.already_subscribed)
        return True

    def _part(self, request: Request, group: Sequence[str]) -> None:
        if not self._are_listed(request, group):
            return
        keys = [(request.feed, whom) for whom in group]
        removed = [self._floor.subscribers.remove(key, self.session) for key in keys]
        if any(removed) or self._phrases.not_subscribed is None:
            self._acknowledge("unsubscribed", request, group)
        else:
            self._refuse(self._phrases.not_subscribed)

    def _are_listed(self, request: Request, group: Sequence[str]) -> bool:
        if FEEDS[request.feed] is not Access.PRODUCT:
            return True
        for product in group:
            if not self._floor.lists(product):
                self._refuse(self._phrases.invalid_product.format(product))
                return False
        return True

    def _have_room(self, keys: Sequence[tuple[str, str]]) -> bool:
        subscribers, limit = self._floor.subscribers, self._terms.max_subscriptions
        if subscribers.count(self.session) + len(keys) <= limit:
            return True
        return len(subscribers.keys(self.session).union(keys)) <= limit

    # Whom a request is about. What is wrong with it is answered here, and nothing is left over.

    def _groups(self, request: Request, now: Instant) -> Sequence[Sequence[str]]:
        access = FEEDS.get(request.feed)
        match access:
            case None:
                self._refuse(self._phrases.invalid_feed)
                return ()
            case Access.OPEN:
                return (("",),)
            case Access.PRODUCT:
                products = self._products(request)
                return [products] if products and self._documented else [[p] for p in products]
            case Access.ACCOUNT:
                account = self._account(request, now)
                if account is None:
                    self._refuse(self._phrases.authentication)
                return () if account is None else ((account,),)
            case _:
                assert_never(access)

    def _products(self, request: Request) -> list[str]:
        """In upper case, as the venue compares them, each once."""
        asked = [] if request.product_ids is None else request.product_ids
        if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
            self._refuse(self._phrases.json_error)
            return []
        if len(asked) > self._terms.max_request_products:
            self._refuse(self._phrases.too_many_products)
            return []
        if not asked:
            self._refuse(self._phrases.invalid_product.format(""))
        return list(dict.fromkeys(product.upper() for product in asked))

    def _account(self, request: Request, now: Instant) -> str | None:
        """The name of the account that has proven itself. Why one has not is not told apart."""
        key, text, signed = (
            request.api_key,
            request.original_challenge,
            request.signed_challenge,
        )
        if not (isinstance(key, str) and isinstance(text, str) and isinstance(signed, str)):
            return None
        issued, lifetime = self._challenges.get((key, text)), self._terms.challenge_lifetime
        if issued is None:
            return None
        if lifetime is not None and self._floor.aged(now).monotonic - issued > lifetime:
            return None
        account = self._floor.accounts.get(key)  # None for one revoked since.
        if account is None or PERMISSION not in account.permissions:
            return None
        proven = self._floor.signers[key].verify(text, signed)
        if proven:
            self._floor.holders.add(key, self.session)
        return account.name if proven else None

    # Answering.

    def _acknowledge(self, event: str, request: Request, group: Sequence[str]) -> None:
        feed, access = request.feed, FEEDS[request.feed]
        answer = Request(event, feed)
        if access is Access.PRODUCT:
            answer.product_ids = request.product_ids if self._documented else group
        elif access is Access.ACCOUNT and self._documented:
            answer.api_key = request.api_key
            answer.original_challenge = request.original_challenge
            answer.signed_challenge = request.signed_challenge
        self.session.outbox.append(encode(answer))

    def _refuse(self, text: str) -> None:
        self.session.outbox.append(refusal(self._phrases, text))
