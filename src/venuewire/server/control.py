"""The control API: which orders there are, as JSON over HTTP below `/control`.

Each operation has the name of the member of `LocalVenue` that does it, so that whatever Python can
do to a venue, any other language can; a test compares the two. docs/reference/control.md shows
them, `/control/openapi.json` describes them. Who may give orders is decided in `transport.access`.
"""

from typing import Annotated, Any, Final, TypeAlias, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from venuewire.core.errors import NotHere
from venuewire.server.answers import (
    Affected,
    Cleared,
    Draining,
    Events,
    Faults,
    Heard,
    LimitsSet,
    Numbered,
    Sessions,
    State,
)
from venuewire.server.control_accounts import (
    operations_of_accounts,
    operations_of_notifications,
)
from venuewire.server.operation import Nothing, Operation
from venuewire.server.orders import Orders
from venuewire.transport.counts import Tally
from venuewire.transport.limits import Limits

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e10)]
Page: TypeAlias = Annotated[int, Meta(ge=1, le=1000)]
CloseCode: TypeAlias = Annotated[int, Meta(ge=1000, le=4999)]
Reason: TypeAlias = Annotated[str, Meta(max_length=123)]


class PublishOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message for a channel's subscribers: `payload` in the venue's own form."""

    venue: str
    channel: str
    payload: msgspec.Raw
    subject: str | None = None
    account: str | None = None


class NotifyOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notification of one venue; of the only one that notifies, if none is named."""

    note: str
    type: str = "general"
    priority: str = "low"
    effective_time: Count | None = None
    """Milliseconds since the epoch; None means now."""
    expected_downtime_minutes: Count | None = None
    venue: str | None = None


class CutOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ends all sessions, a venue's, or one: the venue's own way, unless there is a code, or
    `abort`, which drops the connection without a CLOSE frame."""

    venue: str | None = None
    session: Count | None = None
    code: CloseCode | None = None
    reason: Reason = ""
    abort: bool = False


class AgeOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Has sessions believe that they are so many seconds old: all, a venue's, or one."""

    seconds: Seconds
    venue: str | None = None
    session: Count | None = None


class AdvanceOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes sessions and tokens older by so many seconds, at one venue or at all."""

    seconds: Seconds
    venue: str | None = None


class FaultOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A spec or a scenario, for one venue or wherever it makes sense."""

    fault: str
    venue: str | None = None


class DrainOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Has `/healthz` answer 503, or no longer."""

    draining: bool = True


LimitsOrder: Final = msgspec.defstruct(
    "LimitsOrder",
    [
        (field.name, Union[field.type, UnsetType], UNSET)  # noqa: UP007 - of types known only now
        for field in msgspec.structs.fields(Limits)
    ],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    namespace={"__doc__": "The limits that are to be others; those that are left out stay."},
)


class WhichFaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All, unless one is named."""

    id: Count | None = None


class WhichSessions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of all venues or one, behind a number, so many at most."""

    venue: str | None = None
    after: Count = 0
    limit: Page = 100


class WhichEvents(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those with a greater number than `after`, the oldest first, so many at most."""

    venue: str | None = None
    after: Count = 0
    limit: Page = 100


def operations(orders: Orders) -> tuple[Operation, ...]:
    groups = (
        _of_speech,
        operations_of_notifications,
        operations_of_accounts,
        _of_sessions,
        _of_time,
        _of_faults,
        _of_the_past,
        _of_state,
    )
    return tuple(each for group in groups for each in group(orders))


def _of_speech(orders: Orders) -> tuple[Operation, ...]:
    async def publish(order: PublishOrder) -> Heard:
        heard = await orders.publish(
            order.channel,
            bytes(order.payload),
            venue=order.venue,
            subject=order.subject,
            account=order.account,
        )
        return Heard(heard)

    async def notify(order: NotifyOrder) -> Numbered:
        return Numbered(await orders.notify(**_fields(order)))

    return (
        Operation(
            name="publish",
            method="POST",
            path="/publish",
            summary="Push a message to a channel's subscribers.",
            asked=PublishOrder,
            answer=Heard,
            errors=("unknown_venue", "impossible"),
            carry_out=publish,
        ),
        Operation(
            name="notify",
            method="POST",
            path="/notify",
            summary="Send a notification.",
            asked=NotifyOrder,
            answer=Numbered,
            errors=("unknown_venue", "impossible"),
            carry_out=notify,
        ),
    )


def _of_sessions(orders: Orders) -> tuple[Operation, ...]:
    async def sessions(which: WhichSessions) -> Sessions:
        return await orders.session_page(which.venue, after=which.after, limit=which.limit)

    async def cut(order: CutOrder) -> Affected:
        return Affected(await orders.cut(**_fields(order)))

    return (
        Operation(
            name="sessions",
            method="GET",
            path="/sessions",
            summary="Who is connected.",
            asked=WhichSessions,
            answer=Sessions,
            errors=("unknown_venue", "impossible"),
            carry_out=sessions,
        ),
        Operation(
            name="cut",
            method="POST",
            path="/cut",
            summary="End sessions.",
            asked=CutOrder,
            answer=Affected,
            errors=("unknown_venue", "unknown_session", "impossible"),
            carry_out=cut,
        ),
    )


def _of_time(orders: Orders) -> tuple[Operation, ...]:
    async def age(order: AgeOrder) -> Affected:
        return Affected(await orders.age(**_fields(order)))

    async def advance(order: AdvanceOrder) -> Affected:
        return Affected(await orders.advance(**_fields(order)))

    return (
        Operation(
            name="age",
            method="POST",
            path="/age",
            summary="Have sessions believe that they are so old.",
            asked=AgeOrder,
            answer=Affected,
            errors=("unknown_venue", "unknown_session", "impossible"),
            carry_out=age,
        ),
        Operation(
            name="advance",
            method="POST",
            path="/clock",
            summary="Let time pass, for whatever ages: sessions and tokens.",
            asked=AdvanceOrder,
            answer=Affected,
            errors=("unknown_venue",),
            carry_out=advance,
        ),
    )


def _of_faults(orders: Orders) -> tuple[Operation, ...]:
    async def fault(order: FaultOrder) -> Numbered:
        return Numbered(orders.fault(order.fault, venue=order.venue))

    async def faults(_: Nothing) -> Faults:
        return Faults(orders.faults)

    async def clear_faults(which: WhichFaults) -> Cleared:
        cleared = orders.clear_faults(which.id)
        if which.id is not None and not cleared:
            raise NotHere("fault", f"this local venue has no fault {which.id}")
        return Cleared(cleared)

    return (
        Operation(
            name="fault",
            method="POST",
            path="/faults",
            summary="Begin a fault or a scenario.",
            asked=FaultOrder,
            answer=Numbered,
            errors=("unknown_venue", "impossible"),
            carry_out=fault,
        ),
        Operation(
            name="faults",
            method="GET",
            path="/faults",
            summary="Faults waiting, active, and over but not cleared.",
            asked=Nothing,
            answer=Faults,
            carry_out=faults,
        ),
        Operation(
            name="clear_faults",
            method="DELETE",
            path="/faults",
            summary="End a fault, or all.",
            asked=WhichFaults,
            answer=Cleared,
            errors=("unknown_fault",),
            carry_out=clear_faults,
        ),
    )


def _of_the_past(orders: Orders) -> tuple[Operation, ...]:
    async def journal(which: WhichEvents) -> Events:
        events = orders.journal(which.after, limit=which.limit, venue=which.venue)
        return Events(events, orders.forgotten(which.after), orders.last_event)

    async def tally(_: Nothing) -> Tally:
        return orders.tally

    return (
        Operation(
            name="journal",
            method="GET",
            path="/journal",
            summary="What happened lately.",
            asked=WhichEvents,
            answer=Events,
            errors=("unknown_venue",),
            carry_out=journal,
        ),
        Operation(
            name="tally",
            method="GET",
            path="/tally",
            summary="What happened at the doors so far, in numbers.",
            asked=Nothing,
            answer=Tally,
            looks=True,
            carry_out=tally,
        ),
    )


def _of_state(orders: Orders) -> tuple[Operation, ...]:
    async def state(_: Nothing) -> State:
        return orders.state

    async def drain(order: DrainOrder) -> Draining:
        return Draining(orders.drain(order.draining))

    async def set_limits(order: Struct) -> LimitsSet:
        told = _fields(order).items()
        wanted = {name: value for name, value in told if value is not UNSET}
        changed = orders.set_limits(msgspec.structs.replace(orders.state.limits, **wanted))
        return LimitsSet(changed, orders.state.limits)

    return (
        Operation(
            name="state",
            method="GET",
            path="/state",
            summary="The limits in force, and each venue's terms and numbers.",
            asked=Nothing,
            answer=State,
            looks=True,
            carry_out=state,
        ),
        Operation(
            name="set_limits",
            method="POST",
            path="/limits",
            summary="Hold peers to other limits from now on.",
            asked=LimitsOrder,
            answer=LimitsSet,
            errors=("impossible",),
            carry_out=set_limits,
        ),
        Operation(
            name="drain",
            method="POST",
            path="/drain",
            summary="Say unhealthy, so that nobody new is sent here; or no longer.",
            asked=DrainOrder,
            answer=Draining,
            carry_out=drain,
        ),
    )


def _fields(order: Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(order)
