"""Connections on their way from one process to another; here both ends are in one."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from raw_peer import until
from venuewire.transport import handover as module
from venuewire.transport.handover import Giver, Taker, Word


class Ends:
    def __init__(self) -> None:
        giving, taking = socket.socketpair()
        self.taken: list[tuple[socket.socket | None, Word]] = []
        self.giver = Giver(giving)
        self.taking = taking
        self.taker: Taker | None = None
        self.clients: list[socket.socket] = []

    def take(self) -> None:
        self.taker = Taker(self.taking, lambda *both: self.taken.append(both))

    def give(self, number: int) -> list[bool]:
        given = []
        for serial in range(1, number + 1):
            client, arrived = socket.socketpair()
            self.clients.append(client)
            given.append(self.giver.give(arrived, Word(serial, serial % 3)))
            if not given[-1]:
                arrived.close()
        return given

    def close(self) -> None:
        self.giver.close()
        if self.taker is not None:
            self.taker.close()
        self.taking.close()
        for each in (*self.clients, *(one for one, _ in self.taken if one is not None)):
            each.close()


@asynccontextmanager
async def opened() -> AsyncIterator[Ends]:
    ends = Ends()
    try:
        yield ends
    finally:
        ends.close()


async def test_connections_arrive_each_with_its_word() -> None:
    async with opened() as ends:
        ends.take()
        assert all(ends.give(300))
        await until(lambda: len(ends.taken) == 300)
        assert [word for _, word in ends.taken] == [Word(n, n % 3) for n in range(1, 301)]
        for client, (taken, _) in zip(ends.clients, ends.taken, strict=True):
            assert taken is not None
            taken.send(b"hello")
            assert client.recv(5) == b"hello"


async def test_what_the_other_process_does_not_take_yet_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 50)
    async with opened() as ends:
        given = ends.give(600)
        assert given[0]
        assert not given[-1], "so many do not fit"
        ends.take()
        await until(lambda: len(ends.taken) == given.count(True))
        assert ends.give(1) == [True]


async def test_too_many_under_way_are_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = socket.send_fds, [errno.ETOOMANYREFS, errno.ETOOMANYREFS]

    def send(*arguments: object) -> int:
        if failures:
            raise OSError(failures.pop(), "too many")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "send_fds", send)
    monkeypatch.setattr(module, "_AGAIN", 0.001)
    async with opened() as ends:
        ends.take()
        ends.give(3)
        await until(lambda: len(ends.taken) == 3)


async def test_when_the_other_process_is_gone_they_are_dropped() -> None:
    async with opened() as ends:
        ends.taking.close()
        ends.give(2)
        await asyncio.sleep(0)
        assert [client.recv(1) for client in ends.clients] == [b"", b""]


async def test_a_word_without_a_descriptor_is_told() -> None:
    async with opened() as ends:
        ends.take()
        ends.giver._end.send(module._WORD.pack(9, 0))
        await until(lambda: bool(ends.taken))
        assert ends.taken == [(None, Word(9, 0))]


async def test_at_the_end_no_more_is_taken() -> None:
    async with opened() as ends:
        ends.take()
        ends.giver.close()
        ends.giver.close()
        await until(lambda: ends.taking.fileno() < 0)
        assert ends.give(1) == [False]
