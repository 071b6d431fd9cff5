"""What every fault does to a client of every venue where it makes sense, in virtual time.

Method: a session lives for 20 seconds while its channels are published to once a second; the
fault begins; with `fresh`, the link is then cut, so that the next one is made under the fault.
Then the news are looked at, and when the fault is cleared everything must come back.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from msgspec import Struct

from simulation.client import Client
from simulation.venue_end import LocalFloor
from simulation.world import World
from venuewire.core import updates
from venuewire.core.floor import Publication
from venuewire.core.lifecycle import Phase
from venuewire.core.messages import Message
from venuewire.core.terms import Edition
from venuewire.core.updates import Cause, Down, Gap, Ready, Suspect, Unreadable
from venuewire.core.venue import ClientOptions, Venue
from venuewire.faults.catalog import CATALOG
from venuewire.faults.spec import parse
from venuewire.faults.troubles import Troubles
from venuewire.venues import venues

LASTS = 70.0
"""Seconds under the fault: longer than any venue's bound for noticing a dead link."""
RECOVERS = 90.0


class Run:
    """One session under one fault."""

    def __init__(
        self, venue: Venue, *specs: str, public: bool = False, edition: Edition = "documented"
    ) -> None:
        self.venue, self.edition = venue, edition
        self.world = World(seed=3)
        self.place = LocalFloor(self.world, venue, edition)
        self.channels = venue.public if public else venue.watched
        self.published: list[float] = []
        options = None
        if public:
            scheme = "http" if venue.http_based else "ws"
            options = ClientOptions(
                url=f"{scheme}://venue.test{venue.endpoint}", credentials=venue.demo, private=False
            )
        self.client = Client(self.place, credentials=venue.demo, options=options)
        self.client.connect(*self.channels)
        self.world.later(self._publish, 1.0)
        self.world.run(20)
        assert self.client.session.phase is Phase.READY
        self._since = len(self.client.updates)
        self._published_before = len(self.published)
        for spec in specs:
            self.place.fault(spec)
        self.world.run(LASTS)
        self.phase = self.client.session.phase
        self.news = [update for _, update in self.client.updates[self._since :]]
        self.kinds = Counter(type(update) for update in self.news)
        self.downs = [update for update in self.news if isinstance(update, Down)]
        self.causes = {down.cause for down in self.downs}
        self.late = self._arrivals()

    def _publish(self) -> None:
        for channel in self.channels:
            self.place.floor.publish(Publication(channel=channel, payload=b"{}"), self.place.now())
        self.published.append(self.world.seconds)
        self.place.settle()
        self.world.later(self._publish, 1.0)

    def _arrivals(self) -> list[float]:
        """Seconds from the last publication before it to each message's arrival."""
        return [
            min(at - published for published in self.published if published <= at)
            for at, update in self.client.updates[self._since :]
            if isinstance(update, Message)
        ]

    @property
    def lost(self) -> int:
        """Messages that were published and did not arrive; negative when there were more."""
        published = (len(self.published) - self._published_before) * len(self.channels)
        return published - self.kinds[Message]

    def recovers(self) -> bool:
        self.place.clear_faults()
        self.world.run(RECOVERS)
        return self.client.session.phase is Phase.READY


Check = Callable[[Run], bool]


class Effect(Struct, frozen=True):
    """The fault as it is set, and what must be seen of it."""

    check: Check
    spec: str = ""
    """Empty: the fault as it is."""
    fresh: bool = False
    public: bool = False
    """On the venue's public side."""
    beside: tuple[str, ...] = ()
    """Faults that bring it about."""

    def run(self, name: str, venue: Venue, edition: Edition) -> Run:
        cut = ("close-1006",) if self.fresh else ()
        specs = (self.spec or name, *cut, *self.beside)
        return Run(venue, *specs, public=self.public, edition=edition)


def unharmed(run: Run) -> bool:
    return not run.downs and run.phase is Phase.READY


def dead(run: Run) -> bool:
    """Noticed, as silence."""
    return run.kinds[Suspect] > 0 and run.downs[0].cause is Cause.SILENT


def lost_once(run: Run) -> bool:
    lost = [down for down in run.downs if down.cause is Cause.LOST]
    back = run.kinds[Ready] == 1 and run.kinds[Gap] == len(run.channels)
    return len(lost) == len(run.downs) == 1 and back


def came_back(run: Run) -> bool:
    """As `lost_once`; where messages are numbered, one out of order may be a gap of its own."""
    return len(run.downs) == run.kinds[Ready] == 1 and run.kinds[Gap] >= len(run.channels)


def cut_off(run: Run) -> bool:
    """No link comes to anything."""
    return run.kinds[Ready] == 0 and len(run.downs) > 2


def refused_access(run: Run) -> bool:
    """And not retried like an outage: at most once in 15 seconds."""
    return cut_off(run) and Cause.REFUSED in run.causes and len(run.downs) <= LASTS / 15 + 2


def refused_channels(run: Run) -> bool:
    refused = {update.channel for update in run.news if isinstance(update, updates.Refused)}
    return set(run.channels) <= refused


def rate_limited(run: Run) -> bool:
    if run.venue.name == "kraken-futures":
        return "1008" in run.downs[1].reason
    return refused_channels(run)


def closed_late(run: Run) -> bool:
    """The session was over at 30; who has heard nothing for too long has noticed before 40."""
    at = next(at for at, update in run.client.updates if isinstance(update, Down))
    return 35 < at < 41


_SAYS_ALREADY = ("kraken-futures", "observed")


def unanswered(run: Run) -> bool:
    """Where a venue says "Already subscribed" when it is asked again, that is an answer."""
    if run.venue.name == "kraken-spot" or (run.venue.name, run.edition) == _SAYS_ALREADY:
        return run.phase is Phase.READY
    return Cause.UNANSWERED in run.causes


def silent_channels(run: Run) -> bool:
    """The link lives on, and next to nothing is heard on it; what is made of that is another
    matter."""
    return Cause.SILENT not in run.causes and run.kinds[Message] <= 3 * len(run.channels)


def greeted(check: Check) -> Check:
    """Only KuCoin's sessions wait for the welcome; the others do not care."""
    return lambda run: check(run) if run.venue.name.startswith("kucoin") else lost_once(run)


def came_late(seconds: float) -> Check:
    """The next link was ready, but not before."""

    def check(run: Run) -> bool:
        ready = [at for at, update in run.client.updates if isinstance(update, Ready)]
        return len(ready) == 2 and ready[1] >= 20 + seconds

    return check


def half_refused(run: Run) -> bool:
    """One channel is refused, the others come."""
    refused = {update.channel for update in run.news if isinstance(update, updates.Refused)}
    return len(refused) == 1 and len(run.client.session.active) == (len(run.channels) - 1)


def half_refused_in_the_end(run: Run) -> bool:
    """The first link under the fault was given a good challenge; only the next one was not."""
    return half_refused(run) and run.kinds[Ready] == 2


def bad_symbol(run: Run) -> bool:
    if run.venue.name == "kraken-prime":
        return run.kinds[Message] <= 3  # It lists no symbols: it acknowledges, and is silent.
    refused = [update.channel for update in run.news if isinstance(update, updates.Refused)]
    return refused == list(run.channels)


def skewed(run: Run) -> bool:
    if run.venue.name in {"kraken-prime", "kucoin", "kucoin-futures"}:
        return Cause.REFUSED in run.causes
    return lost_once(run)


def maintained(run: Run) -> bool:
    notes = run.place.venue.name == "kraken-futures"
    told = any(
        isinstance(update, updates.Notice)
        or (isinstance(update, Message) and b"maintenance" in bytes(update.raw))
        for update in run.news
    )
    tells = notes or run.place.venue.name == "kraken-spot"
    cause = Cause.MAINTENANCE if tells else Cause.LOST
    return told is tells and cause in run.causes and run.kinds[Ready] == 1


def revoked(run: Run) -> bool:
    if run.venue.name == "kraken-futures":
        return half_refused(run)
    return refused_access(run)


def waited(run: Run) -> bool:
    """`Retry-After` was obeyed, twice."""
    waits = [down.retry_in for down in run.downs[1:]]
    return len(waits) == 2 and all(wait is not None and wait >= 7 for wait in waits)


EFFECTS = {
    "latency": Effect(lambda run: unharmed(run) and min(run.late[2:]) >= 0.2),
    "jitter": Effect(lambda run: not run.downs and max(run.late) - min(run.late) > 0.5),
    "black-hole": Effect(dead),
    "half-open": Effect(dead),
    "lose": Effect(lambda run: run.lost > 5, "lose:rate=0.2,way=down"),
    "duplicate": Effect(lambda run: unharmed(run) and run.lost < -5, "duplicate:rate=0.2"),
    "reorder": Effect(
        lambda run: not run.downs and max(run.late) >= 0.5 > min(run.late), "reorder:rate=0.2"
    ),
    "garble": Effect(lambda run: not run.downs and run.kinds[Unreadable] > 0, "garble:rate=0.2"),
    "truncate": Effect(lambda run: run.kinds[Unreadable] > 5, "truncate:rate=0.2"),
    "slice": Effect(unharmed),
    "throttle": Effect(lambda run: run.lost > 5, "throttle:rate=20"),
    "slow-close": Effect(closed_late, beside=("cut-24h:seconds=30",)),
    "never-reading": Effect(dead),
    "unknown-frames": Effect(lambda run: unharmed(run) and not run.kinds[Unreadable]),
    "binary-frames": Effect(lambda run: run.kinds[Unreadable] > 5, "binary-frames:rate=0.2"),
    "huge-frame": Effect(unharmed),
    "mute-pongs": Effect(lambda run: dead(run) and run.lost < 10),
    "late-pongs": Effect(lambda run: run.kinds[Suspect] > 0, "late-pongs:seconds=11"),
    "wrong-pongs": Effect(dead),
    "mute-heartbeats": Effect(lambda run: unharmed(run) and no_beats(run)),
    "frozen-channel": Effect(silent_channels),
    "ack-without-data": Effect(silent_channels),
    "data-before-ack": Effect(came_back, fresh=True),
    "ack-never": Effect(unanswered, fresh=True),
    "ack-wrong-id": Effect(unanswered, fresh=True),
    "late-acks": Effect(lambda run: came_back(run) and subscribed_late(run), fresh=True),
    "subscribe-509": Effect(refused_channels, fresh=True),
    "rate-limited": Effect(rate_limited, fresh=True),
    "bad-symbol": Effect(bad_symbol, fresh=True, public=True),
    "unsolicited-error": Effect(lambda run: unharmed(run) and run.kinds[updates.Refused] == 1),
    "welcome-never": Effect(greeted(cut_off), fresh=True),
    "welcome-late": Effect(greeted(came_late(5)), fresh=True),
    "duplicate-welcome": Effect(lost_once, fresh=True),
    "challenge-never": Effect(cut_off, fresh=True),
    "challenge-refused": Effect(half_refused, fresh=True),
    "challenge-replayed": Effect(half_refused_in_the_end, fresh=True, beside=("close-1006@30",)),
    "key-revoked": Effect(revoked),
    "refuse-connection": Effect(cut_off, fresh=True),
    "slow-handshake": Effect(came_late(5), fresh=True),
    "handshake-never": Effect(cut_off, fresh=True),
    "http-401": Effect(refused_access, fresh=True),
    "http-403": Effect(refused_access, fresh=True),
    "http-429": Effect(waited, "http-429:times=2", fresh=True),
    "http-500": Effect(cut_off, fresh=True),
    "http-503": Effect(cut_off, fresh=True),
    "token-expired": Effect(
        lambda run: run.downs[1].cause is Cause.REFUSED and len(run.downs) == 2,
        "token-expired:times=1",
        fresh=True,
    ),
    "token-down": Effect(cut_off, fresh=True),
    "token-slow": Effect(came_late(5), fresh=True),
    "token-garbled": Effect(cut_off, fresh=True),
    "token-401": Effect(refused_access, fresh=True),
    "token-429": Effect(waited, "token-429:times=2", fresh=True),
    "reset": Effect(lost_once),
    "close-1001": Effect(lambda run: lost_once(run) and "1001" in run.downs[0].reason),
    "close-1006": Effect(lambda run: lost_once(run) and "1006" in run.downs[0].reason),
    "close-1013": Effect(lambda run: lost_once(run) and "1013" in run.downs[0].reason),
    "maintenance": Effect(maintained, "maintenance:notice=3,downtime=10"),
    "cut-24h": Effect(lost_once),
    "cut-after": Effect(lambda run: len(run.downs) >= 2 and run.causes == {Cause.LOST}),
    "clock-skew": Effect(skewed, fresh=True),
    "clock-jump": Effect(skewed, "clock-jump:every=12", fresh=True),
}


def no_beats(run: Run) -> bool:
    beats = run.client.session.counters.heartbeats
    run.world.run(10)
    return run.client.session.counters.heartbeats == beats


def subscribed_late(run: Run) -> bool:
    ready = max(at for at, update in run.client.updates if isinstance(update, Ready))
    agreed = [at for at, update in run.client.updates if isinstance(update, updates.Subscribed)]
    return max(agreed) >= ready + 5


def cases() -> list[tuple[str, str]]:
    """Each fault at each venue where it makes sense."""
    return [
        (name, venue.name)
        for name in CATALOG
        for venue in venues().values()
        if Troubles(venue, Random(0)).unfit(parse(name).fault) is None
    ]


def test_every_fault_has_an_effect_to_show() -> None:
    assert set(EFFECTS) == set(CATALOG)


@pytest.mark.parametrize("edition", ["documented", "observed"])
@pytest.mark.parametrize(("name", "venue"), cases())
def test_a_fault_shows_and_passes(name: str, venue: str, edition: Edition) -> None:
    effect = EFFECTS[name]
    run = effect.run(name, venues()[venue], edition)
    assert effect.check(run), (run.kinds, run.downs, run.phase)
    assert run.recovers(), run.client.session
