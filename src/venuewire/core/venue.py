"""A venue as the rest of the library sees it: data, and the makers of its two halves."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Literal

from msgspec import Struct

from venuewire.core.dialect import ClientDialect
from venuewire.core.floor import Floor
from venuewire.core.idiom import Idiom
from venuewire.core.instant import Clock
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Edition, Terms


class Door(Struct, frozen=True, kw_only=True):
    """One URL of a venue."""

    name: str
    """What the floor calls it: `public`, `private`, `token`."""
    kind: Literal["websocket", "http"]
    hosts: tuple[str, ...]
    """The venue's own host names, in lower case."""
    path: str
    """On those hosts."""
    local: str
    """On a local venue's base URL, for clients that cannot choose a host."""
    method: str = "GET"


class ClientOptions(Struct, frozen=True, kw_only=True):
    """What a client may choose. None leaves it to the venue."""

    credentials: Credentials | None = None
    url: str | None = None
    """The WebSocket URL; for KuCoin the HTTP base its token comes from."""
    private: bool | None = None
    """Where a venue has separate private hosts: which one; None means with credentials."""
    token_url: str | None = None
    """Where a token is fetched, when `url` doesn't tell."""
    ping_interval: float | None = None
    """Seconds; never above what the venue asks for."""
    silence_timeout: float | None = None
    """Seconds without any frame before the link is suspect."""
    tag: str = "venuewire"
    """Begins the connection ids of this session."""


class Venue(Struct, frozen=True, kw_only=True):
    name: str
    docs: str
    """The pages this venue is implemented from."""
    url: str
    """Where the real one is reached: what a client is configured with."""
    endpoint: str
    """The same on a local venue's base URL: a path."""
    doors: tuple[Door, ...]
    demo: Credentials
    """Of the demo account that a local venue has when no accounts are named. Published, so worth
    nothing anywhere else."""
    watched: tuple[str, ...]
    """Channels that show a session with credentials at work."""
    public: tuple[str, ...]
    """Channels that show one without."""
    terms: Callable[[Edition], Terms]
    client: Callable[[ClientOptions], ClientDialect]
    floor: Callable[[Terms, Iterable[Account], Clock, Random], Floor]
    connects: tuple[int, float] | None = None
    """How many connections it lets one user open within how many seconds; None: not published."""
    http_based: bool = False
    """`url` and `endpoint` are HTTP: the WebSocket URL comes with the token."""
    idiom: Idiom | None = None
    """What faults need to know of its frames; without it they know control frames only."""
