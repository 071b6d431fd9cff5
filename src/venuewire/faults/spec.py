"""The text form of a fault, as it is typed and configured.

    half-open                               from now on
    half-open@30                            30 seconds from now
    half-open@30+60                         and for 60 seconds, then no more
    latency:seconds=0.2,jitter=0.1          with parameters
    kucoin/http-429:retry_after=7,times=2   at one venue only

In the value of a text `%`, `,` and `@` are written `%25`, `%2C` and `%40`. Law: what is printed
is read as the same value again.
"""

import re
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from venuewire.core.errors import ConfigurationError
from venuewire.faults.catalog import fault_named, parameters
from venuewire.faults.fault import LONGEST, Fault

_NUMBER: Final = r"\d{1,7}(?:\.\d{1,400})?"
_WINDOW: Final = re.compile(rf"({_NUMBER})(?:\+({_NUMBER}))?", re.ASCII)
_HEAD: Final = re.compile(r"(?:([a-z0-9._-]+)/)?([a-z0-9-]+)", re.ASCII)
_ESCAPED: Final = str.maketrans({"%": "%25", ",": "%2C", "@": "%40"})


class Spec(Struct, frozen=True):
    fault: Fault
    after: float = 0.0
    """Seconds until it begins."""
    lasting: float | None = None
    """Seconds until it is over; None means never."""
    venue: str | None = None
    """None means every venue where it makes sense."""

    def __str__(self) -> str:
        where = "" if self.venue is None else f"{self.venue}/"
        return f"{where}{self.fault.name}{_parameters(self.fault)}{self._window()}"

    def _window(self) -> str:
        if self.lasting is not None:
            return f"@{_number(self.after)}+{_number(self.lasting)}"
        return f"@{_number(self.after)}" if self.after else ""


def parse(text: str) -> Spec:
    """Raises `ConfigurationError`, which names what is wrong and lists what there is."""
    body, at, window = text.rpartition("@")
    after, lasting = _read_window(window, text) if at else (0.0, None)
    head, colon, listed = (body if at else window).partition(":")
    match = _HEAD.fullmatch(head)
    if match is None or (colon and not listed):
        raise ConfigurationError(
            f"fault: {text[:80]!r} is not [VENUE/]NAME[:PARAMETER=VALUE,...][@AFTER[+LASTING]]"
        )
    fault = _build(fault_named(match[2]), listed)
    return Spec(fault, after, lasting, match[1])


def _read_window(window: str, text: str) -> tuple[float, float | None]:
    match = _WINDOW.fullmatch(window)
    if match is None or float(match[1]) > LONGEST or float(match[2] or 0) > LONGEST:
        raise ConfigurationError(
            f"fault: {text[:80]!r}: behind @ stand seconds, such as @30 or @30+60"
        )
    return float(match[1]), None if match[2] is None else float(match[2])


def _build(kind: type[Fault], listed: str) -> Fault:
    known, given = parameters(kind), dict[str, Any]()
    for pair in filter(None, listed.split(",")):
        name, equals, value = pair.partition("=")
        if name not in known:
            there = ", ".join(known) or "no parameters at all"
            raise ConfigurationError(f"fault: {kind.name} has no {name[:40]!r}; it has {there}")
        if not equals or name in given:
            raise ConfigurationError(f"fault: {kind.name}: {name} is said once, as {name}=VALUE")
        given[name] = unquote(value)
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"fault: {kind.name}: {error}") from None


def _parameters(fault: Fault) -> str:
    said = [
        f"{name}={_value(getattr(fault, name))}"
        for name, field in parameters(type(fault)).items()
        if getattr(fault, name) != field.default
    ]
    return ":" + ",".join(said) if said else ""


def _value(value: object) -> str:
    return _number(value) if isinstance(value, float) else str(value).translate(_ESCAPED)


def _number(value: float) -> str:
    """Without an exponent, whose sign would be read as something else."""
    text = f"{Decimal(repr(value)):f}"
    return text.removesuffix(".0")
