"""A session with a venue, as an application holds it."""

# ruff: noqa: ASYNC109 - a limit is part of the question, and its end is `NotLive`, with the evidence

from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from math import inf
from random import Random
from ssl import SSLContext
from types import TracebackType
from typing import Final, Self

from msgspec.structs import replace

from venuewire.client.backfill import Backfill, Filler, Hook
from venuewire.client.inbox import Inbox
from venuewire.client.upstream import Upstream
from venuewire.client.waits import (
    UntilAgreed,
    UntilAnswered,
    UntilReady,
    UntilReplaced,
    Wait,
    Waits,
    failure_of,
)
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.delivery import Delivery, checked
from venuewire.core.dialect import Option
from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotLive
from venuewire.core.health import Health
from venuewire.core.instant import Instant
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.pacing import Budget
from venuewire.core.secrets import Credentials
from venuewire.core.subscriptions import Standing
from venuewire.core.updates import Cause, Down, Update
from venuewire.core.venue import ClientOptions, Venue
from venuewire.transport.client_driver import ClientDriver
from venuewire.venues import venue as venue_named

INBOX_LIMIT: Final = 65_536
PING_TIMEOUT: Final = 10.0
"""Seconds."""


def connect(  # noqa: PLR0913 - each is a choice of its own, and has a default
    venue: str | Venue,
    *,
    credentials: Credentials | None = None,
    url: str | None = None,
    private: bool | None = None,
    token_url: str | None = None,
    on_message: Callable[[Message], object] | None = None,
    ping_interval: float | None = None,
    silence_timeout: float | None = None,
    backoff: Backoff = Backoff(),  # noqa: B008 - a frozen value
    rotate_after: float | None = None,
    ssl_context: SSLContext | None = None,
    inbox_limit: int = INBOX_LIMIT,
    delivery: Delivery | None = None,
    backfill: Hook | Backfill | None = None,
    rng: Random | None = None,
) -> "Session":
    """A session with `venue`, for `async with`; nothing is dialed before that is entered.

    * `venue`: a name such as `kucoin`, or a `Venue` of your own.
    * `url`: instead of the venue's own; for KuCoin the HTTP base that hands out its token.
    * `private`: which host, where a venue has two; None means the private one with credentials.
    * `token_url`: where a token is fetched, when `url` does not tell.
    * `on_message`: is called with each message, where the socket is read: the fastest way, and it
      must not block. Iteration then has all but messages. What it raises is logged.
    * `ping_interval`, `silence_timeout`: seconds, where the venue's own shall not hold.
    * `backoff`: how long to wait between attempts, and how many to make.
    * `rotate_after`: seconds; a link that comes to this age is replaced while it lives, without a
      gap. A venue that ends its sessions at an age is left before that in any case.
    * `ssl_context`: for `wss` and `https`; None means the system's certificates.
    * `inbox_limit`: updates that may wait for iteration; beyond it the oldest messages are `Gap`s.
    * `delivery`: what gives way instead, of each channel that `subscribe` chooses nothing for.
    * `backfill`: an `async def` from a `Gap` to what was missed in it, or a `Backfill`: see there.
    * `rng`: where jitter comes from.

    Raises `ConfigurationError`.
    """
    chosen = venue_named(venue) if isinstance(venue, str) else venue
    options = ClientOptions(
        credentials=credentials,
        url=url,
        private=private,
        token_url=token_url,
        ping_interval=ping_interval,
        silence_timeout=silence_timeout,
    )
    kernel = _kernel(chosen, options, backoff, rotate_after, rng or Random())
    inbox = Inbox(inbox_limit, delivery=delivery)
    return Session(chosen.name, kernel, inbox, on_message, ssl_context, backfill=backfill)


def _kernel(
    venue: Venue, options: ClientOptions, backoff: Backoff, rotate_after: float | None, rng: Random
) -> ClientSession:
    if rotate_after is not None and not 0 < rotate_after < inf:
        raise ConfigurationError(f"rotate_after: seconds above 0, not {rotate_after}")
    connects = _connect_budget(venue) if options.url is None else None
    dialect = venue.client(replace(options, tag=f"venuewire-{rng.getrandbits(64):016x}"))
    return ClientSession(
        dialect, backoff=backoff, rng=rng, connects=connects, rotate_after=rotate_after
    )


@cache
def _connect_budget(venue: Venue) -> Budget | None:
    """One for all sessions of this process with the real venue: it counts them together, and bans
    who opens too many."""
    return None if venue.connects is None else Budget(*venue.connects)


class Session:
    """Made by `connect`. Enter it to dial; leave it to close; iterate to hear.

        async with venuewire.connect("kucoin") as session:
            await session.subscribe("/market/ticker:BTC-USDT")
            async for update in session:
                ...

    Entering returns at once, whether or not the venue can be reached: `ready`, `subscribe` and
    iteration wait for it. A session goes on by itself, over as many links as it takes, until it
    is left; only `backoff.attempts`, or a configuration that cannot work, end it earlier.

    Iteration yields every update in order. Its last is a `Down` with `retry_in` None; then it
    ends, or raises `ConfigurationError` when that is why. One task at a time may iterate; it may
    stop and begin again.
    """

    def __init__(  # noqa: PLR0913 - as `connect`, which is where they have names and defaults
        self,
        venue: str,
        kernel: ClientSession,
        inbox: Inbox,
        on_message: Callable[[Message], object] | None,
        ssl_context: SSLContext | None,
        *,
        backfill: Hook | Backfill | None,
    ) -> None:
        self.venue = venue
        """Its name."""
        self._kernel = kernel
        self._audience = _Audience(inbox)
        self._driver = ClientDriver(
            kernel, self._audience, on_message=on_message, ssl_context=ssl_context
        )
        self._iterates = on_message is None
        self._filler: Filler | None = None
        if backfill is not None:
            self._need_iteration("backfill")
            chosen = backfill if isinstance(backfill, Backfill) else Backfill(backfill)
            self._filler = Filler(chosen, inbox, self._driver.clock)
            inbox.sort()
        elif inbox.sorts:
            self._need_iteration("delivery")
        inbox.upstream = Upstream(self._driver, self._filler)

    # From beginning to end.

    async def __aenter__(self) -> Self:
        """Begin. Raises `ConfigurationError` when it is clear already that it cannot work."""
        if self._kernel.phase is not Phase.IDLE:
            raise LocalProtocolError("a session can be entered once")
        self._driver.do(self._kernel.connect)
        if (last := self._audience.last) is not None:
            raise failure_of(last)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Say goodbye, for a second at most, and leave nothing open. May be called twice."""
        try:
            await self._driver.close()
        finally:
            if self._filler is not None:
                await self._filler.close()

    async def ready(self, timeout: float | None = None) -> None:
        """Wait until the session is connected, greeted and authenticated.

        Raises `NotLive` when it is not within `timeout` seconds, or never will be.
        """
        if self._kernel.phase is not Phase.READY:
            await self._end_of(self._do(lambda _: UntilReady()), timeout, "not ready")

    # Subscribing.

    async def subscribe(
        self,
        channel: str,
        *,
        timeout: float | None = None,
        next_data_timeout: float | None = None,
        delivery: Delivery | None = None,
        **options: Option,
    ) -> None:
        """Subscribe to a channel, or a comma list of them, and wait until the venue has agreed.

        The wish outlives links: after a loss the session subscribes again. `delivery` says what
        happens when iteration falls behind it, each channel of a list for itself: `DropOldest`,
        `Conflate`, `Fail` or `Block`; None leaves that as it is. `options` are the venue's own,
        such as Kraken Spot's `depth`.

        `next_data_timeout`: seconds within which you expect the next message, always. Without it
        a channel may be quiet for ever, because nobody can tell a frozen one from a quiet market.
        When it is overdue, `Stalled` tells so and the channel is subscribed anew; if it stalls
        again, on another link. What the last call says, holds.

        Raises `AccessRefused` when the venue refuses a channel; `NotLive` when it has not agreed
        within `timeout` seconds, though the wish remains, or when the session ends;
        `ConfigurationError` for a channel the venue cannot have.
        """

        def ask(now: Instant) -> Wait:
            channels = self._wish(channel, delivery, next_data_timeout, options, now)
            return UntilAgreed(filter(self._is_missing, channels), updates.Subscribed)

        await self._end_of(self._do(ask), timeout, f"no agreement to {channel}")

    def want(
        self,
        channel: str,
        *,
        next_data_timeout: float | None = None,
        delivery: Delivery | None = None,
        **options: Option,
    ) -> None:
        """As `subscribe`, without waiting, and also before the session is entered."""
        self._driver.do(lambda now: self._wish(channel, delivery, next_data_timeout, options, now))

    def _wish(
        self,
        channel: str,
        delivery: Delivery | None,
        next_data_timeout: float | None,
        options: Mapping[str, Option],
        now: Instant,
    ) -> list[str]:
        if delivery is not None:
            self._need_iteration("delivery")
            checked(delivery)
        channels = self._kernel.subscribe(
            channel, now, next_data_timeout=next_data_timeout, **options
        )
        self._audience.inbox.choose(channels, delivery)
        return channels

    def _need_iteration(self, what: str) -> None:
        if not self._iterates:
            raise ConfigurationError(
                f"{what} is for iteration: with on_message nothing waits, so leave one of them out"
            )

    async def unsubscribe(
        self, channel: str, *, timeout: float | None = None, **options: Option
    ) -> None:
        """Give up a channel, or a comma list, and wait until the venue has confirmed it.

        Raises as `subscribe` does.
        """

        def ask(now: Instant) -> Wait:
            channels = self._kernel.unsubscribe(channel, now, **options)
            self._audience.inbox.forget(channels)
            return UntilAgreed(channels, updates.Unsubscribed)

        await self._end_of(self._do(ask), timeout, f"no agreement to end {channel}")

    def _is_missing(self, channel: str) -> bool:
        wish = self._kernel.wish(channel)
        return wish is None or wish.standing is not Standing.ACTIVE

    # Being sure.

    async def ping(self, timeout: float = PING_TIMEOUT) -> float:
        """Ask for a sign of life, the way this venue has it; the round trip in seconds.

        Raises `NotLive` when the session is not ready, or no pong comes within `timeout` seconds.
        """
        return await self._end_of(
            self._do(lambda now: UntilAnswered(self._kernel.ping(now))), timeout, "no pong"
        )

    async def rotate(self, timeout: float | None = None) -> None:
        """Replace every link of the session, one after the other, and wait until that is done.

        The new link carries all channels before the old one is given up, so nothing is missed, and
        nothing is heard twice. The session stays ready; `Rotated` tells of each link.

        Raises `NotLive` when the session is not ready, or ends; when a link stays, because no other
        can be had within `backoff.attempts`; or when it takes longer than `timeout` seconds: then
        it goes on all the same.
        """

        def ask(now: Instant) -> Wait:
            old = [strand.link for strand in self._kernel.strands]
            self._kernel.rotate(now)
            return UntilReplaced(
                old, lambda: self._kernel.links, lambda: self._kernel.replaces(now)
            )

        await self._end_of(self._do(ask), timeout, "links not replaced")

    @property
    def health(self) -> Health:
        """Phase, verdict and evidence, ages, round trip and counters, as of now."""
        return self._kernel.health(self._driver.clock())

    def assert_live(self, max_age: float = 2.0) -> None:
        """Ask this before an order. Raises `NotLive`, with the evidence, unless the session is
        ready, beyond suspicion, and has heard from its venue within `max_age` seconds."""
        self.health.assert_live(max_age)

    @property
    def dropped(self) -> int:
        """Messages that were not delivered because iteration fell behind; those that newer ones
        took the place of are among them."""
        return self._audience.inbox.dropped

    # Hearing.

    def __aiter__(self) -> AsyncIterator[Update]:
        return self._audience.inbox

    # How it is done.

    def _do(self, ask: Callable[[Instant], Wait]) -> Wait:
        """Ask, and begin to wait before anything can come of it."""

        def ask_and_wait(now: Instant) -> Wait:
            wait = ask(now)
            self._audience.waits.add(wait)
            return wait

        if (last := self._audience.last) is not None:
            raise failure_of(last)
        if self._kernel.phase is Phase.IDLE:
            raise LocalProtocolError("the session has not been entered")
        return self._driver.do(ask_and_wait)

    async def _end_of(self, wait: Wait, limit: float | None, what: str) -> float:
        try:
            return await self._audience.waits.end_of(wait, limit)
        except TimeoutError:
            evidence = self.health.evidence
            raise NotLive(f"{what} within {limit:g} s: {evidence}") from None

    def __repr__(self) -> str:
        return f"Session({self.venue}, {self._kernel.phase.name.lower()}, link {self._kernel.link})"


class _Audience:
    """Hears the driver: iteration and waiting tasks get what they wait for."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.waits = Waits()
        self.last: Down | None = None
        """The last update of all; None while the session lives."""
        self.put = inbox.put
        self.round_trip = self.waits.round_trip

    def told(self, update: Update) -> None:
        if isinstance(update, Down) and update.retry_in is None:
            self.last = update
            self.inbox.end(failure_of(update) if update.cause is Cause.CONFIGURATION else None)
        self.waits.told(update)
