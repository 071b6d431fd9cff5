"""RFC 6455, section 4.1: the key is "a nonce consisting of a randomly selected 16-byte value that
has been base64-encoded"."""

from base64 import b64encode

import pytest

from venuewire.transport.request_head import parse_head


@pytest.mark.parametrize(("size", "good"), [(0, False), (15, False), (16, True), (17, False)])
def test_a_key_is_sixteen_bytes(size: int, good: bool) -> None:
    key = b64encode(bytes(size))
    head = parse_head(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: " + key)
    assert head is not None
    assert head.websocket_key == (key.decode() if good else None)
