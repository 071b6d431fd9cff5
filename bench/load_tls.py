"""The loads over TLS, in Python: Kraken Spot pings over many connections, and sessions that come
and go.

Law 1: every connection is a closed loop: `depth` pings in one write, then all their answers, then
       the next; so the server is never waited for by a timer, and sets the pace itself.
Law 2: every answer is counted, the last of each write is looked for by its `req_id`, and each
       64th write has all of its answers decoded: an answer that is not the one due is an error.
"""

import json
import random
import select
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.frames import CLOSE, TEXT, Frames, dial, frame
from bench.load import Loops
from bench.measure import Sample, Server, cpu_time

_FIRST_ID, _IDS = 100_000, 1024
"""All ids have six digits, so none is part of another."""
_SAMPLED = 64
_NORMAL = (1000).to_bytes(2)
_CHUNK = 1 << 16
_PATIENCE = 10
"""Seconds."""
_VISITORS = 4
"""Sessions that come and go at once."""


@dataclass(frozen=True)
class Script:
    """What every connection says, write by write, around and around."""

    depth: int
    writes: list[bytes]
    last: list[bytes]
    """The `req_id` that the last answer to each write must carry."""

    @classmethod
    def of(cls, depth: int) -> "Script":
        dice = random.Random(7)
        pings = [
            frame(b'{"method":"ping","req_id":%d}' % number, TEXT, dice.randbytes(4))
            for number in range(_FIRST_ID, _FIRST_ID + _IDS)
        ]
        starts = range(0, _IDS, depth)
        writes = [b"".join(pings[start : start + depth]) for start in starts]
        return cls(depth, writes, [b"%d" % (_FIRST_ID + start + depth - 1) for start in starts])

    def ids(self, write: int) -> list[int]:
        start = _FIRST_ID + write * self.depth
        return list(range(start, start + self.depth))


class Connection:
    """One closed loop."""

    def __init__(self, url: str, trust: ssl.SSLContext, script: Script, write: int) -> None:
        self.peer = dial(url, trust)
        self.script = script
        self.write = write
        self.written = 0
        self.answers: list[bytes] = []
        """Of the present write, as they came."""
        self.missing = script.depth

    def begin(self) -> None:
        """Hear out a greeting, if there is one, then start the loop."""
        self.peer.settimeout(_PATIENCE)
        self.peer.sendall(frame(b'{"method":"ping","req_id":1}', TEXT, b"seed"))
        frames = Frames()
        while not any(_is_answer(text, 1) for _, text in frames.feed(self.peer.recv(_CHUNK))):
            pass
        if not frames.empty:
            raise ValueError("the server says more than it was asked")
        self.peer.setblocking(False)
        self.peer.send(self.script.writes[self.write])

    def readable(self) -> int:
        """Take what has arrived; how many messages of a write that is now answered whole."""
        try:
            chunk = self.peer.recv(_CHUNK)
        except ssl.SSLWantReadError:
            return 0  # A record that is not all there yet, or none for us.
        # No answer has a brace inside, and none is so long that its length looks like one.
        self.missing -= chunk.count(b"}")
        if self.missing > 0 or chunk[-1:] != b"}":
            self.answers.append(chunk)
            return 0
        if self.answers:
            self.answers.append(chunk)
            chunk = b"".join(self.answers)
            self.answers.clear()
        script = self.script
        if script.last[self.write] not in chunk or self.missing < 0 or not chunk:
            raise ValueError(f"not the answer to write {self.write}: {chunk!r}")
        self.written += 1
        if not self.written % _SAMPLED:
            self._examine(chunk)
        self.write = (self.write + 1) % len(script.writes)
        self.missing = script.depth
        self.peer.send(script.writes[self.write])
        return script.depth

    def end(self) -> None:
        """Take the answers still due and part in the standard's way, so that nobody complains."""
        self.peer.settimeout(_PATIENCE)
        while self.missing > 0 and (chunk := self.peer.recv(_CHUNK)):
            self.missing -= chunk.count(b"}")
        self.peer.sendall(frame(_NORMAL, CLOSE, b"seed"))
        while self.peer.recv(_CHUNK):
            pass
        self.peer.close()

    def _examine(self, chunk: bytes) -> None:
        answers = [(opcode, json.loads(text)) for opcode, text in Frames().feed(chunk)]
        ids = [answer["req_id"] for opcode, answer in answers if opcode == TEXT]
        methods = {answer["method"] for _, answer in answers}
        if ids != self.script.ids(self.write) or methods != {"pong"}:
            raise ValueError(f"not the answers to write {self.write}: {answers}")


def pings(server: Server, url: str, trust: ssl.SSLContext, how: Loops) -> Sample:
    script = Script.of(how.depth)
    turns = len(script.writes)
    loops = [
        Connection(url, trust, script, number * 37 % turns) for number in range(how.connections)
    ]
    for loop in loops:
        loop.begin()
    result = _measure(server, loops, how.seconds)
    for loop in loops:
        loop.end()
    return result


def visit(
    url: str, trust: ssl.SSLContext, headers: tuple[str, ...], first: bytes, settled: bytes
) -> None:
    """One session: it comes, says `first`, hears `settled`, and leaves politely."""
    peer = dial(url, trust, headers)
    peer.settimeout(_PATIENCE)
    peer.sendall(frame(first, TEXT, b"seed"))
    frames = Frames()
    while not any(settled in text for _, text in frames.feed(_heard(peer))):
        pass
    peer.sendall(frame(_NORMAL, CLOSE, b"seed"))
    while peer.recv(_CHUNK):
        pass
    peer.close()


def repeat(server: Server, visit: Callable[[], None], seconds: float) -> Sample:
    """Visit again and again, a few at once."""

    def keep_on(until: float) -> int:
        visits = 0
        while time.perf_counter() < until:
            visit()
            visits += 1
        return visits

    with ThreadPoolExecutor(_VISITORS) as visitors:
        cpu, start = cpu_time(server.pid), time.perf_counter_ns()
        until = time.perf_counter() + seconds
        visits = sum(visitors.map(keep_on, [until] * _VISITORS))
        cpu, wall = cpu_time(server.pid) - cpu, time.perf_counter_ns() - start
    return Sample.of(messages=visits, cpu=cpu, wall=wall)


def _heard(peer: socket.socket) -> bytes:
    heard = peer.recv(_CHUNK)
    if not heard:
        raise ConnectionResetError("closed before it was answered")
    return heard


def _is_answer(text: bytes, number: int) -> bool:
    answer = json.loads(text)
    if answer.get("req_id") != number:
        return False
    if text.count(b"}") != 1 or len(text) == ord("}"):
        raise ValueError(f"answers of this form cannot be counted: {text!r}")
    return True


def _spin(poll: select.epoll, readable: dict[int, Callable[[], int]], seconds: float) -> int:
    """Let the loops run; how many messages were answered."""
    messages = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        ready = poll.poll(_PATIENCE)
        if not ready:
            raise TimeoutError(f"no answer for {_PATIENCE} s")
        for number, _ in ready:
            messages += readable[number]()
    return messages


def _measure(server: Server, loops: list[Connection], seconds: float) -> Sample:
    poll = select.epoll()
    readable = {}
    for loop in loops:
        poll.register(loop.peer, select.EPOLLIN)
        readable[loop.peer.fileno()] = loop.readable
    with poll:
        _spin(poll, readable, seconds / 4)
        cpu, start = cpu_time(server.pid), time.perf_counter_ns()
        messages = _spin(poll, readable, seconds)
        cpu, wall = cpu_time(server.pid) - cpu, time.perf_counter_ns() - start
    return Sample.of(messages=messages, cpu=cpu, wall=wall)
