"""One venue in a campaign: its floor, a program with some sessions, and one episode after another.

    calm -> (faults begin) troubled -> (the last one ends) recovering -> settling -> calm

Law: an episode ends when every wanted channel of every session is active and all accounts are
settled; a fault that was lived through from the one calm to the next is a case.
"""

from collections import Counter, deque
from itertools import count

from msgspec import Struct

from simulation.bounds import BOUNDS, CONVERGES, Bound
from simulation.client import options_for
from simulation.customer import Customer
from simulation.mishaps import Mishap, plan
from simulation.program import Program
from simulation.venue_end import LocalFloor
from simulation.world import World
from venuewire.core.floor import Publication
from venuewire.core.subscriptions import Standing
from venuewire.core.terms import Edition
from venuewire.core.updates import Update
from venuewire.core.venue import Venue

PEOPLE = 3
"""Sessions of one program with one venue."""

PUBLIC = {
    "kraken-spot": ("ticker:BTC/USD", "trade:ETH/USD", "ticker:ETH/EUR"),
    "kraken-futures": ("ticker:PI_XBTUSD", "trade:PI_ETHUSD", "ticker_lite:PF_SOLUSD"),
    "kraken-prime": ("MarketDataSnapshot:BTC-USD", "MarketDataSnapshot:ETH-USD"),
    "kucoin": ("/market/ticker:BTC-USDT", "/market/match:ETH-USDT", "/market/snapshot:BTC-USDT"),
    "kucoin-futures": ("/contractMarket/tickerV2:XBTUSDTM", "/contractMarket/execution:ETHUSDTM"),
}
PRIVATE = {
    "kraken-spot": ("executions", "balances"),
    "kraken-futures": ("notifications_auth", "fills"),
    "kraken-prime": ("Balance", "Order"),
    "kucoin": ("/account/balance", "/spotMarket/tradeOrders"),
    "kucoin-futures": ("/contractAccount/wallet", "/contractMarket/tradeOrders"),
}
"""Beside what the venue itself names; a venue that is not here has only that."""
PACES = (0.5, 2.0, 6.0, 30.0)
"""Seconds between two messages of a channel, on average; the last are quiet ones."""


class Tally(Struct):
    """Sums that add up over stages, worlds and processes."""

    cases: Counter[str] = Counter()
    """Faults lived through, by `venue fault`."""
    sums: Counter[str] = Counter()

    def add(self, other: "Tally") -> None:
        self.cases.update(other.cases)
        self.sums.update(other.sums)


class Stage:
    paces: tuple[float, ...] = PACES

    def __init__(
        self, world: World, venue: Venue, edition: Edition, *, keep: frozenset[str] | None = None
    ) -> None:
        """`keep`: of all that is planned, only the mishaps with these ids."""
        self.world, self.venue, self.keep = world, venue, keep
        self.place = LocalFloor(world, venue, edition)
        self.name = self.place.name
        self.rng = world.chance(self.name)
        self.budget = venue.connects or (0, 0.0)
        self.program = Program(world, f"{self.name} program", venue.connects)
        self.attempts: deque[float] = deque(maxlen=1000)
        self.bound = BOUNDS.get(venue.name) or Bound(deaf=60.0)
        self.tally = Tally(Counter(), Counter())
        self.published: dict[str, list[tuple[int, float]]] = {}
        self.episode = 0
        self.planned: list[Mishap] = []
        self.stopping = self.stopped = False
        self._numbers = count(1)
        self._before = 0
        self._due = 0.0
        world.secrets |= {venue.demo.api_secret, venue.demo.passphrase} - {""}
        self.people = [self._person(number) for number in range(PEOPLE)]

    def _person(self, number: int) -> Customer:
        """Kraken Spot's public and private hosts are two. There only the first one has a key: each
        session counts nonces by its own clock, and two of one key do not survive a clock that was
        ahead for a while."""
        venue = self.venue
        apart = venue.name == "kraken-spot"
        anonymous = apart and number > 0
        public = {*venue.public, *PUBLIC.get(venue.name, ())}
        private = {*venue.watched, *PRIVATE.get(venue.name, ())} - public
        menu = public if anonymous else private if apart else public | private
        channels = sorted(menu)
        self.rng.shuffle(channels)
        customer = Customer(
            self.place,
            options=options_for(self.place, None if anonymous else venue.demo),
            program=self.program,
            name=f"{self.name} {number}",
        )
        customer.latency = self.rng.uniform(0.002, 0.1)
        customer.jitter = self.rng.uniform(0.0, 0.05)
        customer.begin(self, channels[: self.rng.randint(1, 3)])
        return customer

    def open(self) -> None:
        for channel in sorted({channel for one in self.people for channel in one.wanted}):
            self.published[channel] = []
            self._publish_later(channel, self.rng.choice(self.paces))
        self._recover()

    # Publishing.

    def _publish_later(self, channel: str, pace: float) -> None:
        self.world.later(self._publish, self.rng.expovariate(1 / pace), channel, pace)

    def _publish(self, channel: str, pace: float) -> None:
        if self.stopped:
            return
        number = next(self._numbers)
        publication = Publication(channel=channel, payload=b'{"n":%d}' % number)
        self.place.floor.publish(publication, self.place.now())
        self.world.note(self.name, "=", f"publishes {number} on {channel}")
        self.published[channel].append((number, self.world.seconds))
        self.tally.sums["published"] += 1
        self.place.settle()
        self._publish_later(channel, pace)

    # Troubled.

    def _begin(self) -> None:
        self.planned = plan(self.world.seed, self.name, self.venue, self.episode, PEOPLE)
        if self.keep is not None:
            self.planned = [mishap for mishap in self.planned if mishap.id in self.keep]
        for mishap in self.planned:
            self.world.later(self._befall, mishap.after, mishap)
        ends = [mishap.after + mishap.lasting for mishap in self.planned]
        self.world.later(self._clear, max(ends, default=0.0) + 0.01)

    def _befall(self, mishap: Mishap) -> None:
        self.world.note(self.name, "!", mishap)
        person = self.people[mishap.who]
        match mishap.kind:
            case "fault":
                self.place.afflict(mishap.spec)
            case "stall":
                self.program.stall(mishap.lasting)
            case "sleep":
                self.program.sleep(mishap.lasting)
            case "jump":
                self.program.jump(mishap.amount)
            case "leave":
                self._leave(person, mishap.lasting)
            case "rotate":
                person.rotate("asked for")

    def _leave(self, person: Customer, seconds: float) -> None:
        """For a while the application does not want its first channel."""
        if self.program.behind:
            return  # Nobody is there to do anything.
        channel = next(iter(person.wanted))
        if channel not in person.active:
            return  # KNOWN: a request still unanswered would later be taken for the next one's.
        person.ends_cover(channel)
        person.unsubscribe(channel)
        del person.wanted[channel]
        self.world.later(self._return, seconds, person, channel)

    def _return(self, person: Customer, channel: str) -> None:
        if self.program.behind:
            self.program.postpone(self._return, person, channel)
        elif channel not in person.wanted:
            person.wanted[channel] = None
            person.subscribe(channel)

    # Recovering.

    def _clear(self) -> None:
        self.world.note(self.name, "!", "no more faults")
        self.place.clear_faults()
        self.program.set_right()
        for person in self.people:
            person.set_right()
        self._recover()

    def _recover(self) -> None:
        self._due = self.world.seconds + CONVERGES + self.program.longest_stall.value
        self._debt = self.program.debt
        self._await_calm()

    def _await_calm(self) -> None:
        if not self.program.behind:
            for person in self.people:
                self._ask_again(person)
        if not self.program.behind and all(person.is_converged for person in self.people):
            self._settle()
            return
        if self.world.seconds > self._due + self.program.debt - self._debt:
            (late, *_) = [person for person in self.people if not person.is_converged]
            raise late.broken("convergence", f"not within {CONVERGES:g} s: {late.session!r}")
        self.world.later(self._await_calm, 0.5)

    def _ask_again(self, person: Customer) -> None:
        """An application that was refused a channel wants it still."""
        for channel in person.wanted:
            wish = person.session.wish(channel)
            if wish is not None and wish.standing is Standing.REFUSED:
                # What it missed until now will be in no gap: a refusal was the last it heard.
                person.ends_cover(channel)
                person.subscribe(channel)

    # Settling.

    def _settle(self) -> None:
        """Wait for what is still on its way."""
        now = self.world.seconds
        arrived = max(link.free_at for one in self.people for link in one.links.values())
        patience = max(person.under_way for person in self.people)
        self.world.at(max(arrived, now + patience) + 0.05, self._balance, now)

    def _balance(self, until: float) -> None:
        if self.program.behind or not all(person.is_converged for person in self.people):
            self._await_calm()  # Something has come late, and had consequences.
            return
        for person in self.people:
            person.balance(until, self._before)
        for channel, published in self.published.items():
            self.published[channel] = [one for one in published if one[1] > until]
        self._before = next(self._numbers)
        self._count()
        self.place.longest_delay.turn()
        self.program.longest_stall.turn()
        if self.stopping:
            self._close()
        else:
            self.episode += 1
            self.world.later(self._begin, self.rng.uniform(0.5, 3.0))

    def _count(self) -> None:
        self.tally.sums["episodes"] += 1
        for mishap in self.planned:
            if mishap.fault is not None:
                self.tally.cases[f"{self.venue.name} {mishap.fault.name}"] += PEOPLE
                self.tally.sums["faults"] += 1
            else:
                self.tally.sums[f"mishap {mishap.kind}"] += 1
        self.planned = []

    def _close(self) -> None:
        self.stopped = True
        for person in self.people:
            counters = person.session.counters
            person.finish()
            self.tally.sums.update(
                frames=counters.frames,
                messages=counters.messages,
                reconnects=counters.reconnects,
                gaps=person.gaps,
                suspects=person.suspects,
                deaths=person.deaths,
                rotations=person.rotations,
                sessions=1,
                **{"session ms": round(self.world.seconds * 1000)},
            )

    def told(self, person: Customer, update: Update) -> None:
        """For a stage that is stricter than the invariants of them all."""
