"""One strand of a client's session: a dialect, the channels it is to carry, and at most one link.

It fetches, dials, is greeted, authenticates, subscribes, watches over its link, and when that is
lost does all of it again. Nearly every session is one strand. A session with more channels than
one link may carry has several; one whose link is to be replaced has two for a while.

Law 1: news of a dead link is ignored, in `receive` and in `handle`, and nowhere else.
Law 2: a frame that needs no decision creates no command and touches no deadline.
Law 3: what belongs to a link is made anew in `_on_opened`, and never outlives it.
Law 4: what the application hears of a strand is its session's to decide.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

from venuewire.core import commands, events, messages, oddities, updates, watch
from venuewire.core.attempts import Attempts
from venuewire.core.commands import CloseLink, Command, SendFrame
from venuewire.core.dialect import ClientDialect, Profile
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.events import LinkEvent, Oddity, RareFrame
from venuewire.core.http import HttpReply
from venuewire.core.instant import Instant, earliest
from venuewire.core.lifecycle import Lifecycle, Phase, Step
from venuewire.core.liveness import Liveness, LivenessPolicy, Verdict
from venuewire.core.messages import Message, Word
from venuewire.core.owner import Owner
from venuewire.core.reconciler import Reconciler
from venuewire.core.subscriptions import Subscriptions, Topic
from venuewire.core.updates import Cause

ANNOUNCED: Final = "a maintenance is announced"
_ALIVE: Final = Verdict.ALIVE  # Looked up once here, and not once per frame.
_BEFORE_READY: Final = frozenset({Phase.GREETING, Phase.AUTHENTICATING})
_OUTAGES: Final = frozenset({Cause.LOST, Cause.SILENT})

Sift: TypeAlias = Callable[[Message, Instant], Message | None]


class Strand:
    def __init__(self, owner: Owner, dialect: ClientDialect, attempts: Attempts) -> None:
        self.dialect = dialect
        self._owner = owner
        self._decode = dialect.decode
        self._attempts = attempts

        # Outlives any one link.
        self._lifecycle = Lifecycle()
        self.counters = owner.counters
        self.subscriptions = Subscriptions()
        self._wish = self.subscriptions.get
        self.was_ready = False
        self.went_down = ""
        """Why the last link was lost; empty before that."""
        self.sift: Sift | None = None
        """What becomes of messages while a link is being replaced; None passes them all."""

        # Belongs to the current link, or attempt.
        self.link = 0
        """Counts the links of the session, from 1; 0 while there is neither link nor attempt."""
        self.profile = Profile(liveness=LivenessPolicy())
        self.liveness = Liveness(self.profile.liveness, Instant(0.0, 0.0))
        self.rotate_at: float | None = None
        """Monotonic seconds, when this link is to be replaced."""
        self.rotate_why = ""
        self._reconciler = Reconciler(self)

    @property
    def phase(self) -> Phase:
        return self._lifecycle.phase

    @property
    def commands(self) -> list[Command]:
        return self._owner.commands

    @property
    def deadline(self) -> float | None:
        """When to call `wake`, in monotonic seconds."""
        judged = self.liveness.deadline if self.phase is Phase.READY else None
        return earliest(self._lifecycle.deadline, self._reconciler.deadline, judged)

    @property
    def retry_at(self) -> float | None:
        """Monotonic seconds, of the next attempt, while it waits for one."""
        return self._lifecycle.deadline if self.phase is Phase.WAITING else None

    @property
    def soundness(self) -> tuple[bool, bool, float]:
        """The less, the farther from being alive."""
        ready = self.phase is Phase.READY
        return ready, self.liveness.verdict is _ALIVE, self.liveness.heard.monotonic

    # Asked by the session.

    def connect(self, now: Instant) -> None:
        """Begin an attempt; from then on the session goes on by itself until `close`."""
        if (wait := self._attempts.begin(now)) > 0.0:
            self._lifecycle.take(Step.BACK_OFF, now, patience=wait)
            return
        self.link = self._owner.new_link(self)
        request = self.dialect.bootstrap(now)
        if request is None:
            self._dial(None, now)
        else:
            self._lifecycle.take(Step.FETCH, now)
            self.commands.append(commands.Fetch(self.link, request))

    def want(self, topics: list[Topic], now: Instant) -> None:
        """Before the strand is ready the wish is remembered."""
        ready = self.phase is Phase.READY
        self._reconciler.want(topics, ready, now)
        if ready:
            self._reconciler.request(now)
            self._expect(now)

    def withdraw(self, topics: list[Topic], now: Instant) -> None:
        self._reconciler.withdraw(topics, self.phase is Phase.READY, now)
        self._expect(now)

    def ping(self, now: Instant) -> int:
        """Only while it is ready."""
        return watch.ping(self, now)

    def close(self, now: Instant) -> None:
        """The application has had enough."""
        if self.phase is not Phase.CLOSED:
            self._say_goodbye()
            self._settle_down(Cause.CLOSED, "closed by the application", None, now)

    def retire(self, now: Instant) -> None:
        """It is no longer needed, and says nothing of it."""
        if self.phase is not Phase.CLOSED:
            self._say_goodbye()
            self.link = 0
            self._lifecycle.take(Step.GIVE_UP, now)
            self._reconciler.clear()

    def renew(self, why: str, at: float) -> None:
        """Have this link replaced at this time, unless that is planned for earlier."""
        if self.phase is Phase.READY and (self.rotate_at is None or at < self.rotate_at):
            self.rotate_at, self.rotate_why = at, why

    def leave(self, why: str, now: Instant) -> None:
        """Give up this link: it is of no use."""
        self._hang_up(Cause.LOST, why, now)

    def take_over_wishes(self, wishes: Subscriptions) -> None:
        """What another strand wants, this one wants too, and has asked for nothing of it."""
        self.subscriptions = wishes.renewed()
        self._wish = self.subscriptions.get

    def take_over(self, old: "Strand") -> None:
        """It is heard from now on, in place of another."""
        self.went_down = old.went_down
        self._reconciler.overlook()

    def _say_goodbye(self) -> None:
        if self.link:
            self.commands.append(CloseLink(self.link, 1000, ""))

    # Told by the outside.

    def receive(self, link: int, payload: bytes, now: Instant) -> Message | None:
        """As of the session."""
        if link != self.link:
            return None
        liveness, counters = self.liveness, self.counters
        liveness.heard = now
        counters.frames += 1
        if liveness.verdict is not _ALIVE:
            watch.clear_doubt(self, now, pong=False)
        try:
            reply = self._decode(payload, now)
        except UnreadableFrame as error:
            self._on_unreadable(str(error))
            return None
        if not isinstance(reply, Message):
            message = self._on_word(reply, now)
            self._owner.review(now)
            return message
        wish = self._wish(reply.channel)
        if wish is None:
            counters.strays += 1
            return None
        if reply.sequence is not None:
            self._reconciler.follow(wish, reply, now)
        wish.last_data = now
        if self.sift is not None:
            return self.sift(reply, now)
        counters.messages += 1
        return reply

    def handle(self, event: LinkEvent, now: Instant) -> None:
        if event.link != self.link:
            return
        match event:
            case events.LinkOpened():
                self._on_opened(now)
            case events.LinkClosed():
                self._on_closed(event, now)
            case events.PingReceived() | events.PongReceived() | events.FrameUnreadable():
                self._on_rare_frame(event, now)
            case events.Fetched(_, reply):
                self._dial(reply, now)
            case events.FetchFailed(_, reason):
                self._lose(Cause.LOST, reason, now)
            case _:
                assert_never(event)

    # Getting connected.

    def _dial(self, grant: HttpReply | None, now: Instant) -> None:
        try:
            request, self.profile = self.dialect.dial(grant, self.link, now)
        except AccessRefused as refusal:
            cause = Cause.REFUSED if refusal.auth else Cause.LOST
            self._lose(cause, refusal.reason, now, retry_after=refusal.retry_after)
        except UnreadableFrame as error:
            self._lose(Cause.LOST, str(error), now)
        except ConfigurationError as error:
            self._settle_down(Cause.CONFIGURATION, str(error), None, now)
        else:
            self._lifecycle.take(Step.DIAL, now)
            self.commands.append(commands.Dial(self.link, request.url, request.headers))

    def _on_opened(self, now: Instant) -> None:
        self.liveness = Liveness(self.profile.liveness, now)
        if self.profile.welcomes:
            self._lifecycle.take(Step.AWAIT_WELCOME, now)
        else:
            self._authenticate(now)

    def _authenticate(self, now: Instant) -> None:
        if self.profile.challenges:
            self._lifecycle.take(Step.AUTHENTICATE, now)
            self.send(self.dialect.challenge(now), now)
        else:
            self._become_ready(now)

    def _become_ready(self, now: Instant) -> None:
        self._lifecycle.take(Step.BE_READY, now)
        self._attempts.ready(now)
        self._plan_rotation(now)
        if self.was_ready:
            self.counters.reconnects += 1
        self.was_ready = True
        self.deliver(updates.Ready(self.link))
        if (own := self.profile.heartbeat_channel) is not None:
            for topic in self.dialect.topics(own, {}):
                self.subscriptions.want(topic, own=True)
        self._reconciler.begin(now)
        self._expect(now)

    def _plan_rotation(self, now: Instant) -> None:
        """Before the venue ends this link, or the application thinks it too old."""
        limits = (self.profile.lifetime, self._owner.rotate_after)
        if (lifetime := earliest(*limits)) is not None:
            self.renew("before its time is up", self._attempts.replace_at(lifetime, now))
        if (outage := self._owner.next_rotation(now)) is not None:
            self.renew(ANNOUNCED, outage)

    # Hearing the venue.

    def _on_rare_frame(self, event: RareFrame, now: Instant) -> None:
        """What `receive` does not see is a sign of life all the same."""
        self.liveness.heard = now
        watch.clear_doubt(self, now, pong=False)
        match event:
            case events.PongReceived(_, payload) if payload.isdigit():
                watch.ponged(self, int(payload), now)
            case events.FrameUnreadable(_, reason):
                self._on_unreadable(reason)
            case _:
                pass

    def _on_unreadable(self, reason: str) -> None:
        self.counters.unreadable += 1
        self.deliver(updates.Unreadable(reason))

    def _on_word(self, word: Word, now: Instant) -> Message | None:  # noqa: C901 - a case each
        match word:
            case messages.Heartbeat(message):
                self.counters.heartbeats += 1
                self.liveness.beaten(now)
                return self._told(message, now)
            case messages.Pong(id):
                watch.ponged(self, id, now)
            case messages.Challenge(text):
                if self.phase is Phase.AUTHENTICATING:
                    self.dialect.prove(text)
                    self._become_ready(now)
            case messages.Welcome():
                self._on_welcome(word, now)
            case messages.Announced():
                self._owner.announced(word, now)
                return self._told(word.message, now)
            case messages.Refused() if word.auth or self.phase in _BEFORE_READY:
                self._hang_up(Cause.REFUSED if word.auth else Cause.LOST, word.reason, now)
            case (
                messages.Subscribed()
                | messages.Unsubscribed()
                | messages.Accepted()
                | messages.FirstMessage()
                | messages.Refused()
            ):
                self._reconciler.hear(word, now)
                self._expect(now)
                if isinstance(word, messages.FirstMessage):
                    return self._told(word.message, now)
            case messages.Ignored():
                pass
            case _:
                assert_never(word)
        return None

    def _told(self, message: Message | None, now: Instant) -> Message | None:
        """What came with a word is for the application only where it asked for it."""
        wish = None if message is None else self._wish(message.channel)
        if message is None or wish is None or wish.own:
            return None
        self._reconciler.follow(wish, message, now)
        wish.last_data = now
        if self.sift is not None:
            return self.sift(message, now)
        self.counters.messages += 1
        return message

    def _expect(self, now: Instant) -> None:
        self.liveness.expect(self.subscriptions.concern_the_venue, now)

    def _on_welcome(self, welcome: messages.Welcome, now: Instant) -> None:
        self._owner.under_maintenance = welcome.maintenance
        if welcome.text:
            self.deliver(updates.Notice(welcome.text))
        if self.phase is Phase.GREETING:
            self._authenticate(now)

    # Keeping the link alive, and noticing when it is not.

    def wake(self, now: Instant) -> None:
        """Wake-ups may be early or repeated, so every deadline is looked at again."""
        if self._lifecycle.expired(now):
            if self.phase is Phase.WAITING:
                self.connect(now)
            else:
                self._hang_up(Cause.LOST, f"timed out while {self.phase.name.lower()}", now)
        elif (late := self._reconciler.overdue(now)) is not None:
            self._hang_up(Cause.UNANSWERED, late, now)
        elif self.phase is Phase.READY and (evidence := watch.judge(self, now)) is not None:
            self._hang_up(Cause.SILENT, evidence, now)

    def suffer(self, oddity: Oddity, now: Instant) -> None:
        """Our own side was late, or its clock jumped."""
        oddities.absorb(oddity, self, self._lifecycle, now)

    # Losing a link.

    def _on_closed(self, event: events.LinkClosed, now: Instant) -> None:
        cause = Cause.REFUSED if event.refused else Cause.LOST
        reason = event.account(opened=self.phase is not Phase.DIALING)
        self._lose(cause, reason, now, retry_after=event.retry_after)

    def _hang_up(self, cause: Cause, reason: str, now: Instant) -> None:
        """End our side at once: a dead peer would not answer a polite close."""
        self.commands.append(CloseLink(self.link, 1001, "", abort=cause is not Cause.REFUSED))
        self._lose(cause, reason, now)

    def _lose(
        self, cause: Cause, reason: str, now: Instant, *, retry_after: float | None = None
    ) -> None:
        if cause in _OUTAGES and self._owner.in_maintenance(now):
            cause = Cause.MAINTENANCE
        delay = self._attempts.failed(now, cause, retry_after)
        self._settle_down(cause, reason, delay, now)

    def _settle_down(self, cause: Cause, reason: str, retry_in: float | None, now: Instant) -> None:
        self.subscriptions.lost(self.liveness.covered_until, self.liveness.ahead)
        self._reconciler.clear()
        self.link = 0
        self.went_down, self.rotate_at = reason, None
        step = Step.GIVE_UP if retry_in is None else Step.BACK_OFF
        self._lifecycle.take(step, now, patience=retry_in)
        self.deliver(updates.Down(cause, reason, retry_in))

    # Speaking; also for the reconciler.

    def new_id(self) -> int:
        return self._owner.new_id()

    def send(self, frame: bytes, now: Instant) -> None:
        self.commands.append(SendFrame(self.link, frame))
        self.liveness.sent_at = now.monotonic

    def deliver(self, *news: updates.Update) -> None:
        for update in news:
            self._owner.told(self, update)

    def __repr__(self) -> str:
        return f"Strand({self.phase.name.lower()}, link {self.link})"
