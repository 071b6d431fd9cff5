"""One HTTP connection of the fuzzer, as the requests it sends: such as leave the connection usable,
and then perhaps one that does not.

Law 1: a conversation is its seed.
Law 2: orders that would rightly disturb a witness (cuts, faults, time) are given to `VICTIM` alone,
       at which there is no witness: in them the venue's name is either that, or no venue's. What
       they do there must be noticed nowhere else.
"""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from endurance.lying import LIES, request
from endurance.values import Variation, values, variations

VICTIM: Final = "kucoin-futures"
MOST_REQUESTS: Final = 120
"""Of a connection."""

Question: TypeAlias = tuple[bytes, bytes]
"""Twice the same: there is no mask."""
_Order: TypeAlias = tuple[str, str, dict[str, Any]]

_VENUES: Final = ("kraken-spot", "kraken-futures", "kraken-prime", "kucoin", VICTIM)
_TOKENS: Final = (
    "/kraken-spot/0/private/GetWebSocketsToken",
    *("/kucoin/api/v1/bullet-public", "/kucoin/api/v1/bullet-private"),
)
_VICTIMS: Final = tuple(f"/{VICTIM}/api/v1/bullet-{whose}" for whose in ("public", "private"))
"""May never answer, which holds up whatever is asked on the same connection afterwards."""
_DOORS: Final = (
    *("/kraken-spot/v2", "/kraken-spot-auth/v2", "/kraken-futures/ws/v1", "/kraken-prime/ws/v1"),
    *("/kucoin/", "/kucoin-futures/?token=x", "/v2", "/ws/v1", "/api/v1/bullet-public"),
)
_READ: Final = (
    *("/control/notifications", "/control/accounts", "/control/sessions", "/control/faults"),
    *("/control/journal", "/control/tally", "/control/state", "/control/openapi.json"),
    *("/healthz", "/", "/metrics", "/nothing/here", "/control/nothing"),
)
_HOSTS: Final = (
    *("localhost", "127.0.0.1", "ws.kraken.com", "ws-auth.kraken.com", "futures.kraken.com"),
    *("api.kraken.com", "api.kucoin.com", "api-futures.kucoin.com", "wss.prime.kraken.com"),
    *("evil.example", "localhost:1", "[::1]", "[", "a@b", "localhost.", "LOCALHOST", "0", ""),
)
_ODD_IN_PATHS: Final = (
    *("/", "//", "/./", "/../", "%2f", "%2e%2e/", "%00", "%ff", "%", "%u0041", "%c0%af", "%25"),
    *(";a=b", "?", "??", "\\", "~", "@", "a", "*", "&", "=", "!", "$", "'", "|", "{", "^", ":80"),
)
_METHODS: Final = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "PURGE",
    "get",
    "Post",
    "G",
    "GETT",
    "M-SEARCH",
]

_ORDERS: Final[tuple[_Order, ...]] = (
    (
        "POST",
        "publish",
        {"venue": "kraken-spot", "channel": "ticker:BTC/USD", "payload": {"last": 1.5}},
    ),
    (
        "POST",
        "publish",
        {"venue": "kraken-spot", "channel": "executions", "payload": [{}], "account": "demo"},
    ),
    (
        "POST",
        "publish",
        {
            "venue": "kraken-futures",
            "channel": "book:PI_XBTUSD",
            "payload": {"side": "sell", "seq": 3, "price": 34912.0, "qty": 0.0},
        },
    ),
    (
        "POST",
        "publish",
        {
            "venue": "kraken-futures",
            "channel": "trade:PI_XBTUSD",
            "payload": {"uid": "u", "side": "sell", "price": 1, "qty": 2, "time": 3, "seq": 4},
        },
    ),
    (
        "POST",
        "publish",
        {"venue": "kraken-prime", "channel": "Security:A-B", "payload": [{"Symbol": "A-B"}]},
    ),
    (
        "POST",
        "publish",
        {
            "venue": "kucoin",
            "channel": "/market/level2:BTC-USDT",
            "payload": {"sequenceStart": 1, "sequenceEnd": 2},
            "subject": "trade.l2update",
        },
    ),
    (
        "POST",
        "notify",
        {
            "note": "soon",
            "type": "maintenance",
            "priority": "high",
            "effective_time": 1700000000000,
            "expected_downtime_minutes": 5,
            "venue": "kraken-futures",
        },
    ),
    (
        "POST",
        "accounts",
        {
            "name": "fuzz-1",
            "venue": "kucoin",
            "permissions": ["general"],
            "credentials": {"api_key": "fuzz-key", "api_secret": "Zg==", "passphrase": "p"},
        },
    ),
    ("POST", "drain", {"draining": False}),
)
_HARMFUL: Final[tuple[_Order, ...]] = (
    ("POST", "cut", {"venue": VICTIM, "session": 3, "code": 1001, "reason": "x", "abort": False}),
    ("POST", "age", {"venue": VICTIM, "seconds": 3600.5, "session": 3}),
    ("POST", "clock", {"venue": VICTIM, "seconds": 60}),
    *(
        ("POST", "faults", {"venue": VICTIM, "fault": fault})
        for fault in (
            *("half-open@0+1", "http-429:retry_after=7", "token-slow", "mute-pongs@1+1"),
            *("latency:seconds=0.1", "token-garbled", "clock-jump:seconds=50", "token-down"),
        )
    ),
)
"""Only their fields are spoiled: an order without a body would be for everybody."""
_QUERIES: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("GET", "notifications", {"venue": "kraken-futures"}),
    ("DELETE", "notifications", {"id": "1", "venue": "kraken-futures"}),
    ("GET", "accounts", {"venue": "kucoin"}),
    ("DELETE", "accounts", {"name": "fuzz-1", "venue": "kucoin", "key": "1f2e3d4c5b6a7988"}),
    ("DELETE", "accounts", {"name": "fuzz-1", "venue": "kucoin"}),
    ("GET", "sessions", {"venue": "kraken-spot", "after": "1", "limit": "10"}),
    ("GET", "journal", {"venue": "kucoin", "after": "1", "limit": "10"}),
    ("DELETE", "faults", {"id": "1"}),
    ("DELETE", "faults", {}),
)


def _said(orders: tuple[_Order, ...]) -> list[tuple[str, list[Variation]]]:
    return [(path, variations(order)) for _, path, order in orders]


_SPOILED: Final = _said(_ORDERS)
_VALUES: Final = values(Random("http"))


def questions(rng: Random) -> Iterator[list[Question]]:
    """All that is asked on one connection."""
    for _ in range(rng.randrange(MOST_REQUESTS)):
        kind = rng.choices(_POLITE, _WEIGHTS)[0]
        yield [_twice(kind(rng))]
    if rng.random() < 0.7:
        yield [_twice(rng.choice(_LAST)(rng))]


def _twice(request: bytes) -> Question:
    return request, request


def _number(rng: Random) -> str:
    return f"{rng.getrandbits(40):x}"


def _value(rng: Random) -> bytes:
    if rng.random() < 0.5:
        return b'"%x"' % rng.getrandbits(60) if rng.random() < 0.5 else b"%d" % rng.getrandbits(60)
    return rng.choice(_VALUES)


# Requests after which the connection can be used again.


def _order(rng: Random) -> bytes:
    path, around = rng.choice(_SPOILED)
    each = rng.choice(around)
    return request("POST", f"/control/{path}", each.head + _value(rng) + each.tail)


def _harm(rng: Random) -> bytes:
    _, path, order = rng.choice(_HARMFUL)
    body = json.dumps(order).encode()
    field = rng.choice(list(order))
    if field != "venue" and rng.random() < 0.8:
        said = json.dumps({field: order[field]}).encode()[1:-1]
        name = json.dumps(field).encode()
        body = body.replace(said, name + b": " + _value(rng), 1)
    elif rng.random() < 0.3:
        body = body.replace(VICTIM.encode(), _number(rng).encode())
    return request("POST", f"/control/{path}", body)


def _query(rng: Random) -> bytes:
    method, path, query = rng.choice(_QUERIES)
    parameters = [(name, quote(value)) for name, value in query.items()]
    if parameters and method != "DELETE":
        place = rng.randrange(len(parameters))
        odd = rng.choice(
            (quote(_value(rng)[:200]), "%", "%zz", "%00", "%ff", "+", "", "1&1", "a=b")
        )
        name = parameters[place][0]
        parameters[place] = rng.choice([(name, odd), (f"x{_number(rng)}", odd), (name, name)])
    elif parameters and rng.random() < 0.5:
        parameters[0] = (parameters[0][0], f"fuzz-{rng.randrange(9)}")
    text = "&".join(f"{name}={value}" for name, value in parameters)
    return request(method, f"/control/{path}?{text}")


def _token(rng: Random) -> bytes:
    names = ["KC-API-KEY", "KC-API-SIGN", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE", "API-Key"]
    names += ["API-Sign", "KC-API-KEY-VERSION"]
    known = ("2", "3", "demo-kraken-spot", "1700000000000", "Zg==", "\u00e9", "", "x" * 300)
    chosen = rng.sample(names, k=rng.randrange(len(names)))
    headers = [f"{name}: {rng.choice((*known, _number(rng)))}" for name in chosen]
    nonce = rng.choice((_number(rng), "1", "-1", "99999999999999999999", "\u0661", "1&nonce=2"))
    body = f"nonce={nonce}&x={_number(rng)}".encode()
    return request("POST", rng.choice(_TOKENS), body, *headers, host=rng.choice(_HOSTS[:9]))


def _path(rng: Random) -> bytes:
    path = rng.choice((*_TOKENS, *_DOORS, *_READ))
    place = rng.randrange(len(path) + 1)
    odd = rng.choice(_ODD_IN_PATHS)
    tail = rng.choice(("", f"?{_number(rng)}", f"?token={_number(rng)}", f"&{_number(rng)}"))
    before = rng.choice(("", "", "", "http://localhost", "HTTPS://evil.example:1", "http:", "x:"))
    return request("GET", before + path[:place] + odd + path[place:] + tail)


def _header(rng: Random) -> bytes:
    odd = (
        f"X-{_number(rng)}: {_number(rng)}",
        f"X: {'x' * rng.randrange(4000)}",
        f"Cookie: {_number(rng)}\r\nCookie: {_number(rng)}",
        "Origin: http://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        f"X-Forwarded-For: {_number(rng)}",
        "Forwarded: for=1.2.3.4",
        f"Authorization: Bearer {_number(rng)}",
        "Authorization: Basic \u00e9",
        "Accept-Encoding: gzip;q=NaN",
        "Expect: 100-continue",
        "Connection: keep-alive, Upgrade",
        "Upgrade: h2c",
        "Upgrade: websocket",
        "Range: bytes=0-99999999999",
        "If-None-Match: *",
        "Content-Type: application/json; charset=utf-7",
        "Content-Encoding: gzip",
        "A:",
        "!#$%&'*+-.^_`|~: 1",
        f"X: \t {_number(rng)}\t ",
    )
    chosen = rng.choices(odd, k=rng.randrange(1, 6))
    return request("GET", rng.choice((*_READ, *_DOORS)), None, *chosen, host=rng.choice(_HOSTS))


def _method(rng: Random) -> bytes:
    method = rng.choice(_METHODS)
    target = rng.choice((*_READ[:1], *_READ[2:3], *_READ[4:], *_DOORS))
    return request(method, f"{target}?{_number(rng)}", b"" if rng.random() < 0.5 else None)


def _chunks(rng: Random) -> bytes:
    """Well made, if odd."""
    pieces = [_value(rng)[:300] for _ in range(rng.randrange(5))]
    extension = rng.choice(("", ";a=b", f";{_number(rng)}", ';x="y"'))
    said = b"".join(
        f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n" for piece in pieces if piece
    )
    trailer = rng.choice((b"", b"X-Trailer: 1\r\n"))
    head = request(
        "POST", rng.choice(("/control/publish", *_TOKENS)), None, "Transfer-Encoding: chunked"
    )
    return head + said + b"0\r\n" + trailer + b"\r\n"


_POLITE: Final[tuple[Callable[[Random], bytes], ...]] = (
    *(_order, _harm, _query, _token, _path, _header, _method, _chunks),
)
_WEIGHTS: Final = (34, 8, 18, 24, 1, 1, 1, 6)
"""Odd paths, headers and methods often enough end the connection that they may not be many."""


# Requests that may be the last of a connection.


def _victims_token(rng: Random) -> bytes:
    return request("POST", rng.choice(_VICTIMS), _number(rng).encode())


def _half(rng: Random) -> bytes:
    whole = rng.choice((_order, _token, _chunks))(rng)
    return whole[: rng.randrange(1, len(whole))]


_LAST: Final = (*LIES, *(_half, _path, _path, _header, _method, _victims_token))
