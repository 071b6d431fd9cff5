"""Both ends of the exchange WebSocket: sessions provably alive, and the venue to prove it on.

    async with venuewire.connect("kucoin") as session:
        await session.subscribe("/market/ticker:BTC-USDT")
        async for update in session:
            match update:
                case venuewire.Message(): ...
                case venuewire.Down() | venuewire.Gap(): ...

What needs sockets is imported when it is first asked for, so that whoever wants only the words
pays for nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from venuewire.core.backoff import Backoff
from venuewire.core.delivery import Block, Conflate, Delivery, DropOldest, Fail
from venuewire.core.errors import (
    AccessRefused,
    ConfigurationError,
    LocalProtocolError,
    NotKept,
    NotLive,
    RemoteProtocolError,
    UnreadableFrame,
    VenuewireError,
)
from venuewire.core.health import Health
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict
from venuewire.core.messages import Maintenance, Message
from venuewire.core.secrets import Credentials
from venuewire.core.updates import (
    Alive,
    Backfilled,
    Cause,
    Down,
    Gap,
    Notice,
    Overrun,
    Ready,
    Refused,
    Rotated,
    Stalled,
    Subscribed,
    Suspect,
    Unreadable,
    Unsubscribed,
    Update,
)

if TYPE_CHECKING:
    from venuewire.client import Backfill, Session, connect
    from venuewire.server import LocalVenue

__all__ = [
    "AccessRefused",
    "Alive",
    "Backfill",
    "Backfilled",
    "Backoff",
    "Block",
    "Cause",
    "ConfigurationError",
    "Conflate",
    "Credentials",
    "Delivery",
    "Down",
    "DropOldest",
    "Fail",
    "Gap",
    "Health",
    "LocalProtocolError",
    "LocalVenue",
    "Maintenance",
    "Message",
    "NotKept",
    "NotLive",
    "Notice",
    "Overrun",
    "Phase",
    "Ready",
    "Refused",
    "RemoteProtocolError",
    "Rotated",
    "Session",
    "Stalled",
    "Subscribed",
    "Suspect",
    "Unreadable",
    "UnreadableFrame",
    "Unsubscribed",
    "Update",
    "VenuewireError",
    "Verdict",
    "connect",
]

_ELSEWHERE: Final = {
    "Backfill": "venuewire.client",
    "LocalVenue": "venuewire.server",
    "Session": "venuewire.client",
    "connect": "venuewire.client",
}
_SERVER_EXTRA: Final = frozenset({"httptools", "prometheus_client", "starlette", "uvicorn"})


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(import_module(_ELSEWHERE[name]), name)
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing not in _SERVER_EXTRA:
            raise
        text = f"venuewire.{name} needs {missing}: pip install 'venuewire[server]'"
        raise ModuleNotFoundError(text, name=missing) from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
