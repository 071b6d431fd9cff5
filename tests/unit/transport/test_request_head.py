"""Reading a request's head: exactly, or not at all."""

import pytest

from venuewire.transport.request_head import RequestHead, parse_head, without_upgrade


def head(*lines: str) -> RequestHead | None:
    return parse_head("\r\n".join(lines).encode("latin-1"))


def good(*lines: str) -> RequestHead:
    parsed = head(*lines)
    assert parsed is not None
    return parsed


def test_a_plain_request() -> None:
    parsed = good("POST /a/b?c=d HTTP/1.1", "Host: example", "X-Two:  words here  ")
    assert parsed.method == "POST"
    assert parsed.target == "/a/b?c=d"
    assert parsed.headers == {"host": "example", "x-two": "words here"}
    assert not parsed.wants_websocket


def test_repeated_fields_are_joined() -> None:
    assert good("GET / HTTP/1.1", "A: 1", "a: 2").headers == {"a": "1, 2"}


@pytest.mark.parametrize(
    "lines",
    [
        ("GET /",),
        ("GET / HTTP/2.0",),
        ("GET  / HTTP/1.1",),
        ("GET / HTTP/1.1 ",),
        ("G(T / HTTP/1.1",),
        ("GET /a b HTTP/1.1",),
        ("GET / HTTP/1.1", "no colon"),
        ("GET / HTTP/1.1", "Space : before"),
        ("GET / HTTP/1.1", "A: 1", " folded"),
        ("GET / HTTP/1.1", ": nameless"),
        ("GET / HTTP/1.1", "A: nul\x00"),
        ("GET / HTTP/1.1", "A: line\nfeed"),
        ("",),
    ],
)
def test_what_is_not_a_head_is_none(lines: tuple[str, ...]) -> None:
    assert head(*lines) is None


def test_an_absolute_target_loses_its_authority() -> None:
    assert good("GET http://proxy.example:80/a?b HTTP/1.1").target == "/a?b"
    assert good("GET http://proxy.example HTTP/1.1").target == "/"


@pytest.mark.parametrize("connection", ["Upgrade", "upgrade", "keep-alive, Upgrade", "UPGRADE,x"])
def test_one_of_the_words_in_connection_is_enough(connection: str) -> None:
    assert good("GET / HTTP/1.1", "Upgrade: WebSocket", f"Connection: {connection}").wants_websocket


@pytest.mark.parametrize(
    "lines",
    [
        ("GET / HTTP/1.1", "Upgrade: websocket"),
        ("GET / HTTP/1.1", "Connection: Upgrade"),
        ("GET / HTTP/1.1", "Upgrade: h2c", "Connection: Upgrade"),
        ("POST / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade"),
        ("GET / HTTP/1.0", "Upgrade: websocket", "Connection: Upgrade"),
    ],
)
def test_what_is_no_upgrade(lines: tuple[str, ...]) -> None:
    assert not good(*lines).wants_websocket


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("c2l4dGVlbiBieXRlcy4uLg==", True),
        ("c2hvcnQ=", False),
        ("not base64 at all!", False),
        ("", False),
        ("é", False),
    ],
)
def test_a_key_is_sixteen_bytes(key: str, fits: bool) -> None:
    assert (good("GET / HTTP/1.1", f"Sec-WebSocket-Key: {key}").websocket_key is not None) == fits


@pytest.mark.parametrize(
    ("line", "has"),
    [
        ("Content-Length: 0", False),
        ("Content-Length: 5", True),
        ("Content-Length: x", True),
        ("Transfer-Encoding: chunked", True),
        ("Accept: */*", False),
    ],
)
def test_whether_a_body_follows(line: str, has: bool) -> None:
    assert good("GET / HTTP/1.1", line).has_body is has


def test_an_offer_to_upgrade_can_be_taken_out() -> None:
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nContent-Length: 1"
    assert without_upgrade(raw) == b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1"


def test_its_repr_shows_no_target_and_no_header() -> None:
    assert "secret" not in repr(good("GET /?token=secret HTTP/1.1", "KC-API-KEY: secret"))
