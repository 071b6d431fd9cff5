"""Who is dropped after a hangup: only who is gone, and still held. Sockets are real."""

import asyncio
import os
import select
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from raw_peer import until
from venuewire.transport import hangups as module
from venuewire.transport.hangups import Hangups

HANGUP = struct.pack("ii", 1, 0)


class Transport(asyncio.Transport):
    """Of a loop that has heard nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = self.closing = False

    def abort(self) -> None:
        self.aborted = self.closing = True

    def is_closing(self) -> bool:
        return self.closing


class Pair:
    """Two ends of a connection; the client's can be reset."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.client = socket.create_connection(listening.getsockname())
            self.stream, _ = listening.accept()
        self.transport = Transport()

    def reset(self) -> None:
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANGUP)
        self.client.close()

    def close(self) -> None:
        self.client.close()
        self.stream.close()


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE", 0.01)


async def settled(hangups: Hangups) -> None:
    """Until the reset of somebody else is noticed, which came later."""
    last = Pair()
    hangups.watch(last.stream, last.transport)
    last.reset()
    await until(lambda: last.transport.aborted)
    last.close()


async def test_who_is_reset_is_dropped_and_nobody_else() -> None:
    hangups, gone, there = Hangups(), Pair(), Pair()
    for each in (gone, there):
        hangups.watch(each.stream, each.transport)
    gone.client.send(b"x" * 100)  # Which nobody reads.
    gone.reset()
    await until(lambda: gone.transport.aborted)
    assert not there.transport.aborted
    for each in (gone, there):
        each.close()
    hangups.close()
    hangups.close()


async def test_who_was_gone_before_it_was_watched_is_dropped() -> None:
    hangups, gone = Hangups(), Pair()
    gone.reset()
    hangups.watch(gone.stream, gone.transport)
    await until(lambda: gone.transport.aborted)
    gone.close()
    hangups.close()


async def test_whom_the_loop_has_noticed_is_left_alone() -> None:
    hangups, gone = Hangups(), Pair()
    hangups.watch(gone.stream, gone.transport)
    gone.reset()
    gone.transport.closing = True
    await settled(hangups)
    assert not gone.transport.aborted
    gone.close()
    hangups.close()


async def test_a_descriptor_may_be_anothers_by_now() -> None:
    hangups, gone, another = Hangups(), Pair(), Pair()
    hangups.watch(gone.stream, gone.transport)
    gone.reset()
    hangups._hung_up.add(gone.stream.fileno())
    number = gone.stream.fileno()
    gone.stream.close()
    again = socket.socket(fileno=os.dup2(another.stream.fileno(), number))
    hangups.watch(again, another.transport)
    hangups._drop()
    await settled(hangups)
    assert not another.transport.aborted
    again.close()
    another.close()
    hangups.close()


async def test_what_is_closed_is_not_watched_and_not_kept() -> None:
    hangups, pairs = Hangups(), [Pair() for _ in range(70)]
    pairs[0].stream.close()
    hangups.watch(pairs[0].stream, pairs[0].transport)
    assert len(hangups) == 0
    for each in pairs[1:50]:
        hangups.watch(each.stream, each.transport)
        each.transport.closing = True
    for each in pairs[50:]:
        hangups.watch(each.stream, each.transport)
    assert len(hangups) < 30
    for each in pairs:
        each.close()
    hangups.close()


async def test_without_epoll_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll")
    hangups, pair = Hangups(), Pair()
    hangups.watch(pair.stream, pair.transport)
    assert len(hangups) == 0
    hangups.close()
    pair.close()


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_either_loop_tells_of_hangups(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    def run(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(coroutine)

    run(test_who_is_reset_is_dropped_and_nobody_else())
