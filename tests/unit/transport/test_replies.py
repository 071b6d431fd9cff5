"""HTTP replies of our own."""

from venuewire.core.http import HttpReply
from venuewire.transport.replies import encode_reply, error_reply


def test_an_error_has_a_code_and_a_message() -> None:
    reply = error_reply("method_not_allowed", "try GET", allow="GET")
    assert reply.status == 405
    assert reply.body == b'{"error":{"code":"method_not_allowed","message":"try GET"}}'
    assert reply.headers == {"content-type": "application/json", "allow": "GET"}


def test_on_the_wire() -> None:
    reply = HttpReply(status=429, body=b"{}", headers={"retry-after": "7"})
    assert encode_reply(reply) == (
        b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n"
        b"content-length: 2\r\nconnection: close\r\n\r\n{}"
    )


def test_a_status_nobody_named() -> None:
    assert encode_reply(HttpReply(status=599)).startswith(b"HTTP/1.1 599 \r\n")


def test_a_header_cannot_smuggle_a_line() -> None:
    reply = HttpReply(status=400, headers={"x": "a\r\nset-cookie: b"})
    assert b"\r\nset-cookie" not in encode_reply(reply)
