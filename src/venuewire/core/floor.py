"""The trading floor: what all sessions of one local venue share, and how they are let in.

A venue extends `Floor` in its folder.

Law 1: what is published to many is encoded once, and names its hearers, so that the layer above
       can frame it once too.
Law 2: what should outlive the process is named in `changed` by whatever changes it; whoever keeps
       it asks for it by that name, and gives it back after a restart.
Law 3: a revoked key opens nothing, and ends what it has opened.
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import chain
from random import Random
from typing import Annotated, ClassVar, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from venuewire.core.errors import LocalProtocolError
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.instant import Clock, Instant, wall_of
from venuewire.core.pacing import Turnstile
from venuewire.core.secrets import Account
from venuewire.core.server_session import Rejection, ServerSession
from venuewire.core.stamps import Stamps
from venuewire.core.terms import Terms

RecordKey: TypeAlias = tuple[str | int | None, ...]
"""Names one thing that outlives a process; the first word says what kind of thing."""
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
ELAPSED: Final[RecordKey] = ("elapsed",)
"""How far an operator has let time pass: what is too old stays too old."""
FULL_FOR: Final = 1.0
"""Seconds: what a venue without room asks for. Nobody knows when one will leave."""


class Publication(Struct, frozen=True, kw_only=True):
    """What an operator has the venue say."""

    channel: str
    """As a client subscribes it: `ticker:BTC/USD`, `/market/ticker:BTC-USDT`."""
    payload: bytes
    """JSON in the venue's own form: KuCoin's `data`; Kraken's message, or its `data`."""
    subject: str | None = None
    """KuCoin's `subject`; None takes the channel's usual one."""
    account: str | None = None
    """Only private subscribers of this account, by its name; None means everybody."""


class Note(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A notification to be sent, as Kraken Futures documents its `notifications_auth` feed."""

    note: str
    type: str = "general"
    priority: str = "low"
    effective_time: int | None = None
    """Milliseconds since the epoch; None means now."""
    expected_downtime_minutes: int | None = None
    """None when no downtime is expected."""


class Noted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A notification that was sent and not withdrawn."""

    id: int
    type: str
    priority: str
    note: str
    effective_time: int
    """Milliseconds since the epoch."""
    expected_downtime_minutes: int | None = None
    """None when no downtime is expected."""


class Push(Struct, frozen=True):
    """One frame for many sessions."""

    frame: bytes
    sessions: tuple[ServerSession, ...]


def _unnoticed(session: ServerSession, key: Hashable, begins: bool) -> None:
    """Where nobody wants to know."""


class Subscribers:
    """Who hears what. A session that leaves is forgotten everywhere at once."""

    __slots__ = ("_by_key", "_by_session", "noticed")

    def __init__(self) -> None:
        self.noticed: Callable[[ServerSession, Hashable, bool], None] = _unnoticed
        """Told when a session begins to hear something, and when it gives that up; not when it
        leaves."""
        self._by_key: dict[Hashable, dict[ServerSession, None]] = {}
        self._by_session: dict[ServerSession, set[Hashable]] = {}

    def add(self, key: Hashable, session: ServerSession) -> bool:
        """False when the session heard it already."""
        hearers = self._by_key.setdefault(key, {})
        if session in hearers:
            return False
        hearers[session] = None
        self._by_session.setdefault(session, set()).add(key)
        self.noticed(session, key, True)
        return True

    def remove(self, key: Hashable, session: ServerSession) -> bool:
        """False when the session did not hear it."""
        keys = self._by_session.get(session)
        if keys is None or key not in keys:
            return False
        keys.discard(key)
        if not keys:
            del self._by_session[session]
        self._drop(key, session)
        self.noticed(session, key, False)
        return True

    def leave(self, session: ServerSession) -> None:
        for key in self._by_session.pop(session, ()):
            self._drop(key, session)

    def of(self, key: Hashable) -> tuple[ServerSession, ...]:
        return tuple(self._by_key.get(key, ()))

    def of_any(self, keys: Iterable[Hashable]) -> Iterable[ServerSession]:
        """Who hears at least one of these, each once."""
        heard = [hearers for key in keys if (hearers := self._by_key.get(key))]
        return tuple(heard[0]) if len(heard) == 1 else dict.fromkeys(chain.from_iterable(heard))

    def keys(self, session: ServerSession) -> frozenset[Hashable]:
        return frozenset(self._by_session.get(session, ()))

    def count(self, session: ServerSession) -> int:
        return len(self._by_session.get(session, ()))

    def __len__(self) -> int:
        """Of all sessions together."""
        return sum(map(len, self._by_session.values()))

    def _drop(self, key: Hashable, session: ServerSession) -> None:
        hearers = self._by_key[key]
        del hearers[session]
        if not hearers:
            del self._by_key[key]


def _pace(terms: Terms) -> tuple[float | None, ...]:
    return terms.max_connects, terms.connects_window, terms.max_calls, terms.calls_window


class Floor:
    """Base of every venue's floor. `clock` is for a second reading only: Kraken Spot's `time_out`
    means just before sending, which no `now` passed in can know."""

    def __init__(
        self, terms: Terms, accounts: Iterable[Account], *, clock: Clock, rng: Random
    ) -> None:
        self.terms = terms
        self.accounts = {account.credentials.api_key: account for account in accounts}
        self.read_time(clock)
        self.rng = rng
        self.stamps = Stamps()
        self.subscribers = Subscribers()
        self.holders = Subscribers()
        """Which sessions have proven themselves by which API key."""
        self.sessions: dict[int, ServerSession] = {}
        """Admitted and not yet lost, by number. Whoever carries a session removes it."""
        self.pushes: list[Push] = []
        """Frames for sessions other than the one being served; emptied by the layer above."""
        self.elapsed = 0.0
        """Seconds that an operator has let pass here, beyond those that any clock has seen."""
        self.changed: dict[RecordKey, None] = {}
        """What should outlive this process and has changed, the latest last; emptied by the layer
        above, whether it keeps it or not."""
        self.touches = 0
        """How often something that should outlive this process has changed."""
        self._numbers = 0
        self._connects = Turnstile(terms.max_connects, terms.connects_window)
        self._calls = Turnstile(terms.max_calls, terms.calls_window)

    def read_time(self, clock: Clock) -> None:
        """From there from now on."""
        self.clock = clock
        self.wall = wall_of(clock)
        """The same clock's seconds since the epoch."""

    # What a venue must say for itself.

    def admit(self, door: str, request: HttpRequest, now: Instant) -> ServerSession | HttpReply:
        """Answer an upgrade request: a new session, entered in `sessions`, or a refusal."""
        raise NotImplementedError

    def answer(self, door: str, request: HttpRequest, now: Instant) -> HttpReply:
        """Answer a plain HTTP request at one of the venue's HTTP doors."""
        raise NotImplementedError

    def reject(self, request: HttpRequest, rejection: Rejection, now: Instant) -> ServerSession:
        """A session that hears in its first frame that it may not stay, as another process has
        decided by `admit`. Only where sessions have rejections."""
        raise NotImplementedError

    def publish(self, publication: Publication, now: Instant) -> int:
        """Say it to its subscribers; how many. Raises `LocalProtocolError` for a bad payload."""
        raise NotImplementedError

    def notify(self, note: Note, now: Instant) -> int:
        """Send a notification; its id. Raises `LocalProtocolError` where there are none."""
        raise LocalProtocolError("this venue has no notifications")

    standing: ClassVar[frozenset[str]] = frozenset({"edition"})
    """Which of its terms are for good, because something is made of them at the beginning."""

    def adopt(self, terms: Terms) -> None:
        """Live by these from now on, but for those that stand; sessions keep those they began
        with, as far as they have taken them. Raises `ConfigurationError`."""
        before = self.terms
        stands = {name: getattr(before, name) for name in self.standing}
        self.terms = replace(terms, **stands)
        if _pace(self.terms) != _pace(before):
            self._connects = Turnstile(terms.max_connects, terms.connects_window)
            self._calls = Turnstile(terms.max_calls, terms.calls_window)

    # What a venue may say better.

    def subscriptions(self, session: ServerSession) -> tuple[str, ...]:
        """What a session hears, in order, each as a client would subscribe it."""
        return tuple(sorted(map(self.name, self.subscribers.keys(session))))

    def name(self, key: Hashable) -> str:
        """Of what is subscribed, as a client would subscribe it."""
        return str(key)

    def farewell(self) -> None:
        """The venue is about to see everybody out: tell them, where it has a way of telling. What
        is kept of it does not change: it comes back as it was."""

    @property
    def held(self) -> int:
        """Subscriptions of all sessions together."""
        return len(self.subscribers)

    def withdraw(self, id: int) -> bool:
        """Show a notification to no new subscriber; False when there is none of this id."""
        return False

    @property
    def notifications(self) -> tuple[Noted, ...]:
        """Those a new subscriber is shown, the oldest first."""
        return ()

    def kept(self, key: RecordKey) -> bytes | None:
        """What is to be kept under a name of `changed`, as JSON; None when that is nothing."""
        raise NotImplementedError

    def restore(self, key: RecordKey, value: bytes, now: Instant) -> None:
        """Take up again what `kept` gave to an earlier process. What changed last comes last.

        Raises `LocalProtocolError` for what has no place here.
        """
        raise LocalProtocolError("this venue keeps nothing")

    # What outlives a process, whatever the venue.

    def keep(self, key: RecordKey) -> bytes | None:
        """As `kept`, for every name of `changed`."""
        return msgspec.json.encode(self.elapsed) if key == ELAPSED else self.kept(key)

    def take_back(self, key: RecordKey, value: bytes, now: Instant) -> None:
        """As `restore`, for whatever `keep` gave."""
        if key != ELAPSED:
            self.restore(key, value, now)
            return
        try:
            self.elapsed = msgspec.json.decode(value, type=Seconds)
        except msgspec.DecodeError as error:
            raise LocalProtocolError(f"{key[0]}: {error}") from None

    # Who is let in; a venue that knows more of its accounts than this does so before or after.

    def enroll(self, account: Account) -> None:
        """Let someone in from now on.

        Raises `LocalProtocolError` when that is too many, or the key is known already, and
        `ConfigurationError` for credentials that this venue cannot use.
        """
        if account.credentials.api_key in self.accounts:
            raise LocalProtocolError("there is an account with this API key")
        if len(self.accounts) >= self.terms.max_accounts:
            raise LocalProtocolError(f"no more than {self.terms.max_accounts} keys are possible")
        self.accounts[account.credentials.api_key] = account

    def revoke(self, api_key: str, now: Instant) -> tuple[ServerSession, ...]:
        """Let nobody in by this key; the sessions it had opened, which have been ended."""
        account = self.accounts.pop(api_key, None)
        if account is not None and account.name not in self.names:
            self.forget(account.name)
        ended = tuple(one for one in self.holders.of(api_key) if one.closing is None)
        for session in ended:
            self.expel(session, now)
        return ended

    def expel(self, session: ServerSession, now: Instant) -> None:
        """End a session whose key has been revoked, this venue's way."""
        session.close(self.terms.revoked_close, "key revoked")

    def forget(self, name: str) -> None:
        """The account has lost its last key: drop what was published to it alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all accounts, each once. An account may have several keys."""
        return tuple(dict.fromkeys(account.name for account in self.accounts.values()))

    # What every venue shares.

    def let_pass(self, seconds: float) -> None:
        """Whatever ages here is so much older at once: sessions, and tokens. Nobody has been
        silent meanwhile, and the clock that stamps frames stays right, as the clients' clocks do:
        what they sign is still of this moment."""
        self.elapsed += seconds
        self.touch(*ELAPSED)
        for session in self.sessions.values():
            session.grow_older(seconds)

    def aged(self, now: Instant) -> Instant:
        """The moment by which whatever ages is judged."""
        return Instant(now.monotonic + self.elapsed, now.realtime + self.elapsed)

    def crowded(self, peer: str, now: Instant) -> float | None:
        """Ask once per connection: None lets an address begin a session; otherwise there is no room
        for it, or it comes too often, and these are the seconds to stay away."""
        wait = self._connects.wait(peer, now)
        if wait is None and len(self.sessions) >= self.terms.max_sessions:
            return FULL_FOR
        return wait

    def called_too_often(self, peer: str, now: Instant) -> float | None:
        """Ask once per request at an HTTP door: the seconds to stay away, or None."""
        return self._calls.wait(peer, now)

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def count_from(self, number: int) -> None:
        """The next session has this number."""
        self._numbers = number - 1

    def push(self, frame: bytes, sessions: Iterable[ServerSession]) -> int:
        """Queue one frame for many; how many."""
        hearers = tuple([session for session in sessions if session.closing is None])
        if hearers:
            self.pushes.append(Push(frame, hearers))
        return len(hearers)

    def touch(self, *key: str | int | None) -> None:
        """What is kept under this name has changed, or is gone."""
        self.touches += 1
        self.changed.pop(key, None)
        self.changed[key] = None

    def leave(self, session: ServerSession) -> None:
        self.holders.leave(session)
        self.subscribers.leave(session)
        self.sessions.pop(session.number, None)
