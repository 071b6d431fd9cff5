"""Brings what the venue has agreed to in line with what the application wants, on one link.

Law 1: a channel is active only by the venue's word.
Law 2: a refusal is scoped to the channels of the request it answers.
Law 3: an interval that was not covered is reported by one `Gap`, when its channel is active again.
Law 4: what is overdue because we came late ourselves is not judged before what has been waiting for
       us is read.
Law 5: requests keep to what the venue allows in a time; what has to wait stays wanted.
"""

from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias, assert_never

from venuewire.core import updates
from venuewire.core.dialect import ClientDialect, Profile
from venuewire.core.health import Counters
from venuewire.core.inflight import Inflight, Pending, Purpose, Settled
from venuewire.core.instant import Instant, earliest, passed
from venuewire.core.liveness import Liveness
from venuewire.core.messages import (
    Accepted,
    FirstMessage,
    Message,
    Refused,
    Subscribed,
    Unsubscribed,
)
from venuewire.core.pacing import Budget
from venuewire.core.promises import Promises
from venuewire.core.subscriptions import Standing, Subscriptions, Topic, Wish

TRIES: Final = 2
"""Requests for one channel, unanswered or without effect, after which the link is not believed."""

RETRY_AFTER: Final = 5.0
"""Seconds before asking again for what was too much at once."""
_KNOWN_TO_THE_VENUE: Final = frozenset({Standing.PENDING, Standing.ACTIVE})

Answer: TypeAlias = Subscribed | Unsubscribed | Accepted | FirstMessage | Refused


class Speaker(Protocol):
    """What a reconciler needs of the session it serves."""

    counters: Counters
    subscriptions: Subscriptions
    dialect: ClientDialect
    profile: Profile
    liveness: Liveness
    went_down: str

    def new_id(self) -> int: ...
    def send(self, frame: bytes, now: Instant) -> None: ...
    def deliver(self, *news: updates.Update) -> None: ...
    def renew(self, why: str, at: float) -> None: ...


class Reconciler:
    __slots__ = ("_budget", "_inflight", "_promises", "_resume_at", "_session")

    def __init__(self, session: Speaker) -> None:
        self._session = session
        self._inflight = Inflight()
        self._promises = Promises()
        self._budget: Budget | None = None
        self._resume_at: float | None = None
        """Monotonic seconds, when requests that had to wait may be sent."""

    @property
    def deadline(self) -> float | None:
        due = self._answer_due
        judged = None if due is None else self._session.liveness.grace.after(due)
        return earliest(judged, self._resume_at)

    @property
    def _answer_due(self) -> float | None:
        """What the venue owes: an answer, or data."""
        return earliest(self._inflight.deadline, self._promises.deadline)

    def begin(self, now: Instant) -> None:
        """A link is ready: ask for everything."""
        allowed = self._session.profile.requests
        self._budget = None if allowed is None else Budget(*allowed)
        self.request(now)

    def clear(self) -> None:
        """The link is gone, and with it what was to be given up on it."""
        self._promises.clear()
        self._resume_at = None
        for pending in self._inflight.clear():
            if pending.purpose is Purpose.UNSUBSCRIBE:
                self._session.deliver(*map(updates.Unsubscribed, pending.channels))

    def overlook(self) -> None:
        """What is being given up has been told of another link."""
        self._inflight.clear(Purpose.UNSUBSCRIBE)

    # Asking.

    def want(self, topics: Sequence[Topic], ready: bool, now: Instant) -> None:
        """Remember these wishes; the same channel with other options takes the place of the old."""
        session = self._session
        for topic in topics:
            old = session.subscriptions.get(topic.channel)
            changed = old is not None and old.topic != topic
            known = old is not None and old.standing in _KNOWN_TO_THE_VENUE
            if old is not None and known and not old.topic.asks_as(topic):
                self.withdraw([topic], ready, now)
            if session.subscriptions.adopt(topic.channel):
                session.deliver(updates.Subscribed(topic.channel))
                changed = True
            added = session.subscriptions.want(topic)
            if old is not None and changed and not added and old.standing is Standing.ACTIVE:
                self._promises.watch(old, now)

    def request(self, now: Instant) -> None:
        """Ask for everything that is wanted and not yet asked for on this link."""
        self._resume_at = None
        for batch in self._batches():
            if self._budget is not None and not self._budget.take(now):
                self._resume_at = self._budget.free_at(now)
                return
            self._ask(batch, now)

    def _batches(self) -> list[list[Topic]]:
        session = self._session
        together, alone = session.subscriptions.unrequested()
        singly = [batch for topic in alone for batch in session.dialect.batches([topic])]
        return session.dialect.batches(together) + singly

    def _ask(self, batch: Sequence[Topic], now: Instant) -> None:
        session = self._session
        number, channels = session.new_id(), [topic.channel for topic in batch]
        frame = session.dialect.subscribe(batch, number, now)
        self._inflight.add(number, Purpose.SUBSCRIBE, channels, now)
        session.subscriptions.ask(channels)
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
        named = refused.id is not None or refused.channel is not None
        answers = named or not self._session.profile.answers_by_id
        settled = self._inflight.settle(refused.id, channels) if answers else None
        if refused.benign:
            self._fulfil(settled, now)
            return
        if refused.splits and settled is not None and len(settled.channels) > 1:
            self._split(settled.channels, now)
            return
        self._session.counters.refused += 1
        for channel in (refused.channel,) if settled is None else settled.channels:
            self._session.deliver(updates.Refused(refused.reason, channel, refused.code))
        if settled is None or settled.purpose is Purpose.UNSUBSCRIBE:
            return
        standing = Standing.WANTED if refused.transient else Standing.REFUSED
        self._session.subscriptions.stand(settled.channels, standing)
        if refused.transient:
            self._resume_at = earliest(self._resume_at, now.monotonic + RETRY_AFTER)

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
            since, wish.covered_until = wish.missed_since(now), None
            why, wish.uncovered_why = wish.uncovered_why or session.went_down, ""
            if wish.own:
                continue
            self._promises.watch(wish, now)
            session.deliver(updates.Subscribed(channel))
            if since is not None:
                session.deliver(updates.Gap(channel, since, now.realtime, why))

    def _split(self, channels: tuple[str, ...], now: Instant) -> None:
        for channel in channels:
            if (wish := self._session.subscriptions.get(channel)) is not None:
                wish.standing, wish.alone = Standing.WANTED, True
        self.request(now)

    # Missing something.

    def follow(self, wish: Wish, message: Message, now: Instant) -> None:
        """Where a venue numbers its messages, a number left out is a message missed."""
        before, after, last = wish.sequence, message.sequence, wish.last_data
        if after is None or (before is not None and after <= before):
            return  # Not numbered; or late, or repeated, which is no gap.
        wish.sequence = after
        first = after if message.first_sequence is None else message.first_sequence
        if before is None or last is None or message.kind == "snapshot" or first <= before + 1:
            return
        if wish.covered_until is not None:
            return  # The gap that ends with the venue's agreement will have it.
        why = f"the venue's numbers go from {before} to {first}"
        self._session.deliver(updates.Gap(message.channel, last.realtime, now.realtime, why))

    # Not being answered, and being answered without effect.

    def overdue(self, now: Instant) -> str | None:
        """Ask again for what was not answered or not delivered in time, and for what had to wait;
        why the link must go, if it must."""
        if not passed(self.deadline, now):
            return None
        if not self._excused(now):
            if (verdict := self._unanswered(now)) is not None:
                return verdict
            if (why := self._undelivered(now)) is not None:
                self._session.renew(why, now.monotonic)
        self.request(now)
        return None

    def _excused(self, now: Instant) -> bool:
        due = self._answer_due
        return due is None or self._session.liveness.grace.excuses(due, now)

    def _unanswered(self, now: Instant) -> str | None:
        for pending in self._inflight.overdue(now):
            if pending.purpose is Purpose.UNSUBSCRIBE:
                self._session.deliver(*map(updates.Unsubscribed, pending.channels))
            elif self._exhausted(pending):
                return f"no answer to the subscription of {', '.join(pending.channels)}"
        return None

    def _exhausted(self, pending: Pending) -> bool:
        subscriptions, exhausted = self._session.subscriptions, False
        for channel in pending.channels:
            wish = subscriptions.get(channel)
            # Otherwise it was given up and wanted again, and that was answered.
            if wish is not None and wish.standing is Standing.PENDING:
                wish.standing = Standing.WANTED
                wish.unanswered += 1
                exhausted = exhausted or wish.unanswered >= TRIES
        return exhausted

    def _undelivered(self, now: Instant) -> str | None:
        """First by asking again, then by another link; after that only by saying so, because the
        other channels are not to suffer for one that is dead at the venue."""
        session, verdict = self._session, None
        for wish in self._promises.broken(session.subscriptions, now):
            wish.undelivered = 1 if wish.has_flowed else wish.undelivered + 1
            channel, evidence = wish.topic.channel, _silence(wish, now)
            session.deliver(updates.Stalled(channel, evidence))
            if wish.undelivered > TRIES:
                self._promises.recheck(wish, now)
                continue
            wish.uncover(f"it had stalled: {evidence}")
            if wish.undelivered == TRIES:
                verdict = verdict or f"{channel} stalled again: {evidence}"
            else:
                self._ask_again(wish.topic, now)
        return verdict

    def _ask_again(self, topic: Topic, now: Instant) -> None:
        """The venue's answer to giving it up is of no interest, so nothing waits for it."""
        session = self._session
        session.send(session.dialect.unsubscribe([topic], session.new_id(), now), now)
        session.subscriptions.stand([topic.channel], Standing.WANTED)


def _silence(wish: Wish, now: Instant) -> str:
    last, timeout = wish.last_data, wish.topic.next_data_timeout
    if last is None or timeout is None:
        return f"agreed to {wish.undelivered} times in a row, and never delivered"
    silence = now.monotonic - last.monotonic
    return f"no message for {silence:.1f} s, where the next was due within {timeout:g} s"
