"""Stages without faults: sessions in bad weather, and links replaced on demand.

Nobody may be declared dead, nothing may be missed or come twice. A venue's own cut after 24 hours
is the only end a link may have, and it is to be replaced before that.
"""

from simulation.customer import Customer
from simulation.invariants import Broken
from simulation.stage import Stage
from venuewire.core.updates import Down, Gap, Update

STORM = 1.95
"""Seconds that a storm adds to a frame, at most."""
CHANGES = 1200.0
"""Seconds between two changes of weather, on average."""
STALLS = 600.0
"""Seconds between two stalls of a loop, on average."""
LONGEST_STALL = 1.0


class Calm(Stage):
    """Every path between a client and its venue is now calm, now stormy: each frame takes between
    2 ms and 2 s, in order. Loops stand still for up to a second. Channels are rather quiet."""

    paces = (20.0, 120.0, 900.0)
    pause = 3600.0
    """Seconds until the accounts are settled."""

    def open(self) -> None:
        super().open()
        for person in self.people:
            self._change(person)
        self._stall_later()

    def _begin(self) -> None:
        """Instead of mishaps: nothing but time."""
        self.world.later(self._recover, self.pause)

    def _change(self, person: Customer) -> None:
        draw = self.rng.random()
        person.latency = self.rng.uniform(0.002, 0.05)
        person.jitter = STORM if draw < 0.15 else 0.3 if draw < 0.4 else 0.02
        person.restless = person.jitter > 0.5
        self.place.longest_delay.rise(STORM)
        self.world.later(self._change, self.rng.expovariate(1 / CHANGES), person)

    def _stall_later(self) -> None:
        self.world.later(self._stall, self.rng.expovariate(1 / STALLS))

    def _stall(self) -> None:
        self.program.stall(self.rng.uniform(0.01, LONGEST_STALL))
        self.tally.sums["stalls"] += 1
        self._stall_later()

    def told(self, person: Customer, update: Update) -> None:
        if isinstance(update, Down) and update.retry_in is not None:
            raise Broken("false death", person.name, f"{update}, without a fault")
        if isinstance(update, Gap):
            raise Broken("needless gap", person.name, f"{update}, without a fault")


class Turning(Calm):
    """The same weather, busy channels, and each session's links replaced again and again."""

    paces = (0.3, 1.0, 5.0)
    pause = 300.0
    every = 20.0
    """Seconds between two rotations of a session, on average; one takes over five."""

    resting = False
    """While accounts are settled."""

    def open(self) -> None:
        super().open()
        for person in self.people:
            self._turn_later(person)

    def _recover(self) -> None:
        self.resting = True
        super()._recover()

    def _begin(self) -> None:
        self.resting = False
        super()._begin()

    def _turn_later(self, person: Customer) -> None:
        self.world.later(self._turn, self.rng.uniform(0.5, 1.5) * self.every, person)

    def _turn(self, person: Customer) -> None:
        if not self.resting:
            person.rotate("asked for")
            if self.rng.random() < 0.5:
                self.world.later(person.rotate, 7.0, "asked for again at once")
        if not self.stopped:
            self._turn_later(person)
