"""Frames as Kraken Spot v2 writes them, both ways.

Law 1: what a client sends is read by strict types, what the venue sends by lenient ones.
Law 2: a `req_id` is an integer of any size; it is never a float, and never cut to 64 bits.
Law 3: a symbol in hot structs is all that is read of a channel message.

Source: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/ping and its siblings.
"""

from typing import Final, Literal, TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder

System: TypeAlias = Literal["online", "cancel_only", "maintenance", "post_only"]

HEARTBEAT: Final = b'{"channel":"heartbeat"}'
NOTHING: Final = Raw(b"")

# What a client says.


class Request(Struct, gc=False):
    """`params` is left unread until the method is known: a ping has none."""

    method: str
    req_id: int | UnsetType = UNSET
    """ "Optional client originated request identifier sent as acknowledgment in the response." """
    params: Raw = NOTHING


class Params(Struct):
    """Of `subscribe` and `unsubscribe`."""

    channel: str
    symbol: list[str] | UnsetType = UNSET
    snapshot: bool | UnsetType = UNSET
    token: str | UnsetType = UNSET
    depth: int | UnsetType = UNSET
    interval: int | UnsetType = UNSET
    event_trigger: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"Params({self.channel})"  # The token stays unseen.


# What the venue says, as the venue writes it: keys in alphabetical order, as in recordings.


class Result(Struct, kw_only=True):
    channel: str
    depth: int | str | UnsetType | None = UNSET
    event_trigger: int | str | UnsetType | None = UNSET
    interval: int | str | UnsetType | None = UNSET
    snapshot: bool | UnsetType = UNSET
    symbol: str | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET


class Reply(Struct, kw_only=True):
    channel: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    method: str
    req_id: Raw | UnsetType = UNSET
    """Raw, because an encoder refuses integers beyond 64 bits."""
    result: Result | UnsetType = UNSET
    status: str | UnsetType = UNSET
    success: bool
    symbol: str | UnsetType = UNSET
    time_in: str
    """ "The timestamp when the request was received on the wire, just prior to parsing data." """
    time_out: str
    """ "The timestamp when the response was sent on the wire, just prior to transmitting data." """


class Engine(Struct, kw_only=True):
    """The state of the venue, in `data` of the `status` channel."""

    api_version: str = "v2"
    connection_id: int
    """Above 2^63 in the documented example: no client may read it as a signed 64-bit integer."""
    emergency: list[str] | UnsetType = UNSET
    """Recorded, not documented."""
    system: System
    upcoming_maintenance: list[str] | UnsetType = UNSET
    """Recorded, not documented."""
    version: str


class Status(Struct, kw_only=True):
    channel: Literal["status"] = "status"
    type: Literal["update"] = "update"
    data: tuple[Engine]


# What the venue says, as a client reads it.


class Item(Struct, gc=False):
    symbol: str = ""


class ChannelMessage(Struct, gc=False):
    channel: str
    type: str = "update"
    data: list[Item] = []


class Echo(Struct):
    """As much of a reply's `result` as says what was agreed."""

    channel: str = ""
    symbol: str = ""


class FromVenue(Struct):
    """Any frame at all."""

    channel: str = ""
    type: str = "update"
    data: Raw = NOTHING
    method: str = ""
    req_id: int | None = None
    success: bool | None = None
    error: str = ""
    Error: str = ""
    """The prose on message rates spells it so."""
    symbol: str = ""
    result: Echo | None = None


class EngineSeen(Struct):
    system: str = ""


class Grant(Struct):
    """The reply to GetWebSocketsToken."""

    error: list[str] = []
    result: "Token | None" = None


class Token(Struct):
    token: str
    expires: float = 0.0
    """Seconds within which it must be used."""

    def __repr__(self) -> str:
        return "Token(***)"


read_request: Final = Decoder(Request).decode
read_params: Final = Decoder(Params).decode
read_message: Final = Decoder(ChannelMessage).decode
read_any: Final = Decoder(FromVenue).decode
read_engine: Final = Decoder(list[EngineSeen]).decode
read_grant: Final = Decoder(Grant).decode
