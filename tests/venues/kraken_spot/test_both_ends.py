"""The client kernel with this dialect against a local venue: the whole session, without sockets."""

from random import Random

from caller import Caller, call
from venues.kraken_spot.local import ALICE, UPGRADE, Local
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.commands import Deliver, Dial, Fetch, SendFrame
from venuewire.core.events import DeadlineReached, Fetched, LinkOpened
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.messages import Message
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import KRAKEN_SPOT

BASE = "ws://venue.test/kraken-spot/v2"


class Pair:
    """A client session and the connection it dialed; frames pass at once."""

    def __init__(self, local: Local, options: ClientOptions) -> None:
        self.local = local
        dialect = KRAKEN_SPOT.client(options)
        self.session = ClientSession(dialect, backoff=Backoff(), rng=Random(0))
        self.caller: Caller | None = None
        self.heard: list[Message | updates.Update] = []
        self.session.connect(local.clock())
        self.settle()

    def settle(self) -> None:
        """Obey, deliver, and again, until nobody has anything to say."""
        while self._obey() or self._deliver():
            pass

    def _obey(self) -> bool:
        commands = self.session.drain()
        for command in commands:
            match command:
                case Fetch(link, request):
                    self.session.handle(Fetched(link, self._answer(request)), self.local.clock())
                case Dial(link, url):
                    door = "private" if "-auth/" in url else "public"
                    self.caller = call(self.local.floor, self.local.clock, door, UPGRADE)
                    self.session.handle(LinkOpened(link), self.local.clock())
                case SendFrame(_, payload):
                    assert self.caller is not None
                    self.caller.session.receive(payload, self.local.clock())
                case Deliver(update):
                    self.heard.append(update)
                case _:
                    pass
        return bool(commands)

    def _answer(self, request: HttpRequest) -> HttpReply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.url.removeprefix("http://venue.test")
        arrived = HttpRequest(method=request.method, url=path, headers=headers, body=request.body)
        return self.local.floor.answer("token", arrived, self.local.clock())

    def _deliver(self) -> bool:
        frames = [] if self.caller is None else self.caller.raw()
        for frame in frames:
            message = self.session.receive(self.session.link, frame, self.local.clock())
            self._obey()
            if message is not None:
                self.heard.append(message)
        return bool(frames)

    def wait(self, seconds: float) -> None:
        """In steps of a tenth of a second."""
        for _ in range(round(seconds * 10)):
            self.local.clock.seconds += 0.1
            assert self.caller is not None
            self.caller.session.wake(self.local.clock())
            self.session.handle(DeadlineReached(), self.local.clock())
            self.settle()


def test_a_public_session_subscribes_and_hears(local: Local) -> None:
    pair = Pair(local, ClientOptions(url=BASE))
    pair.session.subscribe("ticker:BTC/USD,XBT/USD", local.clock())
    pair.settle()
    local.publish("ticker:BTC/USD", {"last": 2.5})
    pair.settle()
    ready, subscribed, snapshot, refused, update = pair.heard
    assert ready == updates.Ready(1)
    assert subscribed == updates.Subscribed("ticker:BTC/USD")
    assert refused == updates.Refused("Currency pair not supported XBT/USD", "ticker:XBT/USD")
    assert isinstance(snapshot, Message)
    assert snapshot.kind == "snapshot"
    assert isinstance(update, Message)
    assert update.data["data"] == [{"symbol": "BTC/USD", "last": 2.5}]


def test_a_private_session_fetches_its_token_and_hears_its_account(local: Local) -> None:
    pair = Pair(local, ClientOptions(url=BASE, credentials=ALICE.credentials))
    for channel in KRAKEN_SPOT.watched:
        pair.session.subscribe(channel, local.clock())
    pair.settle()
    assert local.publish("executions", {"order_id": "X"}, account="alice") == 1
    pair.settle()
    assert updates.Subscribed("executions") in pair.heard
    assert updates.Subscribed("balances") in pair.heard
    assert isinstance(pair.heard[-1], Message)


def test_a_quiet_session_lives_on_for_hours(local: Local) -> None:
    for options in (
        ClientOptions(url=BASE),
        ClientOptions(url=BASE, credentials=ALICE.credentials),
    ):
        pair = Pair(local, options)
        pair.wait(600)
        assert pair.heard == [updates.Ready(1)]
        assert pair.session.counters.pongs >= 18


def test_a_subscribed_session_lives_on_heartbeats(local: Local) -> None:
    pair = Pair(local, ClientOptions(url=BASE))
    pair.session.subscribe("trade:BTC/USD", local.clock())
    pair.wait(300)
    assert pair.heard == [updates.Ready(1), updates.Subscribed("trade:BTC/USD")]
    assert pair.session.counters.heartbeats >= 290


def test_unsubscribing_is_confirmed(local: Local) -> None:
    pair = Pair(local, ClientOptions(url=BASE))
    pair.session.subscribe("book:BTC/USD", local.clock(), depth=25, snapshot=False)
    pair.settle()
    pair.session.unsubscribe("book:BTC/USD", local.clock())
    pair.settle()
    assert pair.heard[1:] == [
        updates.Subscribed("book:BTC/USD"),
        updates.Unsubscribed("book:BTC/USD"),
    ]
    assert local.publish("book:BTC/USD", {"bids": []}) == 0
