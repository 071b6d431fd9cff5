"""Whatever arrives and whenever the consumer asks, nothing is lost uncounted or untold."""

from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from venuewire.client.lanes import Lanes
from venuewire.core.delivery import Block, Conflate, Delivery, DropOldest, Fail
from venuewire.core.messages import Message
from venuewire.core.updates import Gap, Ready, Update

CHANNELS = ("a", "b", "c")
SESSION_LIMIT = 12
EVENT = 4
"""Updates that one readable event brings at most."""

limits = st.integers(1, 4)
deliveries = st.one_of(
    limits.map(DropOldest),
    limits.map(Fail),
    limits.map(Block),
    limits.map(lambda limit: Conflate(limit=limit)),
    limits.map(lambda limit: Conflate(by=lambda message: message.subject, limit=limit)),
)
arrivals = st.sampled_from(["message a", "message b", "message c", "gap a", "gap b", "ready"])
steps = st.lists(
    st.one_of(
        st.lists(arrivals, min_size=1, max_size=EVENT),
        st.sampled_from(["take", "take", "relent", "hold", "release"]),
    ),
    max_size=60,
)


class Ledger:
    """Puts into lanes and takes out of them, and knows what has become of each message. A message's
    time is its number; one in three is of another key."""

    def __init__(self, chosen: dict[str, Delivery]) -> None:
        self.lanes = Lanes(SESSION_LIMIT, 10_000)
        self.chosen = chosen
        for channel, delivery in chosen.items():
            self.lanes.choose(channel, delivery)
        self.put: dict[str, list[float]] = {channel: [] for channel in CHANNELS}
        self.heard: dict[str, list[float]] = {channel: [] for channel in CHANNELS}
        self.gaps: dict[str, list[Gap]] = {channel: [] for channel in CHANNELS}
        self.held: set[str] = set()
        self.number = 0.0

    def arrive(self, arrivals: list[str]) -> None:
        self.lanes.put([self._update(arrival) for arrival in arrivals])
        self.check_bounds()

    def _update(self, arrival: str) -> Update:
        self.number += 1.0
        what, _, channel = arrival.partition(" ")
        if what == "ready":
            return Ready(int(self.number))
        if what == "gap":
            return Gap(channel, self.number, self.number, "lost")
        self.put[channel].append(self.number)
        subject = str(self.number % 3)
        return Message(channel=channel, raw=b"12", received=self.number, subject=subject)

    def take(self) -> Update | None:
        update = self.lanes.take()
        if isinstance(update, Gap):
            self.gaps[update.channel].append(update)
        elif isinstance(update, Message):
            assert update.channel not in self.held
            self.check_told(update.channel, update.received)
            self.heard[update.channel].append(update.received)
        return update

    def hold(self) -> None:
        """As after any gap, where it is to be filled."""
        update = self.take()
        if isinstance(update, Gap):
            self.lanes.hold(update.channel)
            self.held.add(update.channel)

    def release(self) -> None:
        for channel in self.held:
            self.lanes.release(channel)
        self.held.clear()

    # What must hold.

    def waiting(self, channel: str) -> list[float]:
        lane = self.lanes._lanes.get(channel)
        entries = [] if lane is None else [update for _, update in lane._waiting.values()]
        return [update.received for update in entries if isinstance(update, Message)]

    def lost(self, channel: str) -> set[float]:
        return {*self.put[channel]} - {*self.heard[channel]} - {*self.waiting(channel)}

    def check_told(self, channel: str, before: float) -> None:
        """Before a message is delivered, all that was lost before it has been told."""
        for number in (number for number in self.lost(channel) if number < before):
            covered = any(gap.since <= number <= gap.until for gap in self.gaps[channel])
            assert covered, f"{channel} {number} was lost without a gap"

    def check_bounds(self) -> None:
        whole = 0
        for channel, delivery in self.chosen.items():
            count = len(self.waiting(channel))
            whole += count
            slack = EVENT if isinstance(delivery, Block) else 0
            assert count <= delivery.limit + slack
            waiting = len(self.lanes._lanes[channel]) if channel in self.lanes._lanes else 0
            assert waiting <= 3 * count + 3
        assert whole == self.lanes._load.count
        assert 2 * whole == self.lanes._load.bytes
        assert whole <= SESSION_LIMIT + EVENT

    def check_counted(self) -> None:
        assert sum(len(self.lost(channel)) for channel in CHANNELS) == self.lanes.dropped


@settings(max_examples=300)
@given(st.tuples(deliveries, deliveries, deliveries), steps)
def test_nothing_is_lost_untold(chosen: tuple[Delivery, ...], steps: list[str | list[str]]) -> None:
    ledger = Ledger(dict(zip(CHANNELS, chosen, strict=True)))
    for step in steps:
        match step:
            case "take":
                ledger.take()
            case "relent":
                ledger.lanes.relent()
            case "hold":
                ledger.hold()
            case "release":
                ledger.release()
            case arrivals if not ledger.lanes.full and not isinstance(arrivals, str):
                ledger.arrive(arrivals)
        ledger.check_counted()
    ledger.release()
    while ledger.take() is not None:
        pass
    assert len(ledger.lanes) == 0
    assert not ledger.lanes.full
    for channel in CHANNELS:
        assert not ledger.waiting(channel)
        ledger.check_told(channel, inf)
        if not isinstance(ledger.chosen[channel], Conflate):
            assert ledger.heard[channel] == sorted(ledger.heard[channel])
        else:
            assert len({*ledger.heard[channel]}) == len(ledger.heard[channel])
