"""The operations of the control API about who is let in, and about notifications.

Law: credentials are in the one answer that makes them, and in no other.
"""

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from venuewire.core.errors import NotHere
from venuewire.core.floor import Noted
from venuewire.core.secrets import HIDDEN, Account, Credentials
from venuewire.server.accounts import AccountState
from venuewire.server.operation import Operation
from venuewire.server.orders import Orders

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]


class Key(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An API key in full."""

    api_key: str
    api_secret: str
    passphrase: str = ""
    """KuCoin only."""
    key_version: str = "3"
    """KuCoin only: the version of the key."""

    def __repr__(self) -> str:
        return f"Key({HIDDEN})"


class AccountOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be, or another key for one that is; by a new key, unless one is given."""

    name: str
    venue: str | None = None
    permissions: tuple[str, ...] | None = None
    credentials: Key | None = None


class WhichAccounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of all venues, or of one."""

    venue: str | None = None


class WhichKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All keys of an account, or one, by the name it has in `accounts`."""

    name: str
    venue: str | None = None
    key: str | None = None


class WhichNotifications(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one venue; of the only one that notifies, if none is named."""

    venue: str | None = None


class WhichNotification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By its id; of the only venue that notifies, if none is named."""

    id: Count
    venue: str | None = None


class AccountMade(Struct, frozen=True):
    account: AccountState
    credentials: Key | UnsetType = UNSET
    """Where they were made here: they are told this once."""


class AccountList(Struct, frozen=True):
    accounts: tuple[AccountState, ...]


class Revoked(Struct, frozen=True):
    revoked: int
    """Keys."""


class Notifications(Struct, frozen=True):
    notifications: tuple[Noted, ...]
    """The oldest first."""


class Withdrawn(Struct, frozen=True):
    withdrawn: int


def operations_of_accounts(orders: Orders) -> tuple[Operation, ...]:
    return _listing(orders), _adding(orders), _revoking(orders)


def _listing(orders: Orders) -> Operation:
    async def accounts(which: WhichAccounts) -> AccountList:
        return AccountList(orders.accounts(which.venue))

    return Operation(
        name="accounts",
        method="GET",
        path="/accounts",
        summary="Who is let in, without their secrets.",
        asked=WhichAccounts,
        answer=AccountList,
        looks=True,
        errors=("unknown_venue",),
        carry_out=accounts,
    )


def _adding(orders: Orders) -> Operation:
    async def add_account(order: AccountOrder) -> AccountMade:
        given = order.credentials
        account = await orders.add_account(
            order.name,
            venue=order.venue,
            permissions=order.permissions,
            credentials=None if given is None else _credentials(given),
        )
        told = _told(account) if given is None else UNSET
        for one in orders.accounts(order.venue):
            if one.key == account.key_id:
                return AccountMade(one, told)
        raise NotHere("account", "the key was revoked before it could be told")

    return Operation(
        name="add_account",
        method="POST",
        path="/accounts",
        summary="Let someone in; the answer has the new key, this once.",
        asked=AccountOrder,
        answer=AccountMade,
        errors=("unknown_venue", "unknown_account", "impossible"),
        carry_out=add_account,
    )


def _revoking(orders: Orders) -> Operation:
    async def revoke_account(which: WhichKeys) -> Revoked:
        revoked = await orders.revoke_account(which.name, venue=which.venue, key=which.key)
        if not revoked:
            named = "" if which.key is None else f" with the key {which.key!r}"
            raise NotHere("account", f"there is no account {which.name!r}{named}")
        return Revoked(revoked)

    return Operation(
        name="revoke_account",
        method="DELETE",
        path="/accounts",
        summary="Let nobody in by an account's keys any more, or by one of them.",
        asked=WhichKeys,
        answer=Revoked,
        errors=("unknown_venue", "unknown_account", "impossible"),
        carry_out=revoke_account,
    )


def operations_of_notifications(orders: Orders) -> tuple[Operation, ...]:
    async def notifications(which: WhichNotifications) -> Notifications:
        return Notifications(orders.notifications(which.venue))

    async def withdraw(which: WhichNotification) -> Withdrawn:
        if not await orders.withdraw(which.id, venue=which.venue):
            raise NotHere("notification", f"there is no notification {which.id}")
        return Withdrawn(1)

    return (
        Operation(
            name="notifications",
            method="GET",
            path="/notifications",
            summary="What a new subscriber of notifications is shown.",
            asked=WhichNotifications,
            answer=Notifications,
            errors=("unknown_venue", "impossible"),
            carry_out=notifications,
        ),
        Operation(
            name="withdraw",
            method="DELETE",
            path="/notifications",
            summary="Show a notification to no new subscriber.",
            asked=WhichNotification,
            answer=Withdrawn,
            errors=("unknown_venue", "unknown_notification", "impossible"),
            carry_out=withdraw,
        ),
    )


def _credentials(given: Key) -> Credentials:
    return Credentials(given.api_key, given.api_secret, given.passphrase, given.key_version)


def _told(account: Account) -> Key:
    known = account.credentials
    return Key(known.api_key, known.api_secret, known.passphrase, known.key_version)
