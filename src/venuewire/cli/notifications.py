"""What a running local venue notifies new subscribers of: `venuewire notification`."""

from msgspec import Struct, to_builtins

from venuewire.cli.lines import say, say_json, say_table
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS
from venuewire.cli.units import moment


class NotificationSeen(Struct, frozen=True, omit_defaults=True):
    """As the local venue tells of it."""

    id: int
    type: str
    priority: str
    note: str
    effective_time: int
    """Milliseconds since the epoch."""
    expected_downtime_minutes: int | None = None


class _Listed(Struct, frozen=True):
    notifications: tuple[NotificationSeen, ...]


class _Withdrawn(Struct, frozen=True):
    withdrawn: int


async def list_notifications(base: str, *, json: bool) -> int:
    seen = (await give(base, "notifications", _Listed)).notifications
    if json:
        for one in seen:
            say_json({"event": "notification", **to_builtins(one)})
        return SUCCESS
    rows = [
        {
            "id": one.id,
            "type": one.type,
            "priority": one.priority,
            "effective_time": moment(one.effective_time / 1000),
            "downtime": f"{one.expected_downtime_minutes or 0} min",
            "note": one.note,
        }
        for one in seen
    ]
    say_table(rows, {"type", "priority", "note"})
    return SUCCESS


async def withdraw_notification(id: int, base: str, *, json: bool) -> int:
    """Raises `CommandFailed` where there is none of this id."""
    await give(base, f"notifications?id={id}", _Withdrawn, method="DELETE")
    if json:
        say_json({"event": "withdrawn", "id": id})
    else:
        say(f"notification {id} withdrawn")
    return SUCCESS
