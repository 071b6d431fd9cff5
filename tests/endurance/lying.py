"""HTTP requests that end a connection, lie about their length, or want to be two.

Law: each is made by chance alone, and contains something new, so that hardly two are the same.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from raw_peer import KEY

_LINES: Final = (
    *(
        b"GET",
        b"GET /",
        b"GET / HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/2.0",
        b"GET / HTTP/0.9",
    ),
    *(b" GET / HTTP/1.1", b"GET / http/1.1", b"GET /\x00 HTTP/1.1", b"GET / HTTP/1.1 x"),
    *(b"GET\t/\tHTTP/1.1", b"\x16\x03\x01", b"PRI * HTTP/2.0\r\n\r\nSM", b"GET /\xff HTTP/1.1"),
    b"\r\n\r\n\r\nGET / HTTP/1.0",
)
_FIELDS: Final = (
    *(b"X", b": x", b"X : y", b"X: a\r\n b", b"X: \x00", b"X\x00: y", b"\xc3\xa9: y", b"(): 1"),
    *(b"X: y\nY: z", b"X: a\rb", b"Host: b", b"X:\x7f", b"X: " + b"y" * 20_000, b"A: 1\r\n" * 2000),
)
_LENGTHS: Final = (
    *("-1", "+1", "1e3", "0x10", "", "9" * 30, "1, 1", "1\r\nContent-Length: 2", "70000"),
)
_ENCODINGS: Final = (
    *("Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked"),
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    *("Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked, identity"),
    *("Transfer-Encoding: CHUNKED", "X: a\nTransfer-Encoding: chunked"),
)
_CHUNKS: Final = (
    *(b"x\r\n", b"-1\r\n", b"ffffffffffffffff\r\n", b"1\r\nab\r\n", b"1\na\n0\n\n", b"5\r\nab"),
    b"1;%b\r\na\r\n" % (b"x" * 9000),
    *(b"0" * 3000 + b"\r\n\r\n", b"10000\r\n" + b"x" * 70_000),
)
_UPGRADES: Final = (
    ("Upgrade: websocket", "Upgrade: websocket", "Upgrade: WebSocket, h2c", "Upgrade: x"),
    ("Connection: Upgrade", "Connection: keep-alive, upgrade", "Connection: close"),
    tuple(f"Sec-WebSocket-Version: {each}" for each in ("13", "13", "13", "8", "", "13, 8", "-1")),
    tuple(f"Sec-WebSocket-Key: {each}" for each in (KEY, KEY, KEY, "x", "", KEY * 2)),
    ("Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: a, b", "A: 1"),
    ("Origin: http://evil.example", "Content-Length: 5", "ApiKey: x", "B: 1", "ApiSign: \u00e9"),
)
_PATHS: Final = (
    *("/kraken-spot/v2", "/kraken-spot-auth/v2", "/kraken-futures/ws/v1", "/kraken-prime/ws/v1"),
    "/kucoin/",
)
_PUBLISH: Final = "/control/publish"


def request(
    method: str, target: str, body: bytes | None = None, *headers: str, host: str = "localhost"
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b"")


def _line(rng: Random) -> bytes:
    end = rng.choice((b"\r\n", b"\n", b"\r"))
    return rng.choice(_LINES) + end + b"Host: a\r\nX: %x\r\n\r\n" % rng.getrandbits(60)


def _field(rng: Random) -> bytes:
    line = b"GET /healthz?%x HTTP/1.1\r\nHost: a\r\n" % rng.getrandbits(60)
    return line + rng.choice(_FIELDS) + b"\r\n\r\n"


def _length(rng: Random) -> bytes:
    """A length that is none, or not that of the body."""
    said = rng.choice((rng.choice(_LENGTHS), str(rng.randrange(60))))
    head = request("POST", _fresh(_PUBLISH, rng), None, f"Content-Length: {said}")
    return head + b'{"venue":"kucoin","channel":"x"}'


def _smuggled(rng: Random) -> bytes:
    """Two framings of one body: a request that one reader sees and another does not."""
    hidden = request("GET", _fresh("/control/tally", rng))
    length = rng.choice((0, 5, len(hidden), len(hidden) + 5))
    headers = [f"Content-Length: {length}", rng.choice(_ENCODINGS)]
    rng.shuffle(headers)
    return request("POST", "/kucoin/api/v1/bullet-public", None, *headers) + b"0\r\n\r\n" + hidden


def _chunks(rng: Random) -> bytes:
    head = request("POST", _fresh(_PUBLISH, rng), None, "Transfer-Encoding: chunked")
    return head + rng.choice(_CHUNKS)


def _upgrade(rng: Random) -> bytes:
    """Refused, or let in; what follows is no frame."""
    headers = [rng.choice(each) for each in _UPGRADES]
    rng.shuffle(headers)
    target = _fresh(rng.choice(_PATHS), rng) + f"&token={rng.getrandbits(60):x}&connectId=%00%ff"
    return request("GET", target, None, *headers) + rng.choice((b"", b"\x81\x80abcd", b"x" * 50))


def _fresh(target: str, rng: Random) -> str:
    return f"{target}?{rng.getrandbits(60):x}"


LIES: Final[tuple[Callable[[Random], bytes], ...]] = (
    *(_line, _field, _length, _smuggled, _chunks, _upgrade, _upgrade),
)
