"""HTTP requests that one process reads and another answers: the ASGI application of the first, and
what drives that of the second. What goes between them are values.

Law 1: where a request comes from is told beside it, by the process that has the connection; nothing
       a client writes can change that.
Law 2: of a body no more is passed on than may be, and one piece beyond.
Law 3: a client that leaves is told to whoever works for it, and an application that ends without
       an answer leaves none.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from venuewire.transport.http_protocol import RESET
from venuewire.transport.mishaps import report
from venuewire.transport.premises import Premises

_logger = logging.getLogger(__name__)


class Asked(Struct, frozen=True, tag=True, kw_only=True):
    """A request's head."""

    id: int
    """Among those of one process."""
    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    client: tuple[str, int] | None
    server: tuple[str, int] | None
    scheme: str
    version: str

    def __repr__(self) -> str:
        return f"Asked({self.id}, {self.method})"


class Added(Struct, frozen=True, tag=True):
    """A piece of a request's body."""

    id: int
    piece: bytes
    more: bool


class Left(Struct, frozen=True, tag=True):
    """The client is gone."""

    id: int


class Begun(Struct, frozen=True, tag=True):
    """An answer's head."""

    id: int
    status: int
    headers: tuple[tuple[bytes, bytes], ...]


class Continued(Struct, frozen=True, tag=True):
    """A piece of its body."""

    id: int
    piece: bytes
    more: bool


class Forsaken(Struct, frozen=True, tag=True):
    """There will be no more of an answer."""

    id: int
    resets: bool
    """The connection is to be reset."""


Upward: TypeAlias = Asked | Added | Left
Downward: TypeAlias = Begun | Continued | Forsaken


class TunnelEntrance:
    """The ASGI application of the process that has the connections."""

    def __init__(self, premises: Premises, send: Callable[[Upward], None]) -> None:
        self._premises = premises
        self._send = send
        self._numbers = 0
        self._answers: dict[int, asyncio.Queue[Downward]] = {}

    def hear(self, told: Downward) -> None:
        answer = self._answers.get(told.id)
        if answer is not None:
            answer.put_nowait(told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._numbers += 1
        number = self._numbers
        answer = self._answers[number] = asyncio.Queue()
        self._send(_asked(number, scope))
        passing = asyncio.create_task(self._pass_on(number, receive))
        try:
            await _tell(answer, scope, send)
        finally:
            del self._answers[number]
            passing.cancel()
            self._send(Left(number))

    async def _pass_on(self, number: int, receive: Receive) -> None:
        room = self._premises.limits.body_bytes
        more = True
        while more or room >= 0:
            message = await receive()
            if message["type"] == "http.disconnect":
                self._send(Left(number))
                return
            piece: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            self._send(Added(number, piece, more))
            room -= len(piece)
            if room < 0:
                return  # It is answered before more of it is read.


async def _tell(answer: "asyncio.Queue[Downward]", scope: Scope, send: Send) -> None:
    more = True
    while more:
        match await answer.get():
            case Begun(_, status, headers):
                head = {"type": "http.response.start", "status": status, "headers": headers}
                await send(head)
            case Continued(_, piece, more):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
            case Forsaken(_, resets):
                if resets:
                    scope[RESET]()
                return


def _asked(number: int, scope: Scope) -> Asked:
    return Asked(
        id=number,
        method=scope["method"],
        path=scope["path"],
        raw_path=scope["raw_path"],
        query=scope["query_string"],
        headers=tuple((name, value) for name, value in scope["headers"]),
        client=scope.get("client"),
        server=scope.get("server"),
        scheme=scope["scheme"],
        version=scope["http_version"],
    )


_GONE: Final[Message] = {"type": "http.disconnect"}


class _Request:
    """One that is being answered for another process."""

    def __init__(self, asked: Asked, send: Callable[[Downward], None]) -> None:
        self._asked = asked
        self._send = send
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self._left = False
        self._ended = False

    def hear(self, told: Added | Left) -> None:
        if isinstance(told, Left):
            self._left = True
            self.heard.put_nowait(_GONE)
        else:
            piece = {"type": "http.request", "body": told.piece, "more_body": told.more}
            self.heard.put_nowait(piece)

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope(), self._receive, self._tell)
        except Exception as error:  # noqa: BLE001 - one request's failure is not the others'
            report(_logger, "answering an HTTP request", error)
        finally:
            self._forsake(resets=False)

    async def _receive(self) -> Message:
        return _GONE if self._left and self.heard.empty() else await self.heard.get()

    async def _tell(self, message: Message) -> None:
        number = self._asked.id
        if message["type"] == "http.response.start":
            self._send(Begun(number, message["status"], tuple(message.get("headers", ()))))
        else:
            more = message.get("more_body", False)
            self._send(Continued(number, message.get("body", b""), more))
            self._ended = self._ended or not more

    def _forsake(self, *, resets: bool) -> None:
        if not self._ended:
            self._ended = True
            self._send(Forsaken(self._asked.id, resets))

    def _scope(self) -> dict[str, Any]:
        asked = self._asked
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": asked.version,
            "method": asked.method,
            "scheme": asked.scheme,
            "path": asked.path,
            "raw_path": asked.raw_path,
            "query_string": asked.query,
            "root_path": "",
            "headers": list(asked.headers),
            "client": asked.client,
            "server": asked.server,
            RESET: lambda: self._forsake(resets=True),
        }


class TunnelExit:
    """Drives an application for the requests of one other process."""

    def __init__(self, app: ASGIApp, send: Callable[[Downward], None]) -> None:
        self._app = app
        self._send = send
        self._open: dict[int, _Request] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, told: Upward) -> None:
        if isinstance(told, Asked):
            self._open[told.id] = request = _Request(told, self._send)
            task = asyncio.get_running_loop().create_task(request.run(self._app))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif (known := self._open.get(told.id)) is not None:
            known.hear(told)
            if isinstance(told, Left):
                del self._open[told.id]

    def close(self) -> None:
        """The other process is gone, and all its clients with it."""
        for number in tuple(self._open):
            self.hear(Left(number))
