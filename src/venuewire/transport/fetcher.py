"""Makes the HTTP requests a session asks for: a token, before it can dial.

Law 1: a fetch ends with exactly one event, and before the session loses patience.
Law 2: no event made here quotes a URL, a header or a body of ours.
"""

import ssl
from typing import Final

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from venuewire.core.commands import Fetch
from venuewire.core.events import Fetched, FetchFailed
from venuewire.core.http import HttpReply, HttpRequest
from venuewire.transport.client_dial import failure_text

BODY_BYTES: Final = 1024 * 1024
"""Of a reply; a longer one is refused."""
FETCH_TIMEOUT: Final = 8.0
"""Seconds for all of it; less than the session's patience, so that the reason is known."""


class _TooLong(Exception):
    """The reply has more than `BODY_BYTES`."""


class Fetcher:
    """Holds nothing between two fetches but what makes the next one possible."""

    __slots__ = ("_session", "_ssl_context")

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl_context = ssl_context
        self._session: ClientSession | None = None

    async def fetch(self, command: Fetch) -> Fetched | FetchFailed:
        try:
            return Fetched(command.link, await self._fetch(command.request))
        except _TooLong:
            return FetchFailed(command.link, f"the reply has more than {BODY_BYTES} bytes")
        except TimeoutError:
            return FetchFailed(command.link, f"no HTTP reply within {FETCH_TIMEOUT:g} s")
        except Exception as error:  # noqa: BLE001 - the end of this attempt, and of nothing else
            return FetchFailed(command.link, f"no HTTP reply: {failure_text(_cause(error))}")

    async def _fetch(self, request: HttpRequest) -> HttpReply:
        async with self._open().request(
            request.method,
            # Signatures were made over exactly this text.
            URL(request.url, encoded=True),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
            ssl=self._ssl_context or True,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = await _read(response)
            return HttpReply(status=response.status, body=body, headers=headers)

    def _open(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                # The next fetch is hours or a reconnect away.
                connector=TCPConnector(force_close=True),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=FETCH_TIMEOUT),
                trust_env=True,
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _read(response: ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES:
            raise _TooLong
    return bytes(body)


def _cause(error: Exception) -> Exception:
    """What the library's errors are wrapped around, where they are."""
    match error:
        case ClientConnectorCertificateError():
            return error.certificate_error
        case ClientConnectorError():
            return error.os_error
        case _:
            return error
