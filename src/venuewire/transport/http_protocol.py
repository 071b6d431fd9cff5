"""uvicorn's HTTP protocol, held to our limits.

It has none for the time a request takes; the connection's first protocol keeps a deadline, and
hears from here when a request is complete and when it is answered.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from venuewire.transport.limits import Limits
from venuewire.transport.resets import reset

RESET: Final = "venuewire.reset"
"""In a request's scope: what resets its connection."""


class HttpProtocol(HttpToolsProtocol):
    def __init__(
        self,
        config: Config,
        state: ServerState,
        complete: Callable[[], None],
        answered: Callable[[], None],
    ) -> None:
        super().__init__(config, state, {}, asyncio.get_running_loop())
        # uvicorn turns it on when the root logger has handlers; it would write tokens.
        self.access_log = False
        self._complete = complete
        self._answered = answered
        self._within_request = False

    def on_message_begin(self) -> None:
        self._within_request = True
        super().on_message_begin()
        self.scope[RESET] = self._reset  # type: ignore[typeddict-unknown-key]

    def _reset(self) -> None:
        reset(self.transport)

    def on_message_complete(self) -> None:
        self._within_request = False
        if not self.cycle.response_complete:
            self._complete()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and not self.pipeline:
            self._answered()

    def release(self) -> bool:
        """Let go of the connection, so that its next request may be an upgrade; False when some of
        that has been read here already."""
        if self._within_request or not self.cycle.response_complete:
            return False
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        return True


class HttpFactory(Protocol):
    def __call__(
        self, complete: Callable[[], None], answered: Callable[[], None], /
    ) -> HttpProtocol:
        """`complete`: a whole request is there. `answered`: and now its answer is, too."""
        ...


def http_factory(app: ASGIApp, limits: Callable[[], Limits]) -> HttpFactory:
    """`limits` is asked for each connection: they may change."""
    config = Config(
        app,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    state = ServerState()

    def make(complete: Callable[[], None], answered: Callable[[], None]) -> HttpProtocol:
        config.timeout_keep_alive = int(limits().request_timeout) or 1
        return HttpProtocol(config, state, complete, answered)

    return make
