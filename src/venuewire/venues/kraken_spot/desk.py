"""Where one session's subscriptions are taken and given up.

Law 1: one reply per symbol, each with the request's `req_id`; some may succeed and others not.
Law 2: the order is acknowledgment, snapshot, updates.
Law 3: public channels are at ws, private ones at ws-auth, and neither is at the other.
Law 4: a private request shows its token, each time; the token's account is whose news is heard.
Law 5: a failure to unsubscribe is told with method `subscribe`: that is how it was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import UNSET, Struct

from venuewire.core.instant import Instant
from venuewire.venues.kraken_spot import refusals
from venuewire.venues.kraken_spot.channels import CHANNELS, Channel, Key, Variant
from venuewire.venues.kraken_spot.wire import Params, Request, Result, read_params

if TYPE_CHECKING:
    from venuewire.venues.kraken_spot.floor import KrakenSpotFloor
    from venuewire.venues.kraken_spot.server import KrakenSpotServer


class Order(Struct, frozen=True):
    """A request that may be carried out: on this channel, for these symbols or this account."""

    channel: Channel
    variant: Variant
    subjects: tuple[str, ...]
    snapshot: bool

    def key(self, subject: str) -> Key:
        return Key(self.channel.name, subject, self.variant)

    def about(self, subject: str) -> dict[str, Any]:
        return {"symbol": subject} if self.channel.by_symbol else {}

    def result(self, subject: str, **also: Any) -> Result:
        if self.channel.variant:
            also[self.channel.variant] = self.variant
        return Result(channel=self.channel.name, **self.about(subject), **also)


class Refusal(Struct, frozen=True):
    """A request that may not be, as a whole."""

    error: str
    symbols: tuple[str, ...] = ()
    """One reply for each; one reply in all when there are none."""
    channel: str = ""
    """Only a bad token has the channel named."""


_MALFORMED: Final = Refusal(refusals.MALFORMED)


class Desk:
    __slots__ = ("_floor", "_private", "_server", "_snapshot_at")

    def __init__(self, floor: KrakenSpotFloor, server: KrakenSpotServer, *, private: bool) -> None:
        self._floor = floor
        self._server = server
        self._private = private
        self._snapshot_at = 0.0

    def heard_at(self) -> float:
        """When this session was last told something on a channel, in monotonic seconds."""
        keys = cast("frozenset[Key]", self._floor.subscribers.keys(self._server.session))
        return max(self._snapshot_at, self._floor.market.said_at(keys))

    def subscribe(self, request: Request, now: Instant) -> None:
        order = self._order(request.params, now)
        if isinstance(order, Refusal):
            self._refuse(request, order, now)
            return
        for subject in order.subjects:
            error = self._take(order, subject)
            if error is None:
                self._confirm(request, order, subject, now)
            else:
                self._reject(request, error, now, **order.about(subject))

    def unsubscribe(self, request: Request, now: Instant) -> None:
        order = self._order(request.params, now)
        if isinstance(order, Refusal):
            self._refuse(request, order, now)
            return
        subscribers, session = self._floor.subscribers, self._server.session
        for subject in order.subjects:
            if subscribers.remove(order.key(subject), session):
                result = order.result(subject)
                self._server.reply(now, request, method="unsubscribe", success=True, result=result)
            else:
                self._reject(request, refusals.NOT_FOUND, now, **order.about(subject))
        if not subscribers.count(session):
            session.beat_at = None

    # Carrying it out.

    def _take(self, order: Order, subject: str) -> str | None:
        """Subscribe; why not, if not."""
        subscribers, session = self._floor.subscribers, self._server.session
        if order.channel.by_symbol and subject not in self._floor.market.symbols:
            return refusals.NOT_SUPPORTED.format(subject)
        if not subscribers.add(order.key(subject), session):
            return refusals.ALREADY
        if subscribers.count(session) > session.terms.max_subscriptions:
            subscribers.remove(order.key(subject), session)
            return refusals.TOO_MANY_SUBSCRIPTIONS
        return None

    def _confirm(self, request: Request, order: Order, subject: str, now: Instant) -> None:
        warnings = [order.channel.warning] if order.channel.warning else UNSET
        result = order.result(subject, snapshot=order.snapshot, warnings=warnings)
        self._server.reply(now, request, method="subscribe", success=True, result=result)
        session = self._server.session
        if order.snapshot:
            session.outbox.append(self._floor.market.snapshot(order.key(subject), now))
            self._snapshot_at = now.monotonic
        if session.beat_at is None:
            session.beat_from(now.monotonic + session.terms.heartbeat_interval)

    # What a request asks for.

    def _order(self, raw: Any, now: Instant) -> Order | Refusal:
        try:
            params = read_params(raw)
        except (ValueError, RecursionError):
            return _MALFORMED
        channel = CHANNELS.get(params.channel)
        if channel is None:
            return Refusal(refusals.UNSUPPORTED_CHANNEL.format(params.channel))
        if channel.private and not self._private:
            return Refusal(refusals.PRIVATE_ELSEWHERE)
        if self._private and not channel.private:
            return Refusal(refusals.PUBLIC_ELSEWHERE)
        subjects = self._subjects(channel, params, now)
        return subjects if isinstance(subjects, Refusal) else _specify(channel, params, subjects)

    def _subjects(
        self, channel: Channel, params: Params, now: Instant
    ) -> tuple[str, ...] | Refusal:
        if channel.private:
            account = self._floor.holder(params.token or "", self._server.session, now)
            if account is None:
                return Refusal(refusals.INVALID_SESSION, channel=channel.name)
            return (account,)
        if not channel.by_symbol:
            return ("",)
        if not params.symbol:
            return _MALFORMED
        if len(params.symbol) > self._floor.terms.max_symbols_per_request:
            return Refusal(refusals.TOO_MANY_SYMBOLS)
        return tuple(params.symbol)

    # Saying no.

    def _reject(self, request: Request, error: str, now: Instant, **said: Any) -> None:
        self._server.reply(now, request, method="subscribe", success=False, error=error, **said)

    def _refuse(self, request: Request, refusal: Refusal, now: Instant) -> None:
        if refusal is _MALFORMED:
            self._server.reply_malformed(now)
            return
        said: dict[str, Any] = {"method": request.method, "success": False, "error": refusal.error}
        if refusal.channel:
            said |= {"channel": refusal.channel, "status": "error"}
        if not refusal.symbols:
            self._server.reply(now, request, **said)
        for symbol in refusal.symbols:
            self._server.reply(now, request, symbol=symbol, **said)


def _specify(channel: Channel, params: Params, subjects: tuple[str, ...]) -> Order | Refusal:
    stated = getattr(params, channel.variant) if channel.variant else UNSET
    variant = channel.variants[0] if stated is UNSET else stated
    if variant not in channel.variants:
        return Refusal(refusals.UNSUPPORTED_VARIANT.format(channel.variant, variant), subjects)
    snapshot = channel.snapshots if params.snapshot is UNSET else params.snapshot
    return Order(channel, variant, subjects, snapshot)
