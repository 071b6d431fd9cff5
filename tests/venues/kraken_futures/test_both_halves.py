"""The client and the local venue talking to each other, in both editions and without being told.

What one says is handed to the other as bytes; nothing else connects them.
"""

from random import Random
from typing import Any

import pytest

from caller import Caller, call
from venues.kraken_futures.futures import ALICE, LOGIN_FAILED, UPGRADE, Futures
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.commands import Deliver, Dial, ReportRoundTrip, SendFrame, SendPing
from venuewire.core.events import DeadlineReached, LinkOpened, PongReceived
from venuewire.core.floor import Note
from venuewire.core.messages import Maintenance, Message
from venuewire.core.secrets import Credentials
from venuewire.core.updates import Ready, Refused, Subscribed, Unsubscribed
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures import KRAKEN_FUTURES


class Pair:
    """One client session and the venue it is connected to."""

    def __init__(self, venue: Futures, credentials: Credentials | None = ALICE.credentials) -> None:
        self.venue = venue
        dialect = KRAKEN_FUTURES.client(ClientOptions(credentials=credentials))
        self.client = ClientSession(dialect, backoff=Backoff(attempts=0), rng=Random(0))
        self.callers: list[Caller] = []
        self.heard: list[Any] = []
        self.client.connect(self.now)
        self.talk()

    @property
    def now(self) -> Any:
        return self.venue.clock()

    def talk(self) -> list[Any]:
        """Until neither has anything left to say; what the application heard."""
        while self._obey() or self._listen():
            pass
        heard, self.heard = self.heard, []
        return heard

    def _obey(self) -> bool:
        commands = self.client.drain()
        for command in commands:
            match command:
                case Dial(link):
                    self.callers.append(call(self.venue.floor, self.venue.clock, "public", UPGRADE))
                    self.client.handle(LinkOpened(link), self.now)
                case SendFrame(_, payload):
                    self.callers[-1].session.receive(payload, self.now)
                case SendPing(link, payload):
                    self.callers[-1].session.pinged(self.now)
                    self.client.handle(PongReceived(link, payload), self.now)
                case Deliver(update):
                    self.heard.append(update)
                case ReportRoundTrip():
                    pass
                case _:
                    raise AssertionError(command)
        return bool(commands)

    def _listen(self) -> bool:
        frames = self.callers[-1].raw()
        for frame in frames:
            message = self.client.receive(self.client.link, frame, self.now)
            self.heard += [] if message is None else [message]
        return bool(frames)

    def wait(self, seconds: float) -> list[Any]:
        """Let time pass on both sides."""
        end, heard = self.venue.clock.seconds + seconds, self.talk()
        while (due := self._due) <= end:
            self.venue.clock.seconds = max(due, self.venue.clock.seconds)
            self.callers[-1].session.wake(self.now)
            self.client.handle(DeadlineReached(), self.now)
            heard += self.talk()
        self.venue.clock.seconds = end
        return heard

    @property
    def _due(self) -> float:
        deadlines = (self.callers[-1].session.deadline, self.client.deadline)
        return min((due for due in deadlines if due is not None), default=float("inf"))


def test_a_whole_session(venue: Futures) -> None:
    pair = Pair(venue)
    pair.client.subscribe("ticker:pi_xbtusd,PF_ETHUSD", pair.now)
    pair.client.subscribe("notifications_auth", pair.now)
    heard = pair.talk()
    channels = ["ticker:PI_XBTUSD", "ticker:PF_ETHUSD", "notifications_auth"]
    assert [update.channel for update in heard if isinstance(update, Subscribed)] == channels
    assert [update.channel for update in heard if isinstance(update, Message)] == channels

    venue.publish("ticker:PI_XBTUSD", {"bid": 7})
    venue.floor.notify(Note(note="Soon.", type="maintenance", priority="high"), pair.now)
    ticker, notification, maintenance = pair.talk()
    assert isinstance(maintenance, Maintenance)
    assert (ticker.channel, ticker.data["bid"]) == ("ticker:PI_XBTUSD", 7)
    assert notification.data["notifications"][0]["note"] == "Soon."

    pair.client.unsubscribe("notifications_auth", pair.now)
    pair.client.unsubscribe("ticker:PI_XBTUSD", pair.now)
    assert pair.talk() == [Unsubscribed("notifications_auth"), Unsubscribed("ticker:PI_XBTUSD")]
    assert venue.publish("ticker:PI_XBTUSD", {}) == 0


def test_the_client_keeps_heartbeats_and_the_link_for_an_hour(venue: Futures) -> None:
    pair = Pair(venue)
    assert pair.wait(3600.0) == []
    assert pair.client.counters.heartbeats == 3600
    assert len(pair.callers) == 1


def test_without_heartbeats_its_pings_keep_the_link() -> None:
    pair = Pair(Futures(heartbeat_interval=1e9))
    pair.wait(3600.0)
    assert pair.client.counters.pings >= 60
    assert pair.callers[-1].closed is None


def test_a_wrong_secret_costs_the_private_channels_and_nothing_else(venue: Futures) -> None:
    pair = Pair(venue, Credentials("alice-key", KRAKEN_FUTURES.demo.api_secret))
    pair.client.subscribe("ticker:PI_XBTUSD", pair.now)
    pair.client.subscribe("fills", pair.now)
    pair.client.subscribe("ticker:PI_ETHUSD", pair.now)
    heard = pair.talk()
    assert Refused(LOGIN_FAILED, "fills") in heard
    channels = [update.channel for update in heard if isinstance(update, Subscribed)]
    assert channels == ["ticker:PI_XBTUSD", "ticker:PI_ETHUSD"]


@pytest.mark.parametrize("channel", ["nope", "ticker:PI_NOPE", "account_balances_and_margins"])
def test_a_refusal_finds_its_channel_though_it_names_none(venue: Futures, channel: str) -> None:
    pair = Pair(venue)
    for wanted in ("book:PI_XBTUSD", channel, "trade:PI_XBTUSD"):
        pair.client.subscribe(wanted, pair.now)
    heard = pair.talk()
    assert [update.channel for update in heard if isinstance(update, Refused)] == [channel]
    subscribed = [update.channel for update in heard if isinstance(update, Subscribed)]
    assert subscribed == ["book:PI_XBTUSD", "trade:PI_XBTUSD"]


def test_a_public_session_is_ready_at_once(venue: Futures) -> None:
    dialect = KRAKEN_FUTURES.client(ClientOptions())
    client = ClientSession(dialect, backoff=Backoff(), rng=Random(0))
    client.connect(venue.clock())
    client.drain()
    client.handle(LinkOpened(1), venue.clock())
    assert client.drain()[0] == Deliver(Ready(1))
