"""The frames of Kraken Prime's WebSocket, in both directions, with the documentation's names.

https://docs.kraken.com/institutional/api-reference/prime-websocket

Law 1: what must come back as it came (`reqid`, `data`, `tag`) is never decoded to a number or a
       dict: it stays the bytes it was, so key order, big integers and decimals survive.
Law 2: the envelope is lower-case, domain fields are Pascal-case, decimals are strings.
Law 3: only error code 1 is published; all others here are invented, from 1000 upwards.
"""

import re
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a peer's bytes may raise: not JSON, not this shape, not UTF-8, too deep."""

ABSENT: Final = Raw()


# What a client sends.


class Request(Struct, gc=False):
    """Any request: one decode, whatever it turns out to be."""

    type: str = ""
    reqid: Raw = ABSENT
    ts: Any = None
    data: Raw = ABSENT
    streams: Raw = ABSENT
    tag: Raw = ABSENT


class Stream(Struct, frozen=True):
    """An element of `streams`. Its other fields (`Depth`, `Throttle`) are not looked at."""

    name: str
    symbol: str | None = field(default=None, name="Symbol")

    @property
    def channel(self) -> str:
        return f"{self.name}:{self.symbol}" if self.symbol else self.name


class Element(Struct, gc=False):
    """An object, whatever is in it."""


requests: Final = msgspec.json.Decoder(Request)
elements: Final = msgspec.json.Decoder(list[Element] | None)
streams: Final = msgspec.json.Decoder(list[Stream])

COMMANDS: Final = (
    "NewOrderSingle",
    "OrderCancelRequest",
    "OrderCancelReplaceRequest",
    "OrderControlRequest",
    "QuoteRequest",
    "UserConfig",
)
"""Requests for trading, which is not what a session is about."""


# Which streams there are, and who may hear them.

PUBLIC_STREAMS: Final = frozenset({"Security", "MarketDataSnapshot"})
PRIVATE_STREAMS: Final = frozenset(
    {"Order", "ExecutionReport", "Trade", "Quote", "Balance", "Exposure", "CurrencyConversion"}
)
_USER_STREAM: Final = re.compile(r"User[A-Za-z]{0,60}")


def is_public(name: str) -> bool:
    return name in PUBLIC_STREAMS


def is_stream(name: str) -> bool:
    return name in PUBLIC_STREAMS or name in PRIVATE_STREAMS or bool(_USER_STREAM.fullmatch(name))


# What the venue sends.


class ErrorDetail(Struct, frozen=True):
    code: int | None = None
    msg: str = ""


class Frame(Struct):
    """Anything the venue says, as a client reads it."""

    type: str = ""
    reqid: int | None = None
    seqNum: int | None = None  # noqa: N815 - the venue's own name
    seq: int | None = None
    initial: bool = False
    data: Raw = ABSENT
    error: ErrorDetail | None = None


frames: Final = msgspec.json.Decoder(Frame)


def refusal(code: int, msg: str) -> bytes:
    """The `error` object of an error."""
    return msgspec.json.encode(ErrorDetail(code, msg))


MISSING_PING_DATA: Final = refusal(1, "missing Ping data")

# Invented.
MALFORMED: Final = refusal(1000, "malformed message")
UNKNOWN_TYPE: Final = refusal(1001, "unknown type")
BAD_REQID: Final = refusal(1002, "reqid must be a whole number above 0")
BAD_PING_DATA: Final = refusal(1003, "Ping data must be a list of objects")
BAD_PING_TS: Final = refusal(1004, "missing Ping ts")
LIVE_REQID: Final = refusal(1005, "reqid names a live subscription")
BAD_STREAMS: Final = refusal(1006, "streams must be a non-empty list of objects with a name")
UNKNOWN_STREAM: Final = refusal(1007, "unknown stream")
AUTHENTICATION_REQUIRED: Final = refusal(1008, "authentication required")
TOO_MANY_SUBSCRIPTIONS: Final = refusal(1009, "too many subscriptions")
TOO_LARGE: Final = refusal(1010, "subscription too large")
UNKNOWN_SUBSCRIPTION: Final = refusal(1011, "reqid names no live subscription")
UNSUPPORTED: Final = refusal(1012, "unsupported")
TOO_MANY_REQUESTS: Final = refusal(1013, "too many requests")


def pong_template(seq_num: int | None) -> bytes:
    """To be filled with `reqid`, `ts` and `data`."""
    numbered = b"" if seq_num is None else b'"seqNum":%d,' % seq_num
    return b'{"reqid":%b,"type":"Pong",' + numbered + b'"ts":"%b","data":%b}'


def error(reqid: bytes, seq: int, ts: bytes, detail: bytes) -> bytes:
    """ "Error responses use `seq` (not `seqNum`)". An empty `reqid` is left out."""
    named = b'"reqid":%b,' % reqid if reqid else b""
    return b'{%b"type":"error","seq":%d,"ts":"%b","error":%b}' % (named, seq, ts, detail)


def hello(ts: bytes, session_id: str) -> bytes:
    return b'{"type":"hello","ts":"%b","session_id":"%b"}' % (ts, session_id.encode("ascii"))


class StreamMessage(Struct, frozen=True):
    """A message of a stream without what differs between its hearers."""

    head: bytes
    tail: bytes

    def to(self, reqid: bytes, seq_num: int, tag: bytes) -> bytes:
        """The frame for one hearer; `tag` is the whole member with its comma, or empty."""
        return b'{"reqid":%b,%b"seqNum":%d,%b%b' % (reqid, self.head, seq_num, tag, self.tail)


def stream_message(
    name: str, ts: bytes, data: bytes, *, initial: bool = False, members: bytes = b""
) -> StreamMessage:
    """`data` is the JSON of the list; `members` are further members, each with its comma."""
    first = b'"initial":true,' if initial else b""
    head = b'"type":%b,"ts":"%b",%b' % (encode(name), ts, first)
    return StreamMessage(head, b'%b"data":%b}' % (members, data))


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def inside(text: str) -> bytes:
    """What stands between the quotes of a JSON string."""
    return encode(text)[1:-1]
