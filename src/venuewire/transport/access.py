"""Who may give orders: this machine, or whoever has the control token.

Law 1: a web page elsewhere cannot reach what is for the operator: not from another origin, and not
       by a name of its own that it has pointed here (DNS rebinding).
Law 2: the token is compared in constant time, and shown nowhere.
Law 3: without a token, nothing beyond this machine is let in, whatever address is listened on.
"""

from hmac import compare_digest
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from venuewire.core.errors import ConfigurationError
from venuewire.core.http import HttpReply
from venuewire.core.secrets import HIDDEN
from venuewire.transport.doors import host_name
from venuewire.transport.journal import Journal
from venuewire.transport.replies import error_reply, respond, told_by

_SHORTEST: Final = 16
_LONGEST: Final = 512
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")
"""Somebody else asks through a proxy of this machine: that is not this machine asking."""


class Access:
    """`host` is the address that is listened on; `token` None lets only this machine in."""

    def __init__(self, host: str, token: str | None = None) -> None:
        """Raises `ConfigurationError` for a token that is none."""
        self._host = host.lower()
        self._token = None if token is None else checked_token(token)

    def take(self, token: str | None) -> None:
        """From now on. Raises `ConfigurationError` for a token that is none."""
        self._token = None if token is None else checked_token(token)

    def refuse(self, request: Request) -> HttpReply | None:
        """None when the request may be answered."""
        headers = request.headers
        origin, host = headers.get("origin"), headers.get("host", "")
        if origin is not None and origin.lower() != f"{request.url.scheme}://{host}".lower():
            return _forbidden("a web page of another origin may not give orders")
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return _forbidden("a web page of another origin may not give orders")
        stated = headers.get("authorization")
        if self._token is not None and stated is not None:
            return None if self._is_token(stated) else _unauthorized("that is not the token")
        if not _comes_from_here(request):
            return self._turn_away()
        if not self._is_ours(host_name(host)):
            return _forbidden("the Host header names another machine")
        return None

    def _turn_away(self) -> HttpReply:
        if self._token is None:
            return _forbidden(
                "this is for the operator of this machine; a control token"
                " (--control-token-file) lets others in"
            )
        return _unauthorized("from another machine the control token is needed")

    def _is_token(self, stated: str) -> bool:
        scheme, _, token = stated.partition(" ")
        known = (self._token or "").encode()
        return scheme.lower() == "bearer" and compare_digest(token.strip().encode(), known)

    def _is_ours(self, name: str) -> bool:
        return name in {"localhost", self._host} or _is_loopback(name)

    def __repr__(self) -> str:
        return f"Access({self._host!r}, {HIDDEN if self._token else None})"


class OperatorOnly:
    """`Access`, as middleware."""

    def __init__(self, app: ASGIApp, access: Access, journal: Journal) -> None:
        self._app = app
        self._access = access
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        reply = self._access.refuse(request)
        if reply is None:
            await self._app(scope, receive, send)
        else:
            peer = request.client.host if request.client else ""
            self._journal.refused(reply.status, peer=peer, reason=told_by(reply))
            await respond(reply)(scope, receive, send)


def checked_token(token: str) -> str:
    """The token. Raises `ConfigurationError`, which does not quote it."""
    fits = _SHORTEST <= len(token) <= _LONGEST and token.isascii() and token.isprintable()
    if not fits or " " in token:
        raise ConfigurationError(
            f"control token: {_SHORTEST} to {_LONGEST} ASCII characters without spaces are expected"
        )
    return token


def _comes_from_here(request: Request) -> bool:
    client = request.client
    return (
        client is not None
        and _is_loopback(client.host)
        and not any(name in request.headers for name in _FORWARDED)
    )


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _forbidden(message: str) -> HttpReply:
    return error_reply("forbidden", message)


def _unauthorized(message: str) -> HttpReply:
    return error_reply("unauthorized", message, www_authenticate="Bearer")
