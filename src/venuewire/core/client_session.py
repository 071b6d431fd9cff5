"""The client's side of a session, for any dialect.

Frames go in by `receive`, which returns what the application waits for; everything else goes in by
`handle` or as a wish (`connect`, `subscribe`, ...). What is to be done gathers in `commands`;
whoever runs the session takes them with `drain` after each call. Between calls it needs waking
only at `deadline`.

Law 1: news of a dead link is ignored, in `receive` and in `handle`, and nowhere else.
Law 2: a frame that needs no decision creates no command and touches no deadline.
Law 3: what belongs to a link is made anew in `_on_opened`, and never outlives it.
"""

from random import Random
from typing import Final, assert_never

from venuewire.core import commands, events, messages, oddities, updates
from venuewire.core.attempts import Attempts
from venuewire.core.backoff import Backoff
from venuewire.core.commands import CloseLink, Command, Deliver, SendFrame
from venuewire.core.dialect import ClientDialect, Option, Profile
from venuewire.core.errors import AccessRefused, ConfigurationError, NotLive, UnreadableFrame
from venuewire.core.health import Counters, Health, examine
from venuewire.core.http import HttpReply
from venuewire.core.instant import Instant, earliest
from venuewire.core.lifecycle import Lifecycle, Phase, Step
from venuewire.core.liveness import Judgment, Liveness, LivenessPolicy, Verdict
from venuewire.core.messages import Message, RequestId, Word
from venuewire.core.pacing import Budget
from venuewire.core.reconciler import Reconciler
from venuewire.core.subscriptions import Subscriptions, expecting
from venuewire.core.updates import Cause

_ALIVE: Final = Verdict.ALIVE  # Looked up once here, and not once per frame.
_BEFORE_READY: Final = frozenset({Phase.GREETING, Phase.AUTHENTICATING})


class ClientSession:
    def __init__(
        self,
        dialect: ClientDialect,
        *,
        backoff: Backoff,
        rng: Random,
        connects: Budget | None = None,  # Shared by all that a venue counts together.
    ) -> None:
        self.dialect = dialect
        self._decode = dialect.decode
        self._attempts = Attempts(backoff, rng, connects)

        # Outlives any one link.
        self._lifecycle = Lifecycle()
        self.subscriptions = Subscriptions()
        self._wish = self.subscriptions.get
        self.counters = Counters()
        self.commands: list[Command] = []
        self._links = 0
        self._was_ready = False
        self._last_id = 0
        self.went_down = ""  # Why the last link was lost.

        # Belongs to the current link, or attempt.
        self.link = 0
        """Numbers links from 1; 0 while there is neither link nor attempt."""
        self.profile = Profile(liveness=LivenessPolicy())
        self.liveness = Liveness(self.profile.liveness, Instant(0.0, 0.0))
        self._reconciler = Reconciler(self)

    @property
    def phase(self) -> Phase:
        return self._lifecycle.phase

    @property
    def deadline(self) -> float | None:
        """When to deliver `DeadlineReached`, in monotonic seconds."""
        judged = self.liveness.deadline if self.phase is Phase.READY else None
        return earliest(self._lifecycle.deadline, self._reconciler.deadline, judged)

    def drain(self) -> list[Command]:
        """Take the commands, in the order they are to be obeyed."""
        taken, self.commands = self.commands, []
        return taken

    # Asked by the application.

    def connect(self, now: Instant) -> None:
        """Begin an attempt; from then on the session goes on by itself until `close`."""
        if (wait := self._attempts.begin(now)) > 0.0:
            self._lifecycle.take(Step.BACK_OFF, now, patience=wait)
            return
        self._links += 1
        self.link = self._links
        request = self.dialect.bootstrap(now)
        if request is None:
            self._dial(None, now)
        else:
            self._lifecycle.take(Step.FETCH, now)
            self.commands.append(commands.Fetch(self.link, request))

    def subscribe(
        self,
        channel: str,
        now: Instant,
        *,
        next_data_timeout: float | None = None,
        **options: Option,
    ) -> list[str]:
        """Want a channel, or a comma list of them; the channels this stands for.

        Before the session is ready the wish is remembered. Raises `ConfigurationError`.
        """
        topics = expecting(self.dialect.topics(channel, options), next_data_timeout)
        ready = self.phase is Phase.READY
        self._reconciler.want(topics, ready, now)
        if ready:
            self._reconciler.request(now)
            self._expect(now)
        return [topic.channel for topic in topics]

    def unsubscribe(self, channel: str, now: Instant, **options: Option) -> list[str]:
        """No longer want it. Raises `ConfigurationError`."""
        topics = self.dialect.topics(channel, options)
        self._reconciler.withdraw(topics, self.phase is Phase.READY, now)
        self._expect(now)
        return [topic.channel for topic in topics]

    def ping(self, now: Instant) -> int:
        """Ask for a sign of life by this venue's rule; `ReportRoundTrip` with this id answers.

        Raises `NotLive` unless the session is ready.
        """
        if self.phase is not Phase.READY:
            raise NotLive(f"cannot ping: the session is {self.phase.name.lower()}")
        number = self.new_id()
        frame = self.dialect.ping(number, now)
        control = commands.SendPing(self.link, b"%d" % number)
        self.commands.append(control if frame is None else SendFrame(self.link, frame))
        self.liveness.pinged(number, now)
        self.counters.pings += 1
        return number

    def close(self, now: Instant) -> None:
        if self.phase is Phase.CLOSED:
            return
        if self.link:
            self.commands.append(CloseLink(self.link, 1000, ""))
        self._settle_down(Cause.CLOSED, "closed by the application", None, now)

    def health(self, now: Instant) -> Health:
        return examine(self, now)

    # Told by the outside.

    def receive(self, link: int, payload: bytes, now: Instant) -> Message | None:
        """A whole text frame; the message it carries for the application, if it carries one.

        Obey `commands` before delivering the message. Only when there is no message can
        `deadline` have come nearer.
        """
        if link != self.link:
            return None
        liveness, counters = self.liveness, self.counters
        liveness.heard = now
        counters.frames += 1
        if liveness.verdict is not _ALIVE:
            self._clear_doubt(now, pong=False)
        try:
            reply = self._decode(payload, now)
        except UnreadableFrame as error:
            self._on_unreadable(str(error))
            return None
        if not isinstance(reply, Message):
            return self._on_word(reply, now)
        wish = self._wish(reply.channel)
        if wish is None:
            counters.strays += 1
            return None
        if reply.sequence is not None:
            self._reconciler.follow(wish, reply, now)
        wish.last_data = now
        counters.messages += 1
        return reply

    def handle(self, event: events.Event, now: Instant) -> None:
        if not isinstance(event, events.TimeEvent) and event.link != self.link:
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
            case events.DeadlineReached():
                self._on_deadline(now)
            case events.LoopLagged() | events.TimeJumped():
                oddities.absorb(event, self, self._lifecycle, now)
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
        self.counters.reconnects += int(self._was_ready)
        self._was_ready = True
        self.deliver(updates.Ready(self.link))
        if (own := self.profile.heartbeat_channel) is not None:
            for topic in self.dialect.topics(own, {}):
                self.subscriptions.want(topic, own=True)
        self._reconciler.begin(now)
        self._expect(now)

    # Hearing the venue.

    def _on_rare_frame(self, event: events.RareFrame, now: Instant) -> None:
        """What `receive` does not see is a sign of life all the same."""
        self.liveness.heard = now
        self._clear_doubt(now, pong=False)
        match event:
            case events.PongReceived(_, payload) if payload.isdigit():
                self._on_pong(int(payload), now)
            case events.FrameUnreadable(_, reason):
                self._on_unreadable(reason)
            case _:
                pass

    def _on_unreadable(self, reason: str) -> None:
        self.counters.unreadable += 1
        self.deliver(updates.Unreadable(reason))

    def _on_word(self, word: Word, now: Instant) -> Message | None:
        match word:
            case messages.Heartbeat(message):
                self.counters.heartbeats += 1
                self.liveness.beaten(now)
                return self._told(message, now)
            case messages.Pong(id):
                self._on_pong(id, now)
            case messages.Challenge(text):
                if self.phase is Phase.AUTHENTICATING:
                    self.dialect.prove(text)
                    self._become_ready(now)
            case messages.Welcome(text):
                self._on_welcome(text, now)
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
        self.counters.messages += 1
        return message

    def _expect(self, now: Instant) -> None:
        self.liveness.expect(self.subscriptions.concern_the_venue, now)

    def _on_welcome(self, text: str, now: Instant) -> None:
        if text:
            self.deliver(updates.Notice(text))
        if self.phase is Phase.GREETING:
            self._authenticate(now)

    def _on_pong(self, id: RequestId | None, now: Instant) -> None:
        round_trip = None if isinstance(id, str) else self.liveness.ponged(id, now)
        if round_trip is None:
            return
        self.counters.pongs += 1
        if isinstance(id, int):
            self.commands.append(commands.ReportRoundTrip(id, round_trip))
        self._clear_doubt(now, pong=True)

    def _clear_doubt(self, now: Instant, *, pong: bool) -> None:
        evidence = self.liveness.evidence(now)
        if self.liveness.clear(pong=pong):
            self.deliver(updates.Alive(evidence))

    # Keeping the link alive, and noticing when it is not.

    def _on_deadline(self, now: Instant) -> None:
        """Wake-ups may be early or repeated, so every deadline is looked at again."""
        if self._lifecycle.expired(now):
            if self.phase is Phase.WAITING:
                self.connect(now)
            else:
                self._hang_up(Cause.LOST, f"timed out while {self.phase.name.lower()}", now)
        elif (late := self._reconciler.overdue(now)) is not None:
            self._hang_up(Cause.UNANSWERED, late, now)
        elif self.phase is Phase.READY:
            self._judge(now)

    def _judge(self, now: Instant) -> None:
        match judgment := self.liveness.check(now):
            case Judgment.REST:
                pass
            case Judgment.PING:
                self.ping(now)
            case Judgment.SUSPECT:
                self.deliver(updates.Suspect(self.liveness.charge))
                self.ping(now)
            case Judgment.DEAD:
                self._hang_up(Cause.SILENT, self.liveness.evidence(now), now)
            case _:
                assert_never(judgment)

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
        refused = cause is Cause.REFUSED
        delay = self._attempts.failed(now, refused=refused, retry_after=retry_after)
        self._settle_down(cause, reason, delay, now)

    def _settle_down(self, cause: Cause, reason: str, retry_in: float | None, now: Instant) -> None:
        self.subscriptions.lost(self.liveness.covered_until)
        self._reconciler.clear()
        self.link = 0
        self.went_down = reason
        give_up = retry_in is None
        self._lifecycle.take(Step.GIVE_UP if give_up else Step.BACK_OFF, now, patience=retry_in)
        self.deliver(updates.Down(cause, reason, retry_in))

    # Speaking; also for the reconciler.

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def send(self, frame: bytes, now: Instant) -> None:
        self.commands.append(SendFrame(self.link, frame))
        self.liveness.sent_at = now.monotonic

    def deliver(self, *news: updates.Update) -> None:
        self.commands += [Deliver(update) for update in news]

    def __repr__(self) -> str:
        return f"ClientSession({self.phase.name.lower()}, link {self.link})"
