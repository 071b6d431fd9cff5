"""`venuewire notify` and `venuewire publish`: orders to a running local venue, over HTTP."""

import os
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import UNSET, Struct, UnsetType

from venuewire.cli.arguments import base_url, json_value, one_venue
from venuewire.cli.lines import printable, say, say_json
from venuewire.cli.outcome import SUCCESS, CommandFailed, WrongUsage

TIMEOUT: Final = 10.0
"""Seconds for the whole exchange."""
LONGEST_ANSWER: Final = 64 * 1024
"""Bytes."""


class NotifyOrder(Struct, frozen=True, kw_only=True):
    """What the local venue is told; what is not said is left to it."""

    note: str
    type: str | UnsetType = UNSET
    priority: str | UnsetType = UNSET
    effective_time: int | UnsetType = UNSET
    """Milliseconds since the epoch."""
    expected_downtime_minutes: int | UnsetType = UNSET


class PublishOrder(Struct, frozen=True, kw_only=True):
    venue: str
    channel: str
    payload: msgspec.Raw
    subject: str | UnsetType = UNSET
    account: str | UnsetType = UNSET


class _Fault(Struct, frozen=True):
    type: str = ""
    message: str = ""


class _Answer(Struct, frozen=True):
    id: int | None = None
    heard: int | None = None
    error: _Fault = _Fault()


async def notify(order: NotifyOrder, base: str, *, json: bool) -> int:
    answer = await _give(base, "notify", order)
    if json:
        say_json({"event": "notified", "id": answer.id})
    else:
        say(f"notification {answer.id} sent")
    return SUCCESS


async def publish(order: PublishOrder, base: str, *, json: bool) -> int:
    answer = await _give(base, "publish", order)
    if json:
        say_json({"event": "published", "venue": order.venue, "delivered": answer.heard})
    else:
        say(f"{answer.heard} subscriber{'' if answer.heard == 1 else 's'}")
    return SUCCESS


def publish_order(
    venue: str, channel: str, payload: str, subject: str | None, account: str | None
) -> PublishOrder:
    """Raises `WrongUsage` for an unknown venue, or for what is not JSON."""
    return PublishOrder(
        venue=one_venue(venue).name,
        channel=channel,
        payload=json_value(payload),
        subject=UNSET if subject is None else subject,
        account=UNSET if account is None else account,
    )


async def _give(base: str, what: str, order: Struct) -> _Answer:
    url = f"{base_url(base)}/control/{what}"
    try:
        status, body = await _post(url, msgspec.json.encode(order))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise CommandFailed(f"no local venue answers at {base}: {_reason(error)}") from None
    answer = _read(status, body, url)
    if status == 200:
        return answer
    refusal = answer.error.message or f"it answered HTTP {status}"
    # 400, 404 and 422: it understood us, and what we asked for makes no sense there.
    wrong = status in {400, 404, 422} and bool(answer.error.type)
    raise (WrongUsage if wrong else CommandFailed)(f"{base} refuses: {printable(refusal)}")


async def _post(url: str, body: bytes) -> tuple[int, bytes]:
    headers: dict[str, Any] = {"content-type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with (
        aiohttp.ClientSession(timeout=timeout) as client,
        client.post(url, data=body, headers=headers, allow_redirects=False) as reply,
    ):
        return reply.status, await _body(reply.content, url)


async def _body(content: aiohttp.StreamReader, url: str) -> bytes:
    body = b""
    while chunk := await content.read(LONGEST_ANSWER):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise CommandFailed(f"{url} is no local venue: its answer does not end")
    return body


def _read(status: int, body: bytes, url: str) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError:
        raise CommandFailed(f"{url} is no local venue: it answered HTTP {status}") from None


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
