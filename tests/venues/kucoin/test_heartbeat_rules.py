"""The introduction's section on heartbeats, sentence by sentence, as our client obeys it.

Method: the profile that `dial` returns for the venue's own numbers drives the kernel's judge of
liveness in virtual time, against a venue that answers pings or doesn't.
"""

from collections.abc import Callable
from itertools import pairwise

import pytest

from clock import at
from playbook import Playbook
from venuewire.core.events import Fetched, LinkOpened
from venuewire.core.http import HttpReply
from venuewire.core.liveness import Judgment, Liveness, LivenessPolicy, Verdict
from venuewire.core.venue import ClientOptions
from venuewire.venues.kucoin import KUCOIN, VENUES

GRANT = HttpReply(
    status=200,
    body=b'{"code":"200000","data":{"token":"t","instanceServers":[{"endpoint":"wss://e.kucoin.com/",'
    b'"encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}',
)
PING_INTERVAL = 18.0
PING_TIMEOUT = 10.0
INTERVALS = [17.0, 12.0, 10.0, 9.0]


def policy(interval: float | None = None) -> LivenessPolicy:
    dialect = KUCOIN.client(ClientOptions(ping_interval=interval))
    return dialect.dial(GRANT, 1, at(0))[1].liveness


class Link:
    """A link whose venue answers the pings for which `answers` says so, 50 ms later."""

    def __init__(
        self, interval: float | None, answers: Callable[[float], bool] = lambda _: False
    ) -> None:
        self.judge = Liveness(policy(interval), at(0))
        self.answers = answers
        self.pings: list[float] = []
        self.suspected: list[float] = []
        self.died: float | None = None
        self.seconds = 0.0
        self._pongs: list[tuple[float, int]] = []

    def run(self, until: float) -> "Link":
        """Wake exactly when asked to, and do what is asked for."""
        while self.died is None:
            due = [moment for moment, _ in self._pongs[:1]]
            if self.judge.deadline is not None:
                due.append(self.judge.deadline)
            if min(due) > until:
                break
            self.seconds = min(due)
            self._step()
        self.seconds = until
        return self

    def say(self) -> None:
        """A business message."""
        self.judge.sent_at = self.seconds

    def _step(self) -> None:
        now = at(self.seconds)
        while self._pongs and self._pongs[0][0] <= self.seconds:
            self.judge.heard = now
            if self.judge.ponged(self._pongs.pop(0)[1], now) is not None:
                self.judge.clear(pong=True)
        match self.judge.check(now):
            case Judgment.PING:
                self._ping()
            case Judgment.SUSPECT:
                self.suspected.append(self.seconds)
                self._ping()
            case Judgment.DEAD:
                self.died = self.seconds
            case Judgment.REST:
                pass

    def _ping(self) -> None:
        number = len(self.pings)
        self.pings.append(self.seconds)
        self.judge.pinged(number, at(self.seconds))
        if self.answers(self.seconds):
            self._pongs.append((self.seconds + 0.05, number))


def answering(_: float) -> bool:
    return True


@pytest.mark.parametrize("interval", INTERVALS)
def test_one_ping_every_interval(interval: float) -> None:
    """ "pingInterval: Indicates how often the client should send a ping frame. The recommended
    behavior is to send one ping every pingInterval seconds." """
    link = Link(interval, answering).run(1000)
    assert link.pings[:3] == [interval, 2 * interval, 3 * interval]
    assert link.suspected == []


@pytest.mark.parametrize("interval", [*INTERVALS, PING_INTERVAL, None])
def test_at_least_one_message_in_each_ping_interval(interval: float | None) -> None:
    """ "Clients only need to ensure they send a ping at least once every pingInterval seconds."
    "Send heartbeats at or before pingInterval." """
    link = Link(interval, answering).run(86_400)
    moments = [0.0, *link.pings]
    assert max(after - before for before, after in pairwise(moments)) < PING_INTERVAL


@pytest.mark.parametrize("interval", [*INTERVALS, None])
def test_also_while_pongs_are_missing(interval: float | None) -> None:
    """The same, for a venue that answers every third ping only."""
    count = iter(range(1_000_000))
    link = Link(interval, lambda _: next(count) % 2 == 1).run(10_000)
    moments = [0.0, *link.pings]
    assert max(after - before for before, after in pairwise(moments)) < PING_INTERVAL
    assert link.died is None


@pytest.mark.parametrize("interval", [17.0, 12.0, 10.0])
def test_the_longest_wait_for_a_pong_is_ping_timeout(interval: float) -> None:
    """ "pingTimeout: Indicates the maximum time the client should wait for a pong after sending a
    ping." """
    link = Link(interval).run(interval + PING_TIMEOUT)
    assert link.suspected == [interval + PING_TIMEOUT]


@pytest.mark.parametrize("interval", [17.0, 12.0, 10.0])
def test_no_pong_within_the_timeout_means_another_ping_immediately(interval: float) -> None:
    """ "> 10 seconds and < 18 seconds: After sending a ping, if no pong is received within 10
    seconds (pingTimeout), the client should immediately send another ping, without waiting for the
    next scheduled interval." """
    link = Link(interval).run(interval + PING_TIMEOUT)
    assert link.pings == [interval, interval + PING_TIMEOUT]
    assert link.died is None


@pytest.mark.parametrize("interval", [17.0, 12.0, 10.0])
def test_no_pong_to_that_one_either_means_disconnected(interval: float) -> None:
    """ "If no pong is received within this timeout, the connection should be treated as
    disconnected." """
    assert Link(interval).run(1000).died == interval + 2 * PING_TIMEOUT


@pytest.mark.parametrize("interval", [17.0, 12.0, 10.0])
def test_a_pong_to_the_second_ping_saves_the_connection(interval: float) -> None:
    """The immediate ping is a second chance, and its pong ends the doubt."""
    link = Link(interval, lambda moment: moment != interval).run(interval + PING_TIMEOUT + 1)
    assert link.suspected == [interval + PING_TIMEOUT]
    assert link.judge.verdict is Verdict.ALIVE
    assert link.run(1000).died is None
    assert len(link.suspected) == 1


@pytest.mark.parametrize("interval", [17.0, 12.0])
def test_a_pong_just_in_time_is_in_time(interval: float) -> None:
    """ "within 10 seconds": nothing is done before they are over."""
    link = Link(interval).run(interval + 9.99)
    assert link.pings == [interval]
    link.judge.ponged(0, at(interval + 9.99))
    assert link.run(2 * interval - 0.01).pings == [interval]


@pytest.mark.parametrize("interval", [9.0, 5.0, None])
def test_below_the_timeout_the_next_ping_comes_first(interval: float | None) -> None:
    """ "< 10 seconds: Additional pong-response detection logic is not required, because the next
    ping will be sent before the timeout occurs." """
    chosen = interval or 9.0
    link = Link(interval).run(2 * chosen)
    assert link.pings == [chosen, 2 * chosen]
    assert link.pings[1] - link.pings[0] < PING_TIMEOUT


@pytest.mark.parametrize("interval", [9.0, None])
def test_and_server_silence_is_found_all_the_same(interval: float | None) -> None:
    """ "Detect server silence using pingTimeout." Suspect when the next ping falls due, dead when
    that one stays unanswered too."""
    link = Link(interval).run(1000)
    assert link.suspected == [18.0]
    assert link.died == 27.0


def test_nine_seconds_is_what_we_use() -> None:
    """ "Network delay should also be considered; some users implement a heartbeat cycle of 9
    seconds for higher reliability." """
    assert policy().ping_interval == 9.0
    longest = policy(PING_INTERVAL).ping_interval
    assert longest is not None
    assert longest < PING_INTERVAL


@pytest.mark.parametrize("interval", INTERVALS)
def test_any_outgoing_message_resets_the_timer(interval: float) -> None:
    """ "The timeout countdown is based on the most recent outgoing message, which includes: ping
    frames, business messages. Any outgoing message refreshes the timeout timer." """
    link = Link(interval, answering).run(interval - 1)
    link.say()
    link.run(2 * interval - 1.01)
    assert link.pings == []
    link.run(2 * interval - 1)
    assert link.pings == [2 * interval - 1]


def test_a_subscription_is_such_a_message() -> None:
    """The same, said by a whole session: at 5 s it subscribes, so its ping is due at 14 s."""
    book = Playbook(KUCOIN.client(ClientOptions()))
    book.skip()
    book >> Fetched(1, GRANT)
    book.skip()
    book >> LinkOpened(1)
    book.frame(b'{"id":"x","type":"welcome"}').skip()
    book.wait(5).subscribe("/market/ticker:BTC-USDT").skip()
    book.frame(b'{"id":"1","type":"ack"}').skip()
    book.wait(8.9).end()
    book.wait(0.1) << b'{"id":"2","type":"ping"}'


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_business_message_does_not_stand_in_for_a_pong(interval: float) -> None:
    """ "Detect server silence using pingTimeout": of a ping that was sent, whatever came after."""
    link = Link(interval).run(interval + 5)
    link.say()
    assert link.run(1000).suspected == [interval + min(interval, PING_TIMEOUT)]


def test_every_session_has_a_heartbeat_of_its_own() -> None:
    """ "Each WebSocket session must maintain its own independent heartbeat logic. All sessions
    must implement keepalive handling to prevent disconnection." """
    lively, silent = Link(None, answering).run(100), Link(None).run(100)
    assert (lively.died, silent.died) == (None, 27.0)
    assert len(lively.pings) == 11
    for venue in VENUES:
        profile = venue.client(ClientOptions()).dial(GRANT, 1, at(0))[1]
        assert profile.liveness.ping_interval == 9.0


def test_ping_interval_determines_how_often_and_ping_timeout_how_long() -> None:
    """ "pingInterval determines how often the client should send heartbeats. pingTimeout
    determines how long to wait for the server's response." """
    assert policy(17.0) == LivenessPolicy(ping_interval=17.0, ping_timeout=10.0)


@pytest.mark.parametrize("interval", INTERVALS)
def test_woken_late_the_next_ping_is_still_sent_at_once(interval: float) -> None:
    """ "immediately send another ping": also when our own process was what came late, and then the
    venue is not blamed for it."""
    link = Link(interval).run(interval)
    late = at(interval + PING_TIMEOUT + 3)
    assert link.judge.check(late) is Judgment.PING
    link.judge.pinged(1, late)
    assert link.judge.check(late) is Judgment.REST
    link.judge.ponged(1, late)
    assert link.judge.verdict is Verdict.ALIVE
