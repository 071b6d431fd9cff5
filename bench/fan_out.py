"""What it costs to push one message to many: KuCoin's ticker, published through the control API.

The yardstick is a loop of send() in C, to as many sockets, of the same bytes. Both are asked over
HTTP, once for each push; what the request costs is part of the price.
"""

import http.client
import json
import time
from collections.abc import Callable
from functools import partial

from bench.frames import TEXT, Frames, dial, frame
from bench.load import Load, running, sources
from bench.local_venue import local_venue, target
from bench.measure import Cores, Pace, Sample, Server, cpu_time, serving, take_turns
from bench.programs import program
from bench.report import Finding, Target, costs

C, OURS = "C send loop", "venuewire"
SUBSCRIBERS = (1_000, 5_000)
TARGETS = [Target("venuewire to the C send loop, at most 1.15", OURS, C, at_most=1.15)]

_TOPIC = "/market/ticker:BTC-USDT"
_SUBSCRIBE = {"id": "1", "type": "subscribe", "topic": _TOPIC, "response": True}
_ORDER = {
    "venue": "kucoin",
    "channel": _TOPIC,
    "payload": {"sequence": "1545896668986", "price": "64000.1", "size": "0.011"},
}
_FRAMES = 60_000
"""Pushed at least in one sample, where it is not a glance."""


def run(cores: Cores, pace: Pace) -> list[Finding]:
    with local_venue(cores.measured) as ours:
        text = _as_heard(ours)
        with serving((program("yardsticks/fan"), text), cores.measured) as fan:
            return [_finding(ours, fan, count, len(text), pace) for count in SUBSCRIBERS]


def _finding(ours: Server, fan: Server, subscribers: int, size: int, pace: Pace) -> Finding:
    title = f"Push of {size} bytes to {subscribers:,} subscribers"
    pushes = max(_FRAMES // subscribers // (4 if pace.quick else 1), 4)
    candidates = {
        C: partial(_pushed, fan, subscribers, pushes),
        OURS: partial(_published, ours, subscribers, pushes),
    }
    table = take_turns(title, candidates, pace.rounds)
    return costs(title, table, (C,), TARGETS, unit="frame")


def _as_heard(server: Server) -> str:
    """The message as a subscriber hears it, so that both send the same bytes."""
    peer = dial(f"ws://127.0.0.1:{server.port}{target(server, 'kucoin')}")
    peer.sendall(frame(json.dumps(_SUBSCRIBE).encode(), TEXT, b"seed"))
    frames, heard = Frames(), list[bytes]()
    while not any(b'"ack"' in text for text in heard):
        heard += [text for _, text in frames.feed(peer.recv(1 << 16))]
    _publish(_control(server))
    while not (tickers := [text for text in heard if b'"message"' in text]):
        heard += [text for _, text in frames.feed(peer.recv(1 << 16))]
    peer.close()
    return tickers[0].decode()


def _published(server: Server, subscribers: int, pushes: int) -> Sample:
    with running(
        "loads/sink",
        *("port", server.port, "target", target(server, "kucoin")),
        *("connections", subscribers, "sources", sources(subscribers)),
        *("first", json.dumps(_SUBSCRIBE), "settled", '"ack"'),
    ) as sink:
        return _measure(server, sink, partial(_publish, _control(server)), subscribers, pushes)


def _pushed(server: Server, subscribers: int, pushes: int) -> Sample:
    with running(
        "loads/sink",
        *("port", server.port, "connections", subscribers, "sources", sources(subscribers)),
        *("first", "hello", "settled", "hello"),
    ) as sink:
        return _measure(server, sink, partial(_request, _control(server)), subscribers, pushes)


def _measure(
    server: Server, sink: Load, push: Callable[[], None], subscribers: int, pushes: int
) -> Sample:
    """Each push begins when all have heard the last."""
    push()
    sink.hear()
    cpu, start = cpu_time(server.pid), time.perf_counter_ns()
    for _ in range(pushes):
        push()
        sink.hear()
    cpu, wall = cpu_time(server.pid) - cpu, time.perf_counter_ns() - start
    return Sample.of(messages=pushes * subscribers, cpu=cpu, wall=wall)


def _control(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)


def _publish(connection: http.client.HTTPConnection) -> None:
    body = json.dumps(_ORDER)
    connection.request("POST", "/control/publish", body, {"Content-Type": "application/json"})
    _answered(connection)


def _request(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/")
    _answered(connection)


def _answered(connection: http.client.HTTPConnection) -> None:
    answer = connection.getresponse()
    if answer.read() and answer.status != http.HTTPStatus.OK:
        raise ValueError(f"a push was answered with {answer.status}")
