"""Frames and HTTP bodies as KuCoin documents them, with its own names.

https://www.kucoin.com/docs-new/websocket-api/base-info/introduction

Law 1: "ID is a unique string to mark the request": whatever JSON number or text a client used,
       the answer has it as text, digit for digit. So an id stays JSON all the way through.
Law 2: a peer's frame that is not of these shapes raises `UnreadableFrame`, and nothing else.
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder, encode

from venuewire.core.errors import UnreadableFrame
from venuewire.core.secrets import HIDDEN, excerpt

UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding a peer's JSON can raise: not JSON, not UTF-8, nested too deeply."""


# From a client.


class Request(Struct, rename="camel", gc=False):
    type: str = ""
    id: Raw = Raw()
    topic: str | None = None
    private_channel: bool | None = None
    response: bool | None = None


class Numbered(Struct, gc=False):
    """A frame of which only the id is wanted."""

    id: Raw = Raw()


_request: Final = Decoder(Request)
_numbered: Final = Decoder(Numbered)
_NUMBER: Final = b"-0123456789"


def read_request(payload: bytes) -> Request:
    try:
        return _request.decode(payload)
    except UNREADABLE:
        raise UnreadableFrame(excerpt(payload)) from None


def opening(id: Raw) -> bytes:
    """The beginning of the answer to a request: `{"id":"1",`, or `{` where there was no id.

    Raises `UnreadableFrame` for an id that is neither a text nor a number.
    """
    text = bytes(id)
    if text[:1] == b'"':
        return b'{"id":%b,' % text
    if not text or text == b"null":
        return b"{"
    if text[0] in _NUMBER:
        return b'{"id":"%b",' % text
    raise UnreadableFrame("an id is a text or a number")


def opening_of(payload: bytes) -> bytes:
    """The same for a frame that could not be read, or was not to be."""
    try:
        return opening(_numbered.decode(payload).id)
    except (*UNREADABLE, UnreadableFrame):
        return b"{"


def opening_with(id: str | None) -> bytes:
    """The same for what concerns the connection: its id."""
    return b"{" if id is None else b'{"id":%b,' % encode(id)


# To a client, behind an opening.


def welcome(opening: bytes) -> bytes:
    return opening + b'"type":"welcome"}'


def pong(opening: bytes, timestamp: bytes) -> bytes:
    """`timestamp` is in microseconds since the epoch."""
    return b'%b"type":"pong","timestamp":%b}' % (opening, timestamp)


def bare_pong(opening: bytes) -> bytes:
    return opening + b'"type":"pong"}'


def ack(opening: bytes) -> bytes:
    return opening + b'"type":"ack"}'


def error(opening: bytes, code: int, data: str) -> bytes:
    return b'%b"type":"error","code":%d,"data":%b}' % (opening, code, encode(data))


def message(topic: str, subject: str, data: bytes, user: str | None) -> bytes:
    """`data` is JSON already. A message for one user says so."""
    whose = b"" if user is None else b',"userId":%b,"channelType":"private"' % encode(user)
    return b'{"topic":%b,"type":"message","subject":%b,"data":%b%b}' % (
        encode(topic),
        encode(subject),
        data,
        whose,
    )


# To the venue. A client of ours always sends text ids and wants acks.


class Subscription(Struct, rename="camel", kw_only=True):
    id: str
    type: str
    topic: str
    private_channel: bool
    response: bool = True


def ping(id: int) -> bytes:
    return b'{"id":"%d","type":"ping"}' % id


# From the venue.


class Answer(Struct, gc=False):
    """Any frame of the venue's. `data` is what was published, or the text of an error."""

    type: str = ""
    id: str | int | float | None = None
    topic: str | None = None
    subject: str | None = None
    code: int | str | None = None
    data: Raw = Raw(b"null")


_answer: Final = Decoder(Answer)


def read_answer(payload: bytes) -> Answer:
    try:
        return _answer.decode(payload)
    except UNREADABLE:
        raise UnreadableFrame(excerpt(payload)) from None


class Numbers(Struct, rename="camel", gc=False):
    """How a published change of a book is numbered; numbers come as text too."""

    sequence: int | str | None = None
    """Futures: of this one change."""
    sequence_start: int | str | None = None
    """Spot: of the first and the last of several changes."""
    sequence_end: int | str | None = None


_numbers: Final = Decoder(Numbers)


def read_numbers(data: Raw) -> tuple[int | None, int | None]:
    """The first and the last number of a message; None where they make no sense.

    In whatever order: the page on the book has an example with `"sequenceStart":19,
    "sequenceEnd":15`, whose changes are numbered from 15 to 19.
    """
    try:
        found = _numbers.decode(data)
    except UNREADABLE:
        return None, None
    first, last = number(found.sequence_start), number(found.sequence_end)
    if first is None or last is None:
        return None, number(found.sequence)
    return (first, last) if first <= last else (last, first)


LONGEST_NUMBER: Final = 18
"""Digits."""


def number(text: str | int | None) -> int | None:
    """A whole number not below 0, also where it came as text; None for anything else."""
    if isinstance(text, str):
        whole = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
        return int(text) if whole else None
    return text if text is not None and text >= 0 else None


# HTTP bodies.


class InstanceServer(Struct, rename="camel", kw_only=True):
    endpoint: str
    encrypt: bool = True
    protocol: str = "websocket"
    ping_interval: float
    """Milliseconds."""
    ping_timeout: float
    """Milliseconds."""


class Grant(Struct, rename="camel"):
    token: str
    instance_servers: list[InstanceServer]

    def __repr__(self) -> str:
        return f"Grant({HIDDEN}, {self.instance_servers})"


class TokenReply(Struct):
    """Success is HTTP 200 and `"code":"200000"`; then there is `data`, otherwise `msg`."""

    code: str
    data: Grant | None = None
    msg: str = ""


SUCCESS: Final = "200000"

_token_reply: Final = Decoder(TokenReply)


def read_token_reply(body: bytes) -> TokenReply:
    try:
        return _token_reply.decode(body)
    except UNREADABLE:
        raise UnreadableFrame(excerpt(body)) from None


def granted(token: str, server: InstanceServer) -> bytes:
    data = Grant(token, [server])
    return b'{"code":"200000","data":%b}' % encode(data)


def refused(code: str, msg: str) -> bytes:
    return encode({"code": code, "msg": msg})
