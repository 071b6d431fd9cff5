"""Words for connections that were not made, and the socket before there is a transport."""

import asyncio
import errno
import socket
import ssl

import pytest
from picows.url import parse_url

from venuewire.transport.client_dial import (
    BODY_BYTES,
    RECEIVE_BYTES,
    connect_socket,
    failure_text,
    refusal,
)


def test_a_refusal_is_read_from_its_bytes() -> None:
    head = b"HTTP/1.1 520 Web Server Is Down\r\nRetry-After: 7\r\nX-Odd\r\nServer:cloud: flare"
    reply = refusal(head, b"x" * (BODY_BYTES + 1))
    assert reply is not None
    assert (reply.status, reply.retry_after, len(reply.body)) == (520, 7.0, BODY_BYTES)
    assert reply.headers == {"retry-after": "7", "server": "cloud: flare"}


@pytest.mark.parametrize(
    "head", [None, b"", b"SSH-2.0", b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.1 999 x", b"\xff"]
)
def test_what_is_no_refusal_in_http(head: bytes | None) -> None:
    assert refusal(head, None) is None


def verification_failure() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "quoting canary")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (verification_failure(), "TLS: self-signed certificate"),
        (ssl.SSLError(1, "quoting canary"), "TLS: failed"),
        (socket.gaierror(-2, "Name or service not known"), "the name was not found: "),
        (TimeoutError("quoting canary"), "timed out"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "quoting canary"), "Connection refused"),
        (ConnectionResetError("closed early"), "closed early"),
        (OSError(), "OSError"),
        (ValueError("quoting canary"), "ValueError"),
    ],
)
def test_a_failure_has_words_without_secrets(error: Exception, text: str) -> None:
    assert failure_text(error).startswith(text)
    assert "canary" not in failure_text(error)


async def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    good = server.sockets[0].getsockname()
    bad = ("127.0.0.1", 1)

    async def found(*_: object, **__: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        unknown = (4711, socket.SOCK_STREAM, 0, "", ("nowhere", 1))
        return [unknown, *[(*kind, address) for address in addresses]] if addresses else []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    heard: list[socket.socket] = []
    async with server:
        addresses = [bad, good]
        connection = await connect_socket(heard.append, parse_url("ws://venue.test/"))
        assert heard == [connection]
        assert connection.getpeername() == good
        granted = connection.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert granted <= 2 * RECEIVE_BYTES  # Linux doubles it, for its own bookkeeping.
        connection.close()
    addresses = [bad, bad]
    with pytest.raises(ConnectionRefusedError):
        await connect_socket(heard.append, parse_url("ws://venue.test/"))
    addresses = []
    with pytest.raises(ConnectionError, match="no address"):
        await connect_socket(heard.append, parse_url("ws://venue.test/"))
    assert len(heard) == 1
