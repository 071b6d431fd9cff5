"""Brings what the venue has agreed to in line with what the application wants, on one link.

Law 1: a channel is active only by the venue's word.
Law 2: a refusal is scoped to the channels of the request it answers.
Law 3: an interval that was not covered is reported by one `Gap`, when its channel is active again.
"""

from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias, assert_never

from venuewire.core import updates
from venuewire.core.dialect import ClientDialect, Profile
from venuewire.core.health import Counters
from venuewire.core.inflight import Inflight, Pending, Purpose, Settled
from venuewire.core.instant import Instant, passed
from venuewire.core.messages import (
    Accepted,
    FirstMessage,
    Refused,
    Subscribed,
    Unsubscribed,
)
from venuewire.core.subscriptions import Standing, Subscriptions, Topic

TRIES: Final = 2
"""Unanswered requests for one channel after which the link is not believed."""

_KNOWN_TO_THE_VENUE: Final = frozenset({Standing.PENDING, Standing.ACTIVE})

Answer: TypeAlias = Subscribed | Unsubscribed | Accepted | FirstMessage | Refused


class Speaker(Protocol):
    """What a reconciler needs of the session it serves."""

    counters: Counters
    subscriptions: Subscriptions
    dialect: ClientDialect
    profile: Profile
    went_down: str

    def new_id(self) -> int: ...
    def send(self, frame: bytes, now: Instant) -> None: ...
    def deliver(self, *news: updates.Update) -> None: ...


class Reconciler:
    __slots__ = ("_inflight", "_session")

    def __init__(self, session: Speaker) -> None:
        self._session = session
        self._inflight = Inflight()

    @property
    def deadline(self) -> float | None:
        return self._inflight.deadline

    def clear(self) -> None:
        """The link is gone, and with it what was to be given up on it."""
        for pending in self._inflight.clear():
            if pending.purpose is Purpose.UNSUBSCRIBE:
                self._session.deliver(*map(updates.Unsubscribed, pending.channels))

    # Asking.

    def want(self, topics: Sequence[Topic], ready: bool, now: Instant) -> None:
        """Remember these wishes; the same channel with other options takes the place of the old."""
        session = self._session
        for topic in topics:
            old = session.subscriptions.get(topic.channel)
            if old is not None and old.topic != topic and old.standing in _KNOWN_TO_THE_VENUE:
                self.withdraw([topic], ready, now)
            if session.subscriptions.adopt(topic.channel):
                session.deliver(updates.Subscribed(topic.channel))
            session.subscriptions.want(topic)

    def request(self, now: Instant) -> None:
        """Ask for everything that is wanted and not yet asked for on this link."""
        session = self._session
        for batch in session.dialect.batches(session.subscriptions.unrequested()):
            number, channels = session.new_id(), [topic.channel for topic in batch]
            frame = session.dialect.subscribe(batch, number, now)
            self._inflight.add(number, Purpose.SUBSCRIBE, channels, now)
            session.subscriptions.stand(channels, Standing.PENDING)
            session.send(frame, now)

    def withdraw(self, topics: Sequence[Topic], ready: bool, now: Instant) -> None:
        """Forget these wishes, and tell the venue where it knows of them."""
        session, told = self._session, []
        for topic in topics:
            wish = session.subscriptions.forget(topic.channel)
            if wish is not None and ready and wish.standing in _KNOWN_TO_THE_VENUE:
                told.append(wish.topic)
            else:
                session.deliver(updates.Unsubscribed(topic.channel))
        for batch in session.dialect.batches(told):
            self._give_up(batch, now)

    def _give_up(self, batch: Sequence[Topic], now: Instant) -> None:
        session = self._session
        number, channels = session.new_id(), [topic.channel for topic in batch]
        session.send(session.dialect.unsubscribe(batch, number, now), now)
        if session.profile.unsubscribes_silently:
            session.deliver(*map(updates.Unsubscribed, channels))
        else:
            self._inflight.add(number, Purpose.UNSUBSCRIBE, channels, now)

    # Hearing the answers.

    def hear(self, answer: Answer, now: Instant) -> None:
        match answer:
            case Subscribed(id, channels):
                self._fulfil(self._inflight.settle(id, channels, Purpose.SUBSCRIBE), now)
            case Unsubscribed(id, channels):
                self._fulfil(self._inflight.settle(id, channels, Purpose.UNSUBSCRIBE), now)
            case Accepted(id) | FirstMessage(id):
                self._fulfil(self._inflight.settle(id, ()), now)
            case Refused():
                self._refused(answer, now)
            case _:
                assert_never(answer)

    def _refused(self, refused: Refused, now: Instant) -> None:
        channels = () if refused.channel is None else (refused.channel,)
        settled = self._inflight.settle(refused.id, channels)
        if refused.benign:
            self._fulfil(settled, now)
            return
        self._session.counters.refused += 1
        named = (refused.channel,) if settled is None else settled.channels
        for channel in named:
            self._session.deliver(updates.Refused(refused.reason, channel, refused.code))
        if settled is not None and settled.purpose is Purpose.SUBSCRIBE:
            self._session.subscriptions.stand(settled.channels, Standing.REFUSED)

    def _fulfil(self, settled: Settled | None, now: Instant) -> None:
        if settled is None:
            return  # It answers nothing we asked, or nothing we still wait for.
        if settled.purpose is Purpose.SUBSCRIBE:
            self._activate(settled.channels, now)
        else:
            self._session.deliver(*map(updates.Unsubscribed, settled.channels))

    def _activate(self, channels: tuple[str, ...], now: Instant) -> None:
        session = self._session
        for channel in channels:
            wish = session.subscriptions.get(channel)
            if wish is None:
                continue  # Given up while the request was on its way.
            wish.standing, wish.unanswered = Standing.ACTIVE, 0
            since, wish.covered_until = wish.covered_until, None
            if wish.own:
                continue
            session.deliver(updates.Subscribed(channel))
            if since is not None:
                session.counters.gaps += 1
                session.deliver(updates.Gap(channel, since, now.realtime, session.went_down))

    # Not being answered.

    def overdue(self, now: Instant) -> str | None:
        """Ask again for what was not answered in time; why the link must go, if it must."""
        if not passed(self._inflight.deadline, now):
            return None
        for pending in self._inflight.overdue(now):
            if pending.purpose is Purpose.UNSUBSCRIBE:
                self._session.deliver(*map(updates.Unsubscribed, pending.channels))
            elif self._exhausted(pending):
                return f"no answer to the subscription of {', '.join(pending.channels)}"
        self.request(now)
        return None

    def _exhausted(self, pending: Pending) -> bool:
        subscriptions, exhausted = self._session.subscriptions, False
        subscriptions.stand(pending.channels, Standing.WANTED)
        for channel in pending.channels:
            if (wish := subscriptions.get(channel)) is not None:
                wish.unanswered += 1
                exhausted = exhausted or wish.unanswered >= TRIES
        return exhausted
