"""What is typed on the command line, as values.

Law: what cannot work is refused before anything is opened, with a text that says what would.
"""

import math
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

from venuewire.cli.outcome import WrongUsage
from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Credentials, redact_url
from venuewire.core.venue import Venue
from venuewire.venues import venue as venue_named
from venuewire.venues import venues as all_venues

ALL: Final = "all"
DEFAULT_BASE: Final = "http://127.0.0.1:9010"
"""Of a local venue that was told nothing else."""
CONTROL_VARIABLE: Final = "VENUEWIRE_CONTROL_TOKEN"
"""In the environment: what lets other machines give orders to a local venue."""
CONTROL_FILE_VARIABLE: Final = "VENUEWIRE_CONTROL_TOKEN_FILE"
"""In its place: the file which says that."""
_LONGEST_TOKEN_FILE: Final = 4096
"""Characters that are read of it: more than any token has."""
Pairs: TypeAlias = dict[str, list[str]]
"""What was said about each venue, in the order it was said."""

_SECRETS: Final = {
    "api_key": "API_KEY",
    "api_secret": "API_SECRET",
    "passphrase": "PASSPHRASE",
}


def chosen_venues(names: Iterable[str]) -> list[Venue]:
    """Each once, in the order they were named; `all` is every venue there is."""
    found: dict[str, Venue] = {}
    for name in names:
        found |= all_venues() if name == ALL else {name: one_venue(name)}
    return list(found.values())


def one_venue(name: str) -> Venue:
    try:
        return venue_named(name)
    except ConfigurationError as error:
        raise WrongUsage(str(error)) from None


def by_venue(option: str, texts: Iterable[str], sign: str, venues: Iterable[Venue]) -> Pairs:
    """`VENUE=URL` or `VENUE:CHANNEL`, repeated, for these venues."""
    known = [venue.name for venue in venues]
    pairs: Pairs = {}
    for text in texts:
        name, found, value = text.partition(sign)
        if not found or not value:
            raise WrongUsage(f"{option} {text!r}: VENUE{sign}... is expected")
        if name not in known:
            raise WrongUsage(f"{option} {text!r}: {name!r} is not watched; {', '.join(known)}")
        pairs.setdefault(name, []).append(value)
    return pairs


def venue_url(venue: Venue, text: str) -> str:
    """Where that venue is to be reached, in place of the real one."""
    parts = _split(text)
    schemes = ("http", "https") if venue.http_based else ("ws", "wss")
    if parts is None or not parts.hostname or parts.scheme not in schemes:
        example = f"{schemes[0]}://127.0.0.1:9010{venue.endpoint}"
        raise WrongUsage(
            f"{redact_url(text)!r} is no URL for {venue.name}; it would look like {example}"
        )
    return text


def base_url(text: str) -> str:
    """Where a local venue listens."""
    parts = _split(text)
    if (
        parts is None
        or not parts.hostname
        or parts.scheme not in {"http", "https"}
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise WrongUsage(f"{redact_url(text)!r} is no base URL, such as {DEFAULT_BASE}")
    return text.rstrip("/")


def is_loopback(url: str) -> bool:
    parts = _split(url)
    host = "" if parts is None else parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def seconds(option: str, value: float) -> float:
    """A time that ends: neither `inf` nor `nan`, which pass for numbers."""
    if not math.isfinite(value):
        raise WrongUsage(f"{option}: a number of seconds is expected, not {value}")
    return value


def json_value(text: str) -> msgspec.Raw:
    """JSON, untouched: numbers stay as they were typed."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WrongUsage(f"JSON: {error}") from None
    return msgspec.Raw(text.encode())


def credentials_of(venue: Venue, environment: Mapping[str, str]) -> Credentials | None:
    """From `VENUEWIRE_KRAKEN_FUTURES_API_KEY` and its siblings; None when there is none of them."""
    prefix = f"VENUEWIRE_{venue.name.upper().replace('-', '_')}_"
    found = {
        field: environment[prefix + suffix]
        for field, suffix in _SECRETS.items()
        if environment.get(prefix + suffix)
    }
    if not found:
        return None
    for field in ("api_key", "api_secret"):
        if field not in found:
            raise WrongUsage(f"{prefix}{_SECRETS[field]} is missing in the environment")
    return Credentials(**found)


def control_token(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """What the file says; else the environment, or the file that is named there. None when nothing
    does."""
    if file is not None:
        return _token_in(file, "--control-token-file")
    if token := environment.get(CONTROL_VARIABLE):
        return token
    named = environment.get(CONTROL_FILE_VARIABLE)
    return _token_in(Path(named), CONTROL_FILE_VARIABLE) if named else None


def _token_in(file: Path, said_by: str) -> str:
    try:
        with file.open(encoding="ascii") as opened:
            return opened.read(_LONGEST_TOKEN_FILE).strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise WrongUsage(f"{said_by} {file}: {reason}") from None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises when it is no number.
        (parts.hostname or "").encode("idna")  # Raises when no name can be so.
    except ValueError:
        return None
    return parts
