"""What an operator has Kraken Spot say, read and put into the venue's form.

Law 1: the payload is the whole message (an object with `channel`) or its `data`; either way what
       is sent is a whole message, with every number as it was written.
Law 2: a `symbol` left out is filled in; one that contradicts the channel is an error.
Law 3: items that name the channel's variant (`interval` of ohlc) are for its subscribers only.
"""

import re
from typing import Any, Final, TypeAlias, get_args

from msgspec import Raw, Struct
from msgspec.json import Decoder, decode, encode

from venuewire.core.errors import LocalProtocolError
from venuewire.venues.kraken_spot.channels import CHANNELS, Channel, Variant
from venuewire.venues.kraken_spot.wire import System

_SYMBOL: Final = re.compile(r"[A-Za-z0-9.]{1,20}/[A-Za-z0-9.]{1,20}")
_Value: TypeAlias = dict[str, Raw] | list[dict[str, Raw]]
_value: Final[Decoder[_Value]] = Decoder(dict[str, Raw] | list[dict[str, Raw]])


class Spoken(Struct, frozen=True):
    frame: bytes
    data: list[dict[str, Raw]] | dict[str, Raw]
    variants: tuple[Variant, ...]
    """Whose subscribers are meant."""


def channel_of(text: str) -> tuple[Channel, str]:
    """`ticker:BTC/USD` as a channel and a symbol. Raises `LocalProtocolError`."""
    name, colon, symbol = text.partition(":")
    channel = CHANNELS.get(name)
    if channel is None:
        known = ", ".join((*CHANNELS, "status"))
        raise LocalProtocolError(
            f"Kraken Spot has no channel {name!r} to publish on; it has {known}"
        )
    if channel.by_symbol and not _SYMBOL.fullmatch(symbol):
        raise LocalProtocolError(f"{name} is published symbol by symbol, such as {name}:BTC/USD")
    if colon and not channel.by_symbol:
        raise LocalProtocolError(f"{name} takes no symbol")
    return channel, symbol


def spoken(channel: Channel, symbol: str, payload: bytes) -> Spoken:
    """Raises `LocalProtocolError`, which says what is wrong with the payload."""
    value = _read(channel.name, payload)
    message: dict[str, Any] = {"channel": channel.name, "type": "update"}
    if isinstance(value, dict) and "channel" in value:
        message |= value
        if decode(value["channel"]) != channel.name:
            raise LocalProtocolError(
                f"the payload is a message of a channel other than {channel.name}"
            )
        value = _read(f"data of {channel.name}", bytes(value.get("data", b"")))
    if not channel.listed:
        if isinstance(value, list):
            raise LocalProtocolError(f"data of {channel.name} is an object, not a list")
        return Spoken(encode({**message, "data": value}), value, channel.variants)
    items = value if isinstance(value, list) else [value]
    if channel.by_symbol:
        items = [_with_symbol(item, symbol) for item in items]
    return Spoken(encode({**message, "data": items}), items, _variants(channel, items))


def state_of(channel: Channel, value: bytes) -> list[dict[str, Raw]] | dict[str, Raw]:
    """The `data` that was last published. Raises `LocalProtocolError`."""
    state = _read(channel.name, value)
    if isinstance(state, list) is not channel.listed:
        raise LocalProtocolError(f"data of {channel.name} has another form")
    return state


def system_of(payload: bytes) -> System:
    """What a publication on `status` says of the venue. Raises `LocalProtocolError`."""
    value = _read("status", payload)
    if isinstance(value, dict) and "data" in value:
        value = _read("data of status", bytes(value["data"]))
    items = value if isinstance(value, list) else [value]
    texts = [decode(item["system"]) for item in items if "system" in item]
    for system in get_args(System):
        if texts == [system]:
            return system  # type: ignore[no-any-return]
    raise LocalProtocolError(f"status: `system` is one of {', '.join(get_args(System))}")


def _read(what: str, payload: bytes) -> _Value:
    try:
        decode(payload)  # All of it: what stays raw is only skimmed.
        return _value.decode(payload)
    except (ValueError, RecursionError) as error:
        raise LocalProtocolError(
            f"{what}: an object or a list of objects is expected: {error}"
        ) from None


def _with_symbol(item: dict[str, Raw], symbol: str) -> dict[str, Raw]:
    stated = item.get("symbol")
    if stated is not None and decode(stated) != symbol:
        raise LocalProtocolError(f"an item is not about {symbol}")
    return {"symbol": Raw(encode(symbol)), **item}


def _variants(channel: Channel, items: list[dict[str, Raw]]) -> tuple[Variant, ...]:
    if not channel.variant:
        return channel.variants
    stated = {bytes(item[channel.variant]) for item in items if channel.variant in item}
    meant = tuple(v for v in channel.variants if not stated or encode(v) in stated)
    if not meant:
        raise LocalProtocolError(f"{channel.variant} is one of {channel.variants}")
    return meant
