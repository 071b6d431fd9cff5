"""Orders to a running local venue, over HTTP: `venuewire notify`, `publish` and `fault`."""

import os
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import aiohttp
import msgspec
from msgspec import UNSET, Struct, UnsetType, to_builtins
from msgspec.json import encode

from venuewire.cli.arguments import base_url, control_token, json_value, one_venue
from venuewire.cli.lines import complain, plural, printable, say, say_json
from venuewire.cli.outcome import SUCCESS, CommandFailed, WrongUsage
from venuewire.faults.catalog import faults, purpose
from venuewire.faults.reference import one_line
from venuewire.faults.scenario import scenarios
from venuewire.transport.access import checked_token

TIMEOUT: Final = 10.0
"""Seconds for the whole exchange."""
LONGEST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes: a list of all the accounts there can be is shorter."""
_WRONG: Final = frozenset({"bad_request", "unknown_venue", "impossible"})
"""It understood us, and what we asked for makes no sense there."""
_Answers = TypeVar("_Answers", bound=Struct)


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


class _Mistake(Struct, frozen=True):
    code: str = ""
    message: str = ""


class FaultOrder(Struct, frozen=True, kw_only=True):
    fault: str
    venue: str | UnsetType = UNSET


class FaultSeen(Struct, frozen=True):
    """As the local venue tells of a fault."""

    id: int
    venue: str
    fault: str
    state: str


class _Answer(Struct, frozen=True):
    id: int | None = None
    heard: int | None = None
    cleared: int = 0
    faults: tuple[FaultSeen, ...] = ()


class _Refusal(Struct, frozen=True):
    error: _Mistake = _Mistake()


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
        say(plural(answer.heard, "subscriber"))
    return SUCCESS


async def add_fault(order: FaultOrder, base: str, *, json: bool) -> int:
    answer = await _give(base, "faults", order)
    if json:
        say_json({"event": "fault", "id": answer.id})
    else:
        say(f"fault {answer.id}")
    return SUCCESS


async def list_faults(base: str, *, json: bool) -> int:
    answer = await _give(base, "faults", None, "GET")
    for fault in answer.faults:
        if json:
            say_json({"event": "fault", **to_builtins(fault)})
        else:
            told = f"{fault.id:4}  {fault.state:8}{fault.venue:16}{fault.fault}"
            say(printable(told))
    return SUCCESS


async def clear_faults(id: int | None, base: str, *, json: bool) -> int:
    """Raises `CommandFailed` where there is none of this id."""
    answer = await _give(base, "faults" if id is None else f"faults?id={id}", None, "DELETE")
    if json:
        say_json({"event": "cleared", "faults": answer.cleared})
    else:
        say(f"{plural(answer.cleared, 'fault')} cleared")
    return SUCCESS


def list_known(*, json: bool) -> int:
    """The faults and the scenarios; on stderr, which entry points were left out, and why."""
    known = {one_line(fault): purpose(fault) for fault in faults().by_name.values()}
    known |= {scenario.name: scenario.purpose for scenario in scenarios().by_name.values()}
    width = max(map(len, faults().by_name)) + 2
    for text, does in known.items():
        name, _, parameters = text.partition(":")
        if json:
            say_json({"event": "known", "name": name, "parameters": parameters, "purpose": does})
        else:
            say(f"{name:{width}}{does}{f' ({parameters})' if parameters else ''}")
    for left_out in (*faults().left_out, *scenarios().left_out):
        complain(str(left_out))
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


async def _give(base: str, what: str, order: Struct | None, method: str = "POST") -> _Answer:
    return await give(base, what, _Answer, order=order, method=method)


async def give(
    base: str,
    what: str,
    type: type[_Answers],
    *,
    order: Struct | Mapping[str, msgspec.Raw] | None = None,
    method: str = "GET",
) -> _Answers:
    """Have it done, and read the answer. Raises `WrongUsage` for what makes no sense there,
    `CommandFailed` when it cannot be done."""
    url = f"{base_url(base)}/control/{what}"
    try:
        status, body = await _ask(method, url, None if order is None else encode(order))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise CommandFailed(f"no local venue answers at {base}: {_reason(error)}") from None
    if status == 200:
        return _read(status, body, url, type)
    answer = _read(status, body, url, _Refusal)
    refusal = answer.error.message or f"it answered HTTP {status}"
    failure = WrongUsage if answer.error.code in _WRONG else CommandFailed
    raise failure(f"{base} refuses: {printable(refusal)}")


async def _ask(method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
    headers: dict[str, Any] = {"content-type": "application/json"}
    token = control_token(None, os.environ)
    if token is not None:
        headers["authorization"] = f"Bearer {checked_token(token)}"
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with (
        aiohttp.ClientSession(timeout=timeout) as client,
        client.request(method, url, data=body, headers=headers, allow_redirects=False) as reply,
    ):
        return reply.status, await _body(reply.content, url)


async def _body(content: aiohttp.StreamReader, url: str) -> bytes:
    body = b""
    while chunk := await content.read(LONGEST_ANSWER):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise CommandFailed(f"{url} is no local venue: its answer does not end")
    return body


def _read(status: int, body: bytes, url: str, type: type[_Answers]) -> _Answers:
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.DecodeError:
        raise CommandFailed(f"{url} is no local venue: it answered HTTP {status}") from None


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, OSError) and error.errno:
        known = error.errno > 0  # Others are those of looking up names.
        return os.strerror(error.errno) if known else error.strerror or "its name is not known"
    return str(error) or type(error).__name__
