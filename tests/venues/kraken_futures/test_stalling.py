"""The heartbeat feed promises a rhythm: "publishes a heartbeat message at timed intervals".

The session keeps it on its own account, and any frame says as much as a heartbeat. Who asks for the
feed is owed heartbeats.
"""

from typing import Any

import msgspec

from playbook import Playbook
from venuewire.core.commands import Command, Deliver, SendFrame, SendPing
from venuewire.core.events import LinkOpened, PongReceived
from venuewire.core.updates import Gap, Stalled, Subscribed
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_futures import KRAKEN_FUTURES
from venuewire.venues.kraken_futures.client import SILENCE_TIMEOUT

TICKER = {"feed": "ticker", "product_id": "PI_XBTUSD"}


class Script(Playbook):
    """A link on which the ticker flows, and pings are answered."""

    def __init__(self) -> None:
        super().__init__(KRAKEN_FUTURES.client(ClientOptions()))
        self.skip()
        self >> LinkOpened(1)
        self.skip()
        self.subscribe("ticker:PI_XBTUSD").skip()
        self.say(event="subscribed", feed="heartbeat")
        self.say(event="subscribed", feed="ticker", product_ids=["PI_XBTUSD"]).skip()

    def say(self, **frame: Any) -> "Playbook":
        return self.frame(msgspec.json.encode(frame))

    def flow(self, seconds: int) -> list[Command]:
        """What was commanded meanwhile, apart from pings."""
        said: list[Command] = []
        for _ in range(seconds):
            for command in self.wait(1).skip():
                if isinstance(command, SendPing):
                    self >> PongReceived(1, command.payload)
                    self.skip()
                else:
                    said.append(command)
            self.say(**TICKER)
        return said


def test_our_own_heartbeat_feed_may_freeze_while_anything_is_heard() -> None:
    assert Script().flow(600) == []


def test_who_asked_for_heartbeats_is_told_when_they_stop() -> None:
    script = Script()
    script.subscribe("heartbeat") << Subscribed("heartbeat")
    script.say(feed="heartbeat", time=1534262350627)
    commands = script.flow(int(SILENCE_TIMEOUT))
    [stalled, *requests] = commands
    assert isinstance(stalled, Deliver)
    assert isinstance(stalled.update, Stalled)
    assert stalled.update.channel == "heartbeat"
    asked = [msgspec.json.decode(each.payload) for each in requests if isinstance(each, SendFrame)]
    assert asked == [
        {"event": "unsubscribe", "feed": "heartbeat"},
        {"event": "subscribe", "feed": "heartbeat"},
    ]
    script.say(event="unsubscribed", feed="heartbeat")
    script.say(event="subscribed", feed="heartbeat") << Subscribed("heartbeat")
    [gap] = script.skip()
    assert isinstance(gap, Deliver)
    assert isinstance(gap.update, Gap)
    assert gap.update.channel == "heartbeat"


def test_the_application_may_expect_them_sooner() -> None:
    script = Script()
    script.session.subscribe("heartbeat", script.now, next_data_timeout=5.0)
    script.session.drain()
    commands = script.flow(5)
    assert [type(each) for each in commands] == [Deliver, SendFrame, SendFrame]
