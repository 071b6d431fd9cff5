"""Taking connections, also when the system gives none. Sockets are real, their errors are not."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Any, Final, cast

import pytest

from venuewire.transport import acceptor as module
from venuewire.transport import introducer as introducing
from venuewire.transport.acceptor import Acceptor
from venuewire.transport.introducer import Introducer


class Greeter(asyncio.BufferedProtocol):
    """Says hello and leaves."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(b"hello")
        asyncio.get_running_loop().call_soon(transport.close)

    def get_buffer(self, sizehint: int) -> bytearray:
        return bytearray(16)


async def greeted(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(30):
        said = await reader.read()
    writer.close()
    return said


def acceptor_of(*, room: bool = True) -> Acceptor:
    introducer = Introducer(Greeter, lambda _: room, context=None, tls_timeout=lambda: 1.0)
    return Acceptor(introducer.welcome, lambda: 60.0)


async def test_everybody_is_greeted() -> None:
    acceptor = acceptor_of()
    port = await acceptor.listen("127.0.0.1", 0)
    assert await asyncio.gather(*(greeted(port) for _ in range(20))) == [b"hello"] * 20
    acceptor.close()
    acceptor.close()
    with pytest.raises(ConnectionRefusedError):
        await greeted(port)


async def test_a_name_may_have_several_addresses() -> None:
    acceptor = acceptor_of()
    port = await acceptor.listen("localhost", 0)
    assert await greeted(port) == b"hello"
    acceptor.close()


async def test_without_asyncios_faster_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introducing, "aiofastnet", None)
    acceptor = acceptor_of()
    assert await greeted(await acceptor.listen("127.0.0.1", 0)) == b"hello"
    acceptor.close()


async def test_who_finds_no_room_is_dropped() -> None:
    acceptor = acceptor_of(room=False)
    port = await acceptor.listen("127.0.0.1", 0)
    with suppress(ConnectionResetError):
        assert await greeted(port) == b""
    acceptor.close()


class Failing:
    """A listening socket whose first accepts fail."""

    def __init__(self, real: socket.socket, *errors: int) -> None:
        self._real, self._errors = real, list(errors)
        self.accepts = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.accepts += 1
        if self._errors:
            code = self._errors.pop(0)
            raise OSError(code, f"error {code}")
        return self._real.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def put(acceptor: Acceptor, failing: Failing) -> None:
    """In the place of the socket it has."""
    acceptor._loop.remove_reader(acceptor._sockets[0])
    acceptor._resume(failing)  # type: ignore[arg-type]


LONG: Final = 3600.0


@pytest.mark.parametrize(
    "code", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM], ids=errno.errorcode.get
)
async def test_without_descriptors_it_waits_and_then_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.01)
    acceptor = acceptor_of()
    port = await acceptor.listen("127.0.0.1", 0)
    [listening] = acceptor._sockets
    failing = Failing(listening, code, code, code)
    put(acceptor, failing)
    assert await greeted(port) == b"hello"
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"no connections are accepted for a moment: error {code}"] * 3
    assert failing.accepts == 5, "three failures, one connection, and then there was none"
    acceptor.close()


async def test_it_does_not_try_again_before_the_pause_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long somebody waits: the loop would spin otherwise."""
    monkeypatch.setattr(module, "_PAUSE", LONG)
    acceptor = acceptor_of()
    port = await acceptor.listen("127.0.0.1", 0)
    [listening] = acceptor._sockets
    failing = Failing(listening, errno.EMFILE)
    put(acceptor, failing)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(200):
        await asyncio.sleep(0)
    assert failing.accepts == 1
    acceptor.close()
    assert all(pause.cancelled() for pause in acceptor._pauses.values())
    writer.transport.abort()


async def test_a_connection_that_failed_before_it_was_here_stops_nobody() -> None:
    acceptor = acceptor_of()
    port = await acceptor.listen("127.0.0.1", 0)
    [listening] = acceptor._sockets
    failing = Failing(listening, errno.ECONNABORTED, errno.EPROTO)
    put(acceptor, failing)
    assert await greeted(port) == b"hello"
    assert failing.accepts == 4
    acceptor.close()


async def test_an_address_in_use_is_an_error() -> None:
    first, second = acceptor_of(), acceptor_of()
    port = await first.listen("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        await second.listen("127.0.0.1", port)
    first.close()
    second.close()
