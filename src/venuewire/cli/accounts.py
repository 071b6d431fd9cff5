"""Who is let in at a running local venue: `venuewire account`.

Law: credentials are printed by `add`, once, and by nothing else.
"""

from urllib.parse import urlencode

from msgspec import UNSET, Struct, UnsetType, to_builtins

from venuewire.cli.arguments import one_venue
from venuewire.cli.lines import plural, printable, say, say_json, say_table
from venuewire.cli.orders import give
from venuewire.cli.outcome import SUCCESS


class AccountOrder(Struct, frozen=True, kw_only=True):
    """What the local venue is told; what is not said is left to it."""

    name: str
    venue: str | UnsetType = UNSET
    permissions: tuple[str, ...] | UnsetType = UNSET


class AccountSeen(Struct, frozen=True):
    """As the local venue tells of one key of an account."""

    venue: str
    name: str
    key: str
    permissions: tuple[str, ...]
    sessions: int


class _Made(Struct, frozen=True):
    account: AccountSeen
    credentials: dict[str, str]


class _Listed(Struct, frozen=True):
    accounts: tuple[AccountSeen, ...]


class _Revoked(Struct, frozen=True):
    revoked: int = 0


async def add_account(order: AccountOrder, base: str, *, json: bool) -> int:
    made = await give(base, "accounts", _Made, order=order, method="POST")
    if json:
        told = {"event": "account", **to_builtins(made.account), "credentials": made.credentials}
        say_json(told)
        return SUCCESS
    say(printable(f"account {made.account.name} of {made.account.venue}, key {made.account.key}"))
    for field, value in made.credentials.items():
        say(printable(f"{field:12}{value}"))
    say("they are shown this once")
    return SUCCESS


async def list_accounts(venue: str | None, base: str, *, json: bool) -> int:
    query = "" if venue is None else f"?{urlencode({'venue': venue})}"
    seen = (await give(base, f"accounts{query}", _Listed)).accounts
    if json:
        for one in seen:
            say_json({"event": "account", **to_builtins(one)})
        return SUCCESS
    rows = [{**to_builtins(one), "permissions": ",".join(one.permissions)} for one in seen]
    say_table(rows, {"name", "key", "permissions"})
    return SUCCESS


async def revoke_account(
    name: str, venue: str | None, key: str | None, base: str, *, json: bool
) -> int:
    """Raises `CommandFailed` where there is no such key."""
    asked = {"name": name, "venue": venue, "key": key}
    query = urlencode({field: value for field, value in asked.items() if value is not None})
    done = await give(base, f"accounts?{query}", _Revoked, method="DELETE")
    if json:
        say_json({"event": "revoked", "keys": done.revoked})
    else:
        say(f"{plural(done.revoked, 'key')} revoked")
    return SUCCESS


def account_order(name: str, venue: str | None, permissions: list[str] | None) -> AccountOrder:
    """Raises `WrongUsage` for an unknown venue."""
    return AccountOrder(
        name=name,
        venue=UNSET if venue is None else one_venue(venue).name,
        permissions=UNSET if permissions is None else tuple(permissions),
    )
