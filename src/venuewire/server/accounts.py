"""The accounts of one local venue: added and revoked while it runs, and listed without secrets.

Law 1: nobody is told an API secret, but the one who adds the account, once.
Law 2: what is acknowledged is kept: `add` and `revoke` return when it is.
Law 3: a key that could not be kept is not let in.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotKept
from venuewire.core.secrets import Account, Credentials, new_credentials
from venuewire.transport.archive import Archive
from venuewire.transport.hall import Hall
from venuewire.transport.store import Admit, Revoke

LONGEST_NAME: Final = 64
"""Characters of the name of an account, or of a permission."""
LONGEST_CREDENTIAL: Final = 512
MOST_PERMISSIONS: Final = 32


class AccountState(Struct, frozen=True):
    """One key of an account at one venue."""

    venue: str
    name: str
    key: str
    """Names the API key without showing it: `Account.key_id`."""
    permissions: tuple[str, ...]
    """In alphabetical order."""
    sessions: int
    """Open, and proven by this key."""


class Accounts:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def add(
        self,
        hall: Hall,
        name: str,
        permissions: Iterable[str] | None = None,
        credentials: Credentials | None = None,
    ) -> Account:
        """Let someone in, by a new key unless one is given.

        Raises `LocalProtocolError` for an account that cannot be, `NotKept`.
        """
        if credentials is None:
            with_passphrase = bool(hall.venue.demo.passphrase)
            credentials = new_credentials(hall.floor.rng, passphrase=with_passphrase)
        account = Account(name, credentials)
        if permissions is not None:
            account = Account(name, credentials, frozenset(permissions))
        _check(account)
        try:
            hall.enroll(account)
        except ConfigurationError as error:
            raise LocalProtocolError(str(error)) from None
        known = hall.floor.accounts[credentials.api_key]
        self._archive.enter(Admit(hall.venue.name, known, hall.now().realtime))
        try:
            await self._archive.settle()
        except NotKept:
            hall.revoke(credentials.api_key)
            raise
        return account

    async def revoke(self, hall: Hall, name: str, key: str | None = None) -> int:
        """Let nobody in by this account's keys, or by one, by its `key_id`; how many there were.

        Its sessions end, also when it cannot be kept: `NotKept`.
        """
        revoked = [
            api_key
            for api_key, account in hall.floor.accounts.items()
            if account.name == name and key in {None, account.key_id}
        ]
        for api_key in revoked:
            hall.revoke(api_key)
            self._archive.enter(Revoke(hall.venue.name, api_key, hall.now().realtime))
        await self._archive.settle()
        return len(revoked)


def account_state(hall: Hall, account: Account) -> AccountState:
    return AccountState(
        hall.venue.name,
        account.name,
        account.key_id,
        tuple(sorted(account.permissions)),
        hall.holding(account),
    )


def _check(account: Account) -> None:
    """Raises `LocalProtocolError`, which quotes no credential."""
    if not _is_name(account.name):
        raise LocalProtocolError(f"name: 1 to {LONGEST_NAME} printable characters are expected")
    if len(account.permissions) > MOST_PERMISSIONS or not all(map(_is_name, account.permissions)):
        raise LocalProtocolError(
            f"permissions: up to {MOST_PERMISSIONS} names of 1 to {LONGEST_NAME} printable"
            " characters are expected"
        )
    credentials = account.credentials
    for field in ("api_key", "api_secret"):
        if not 0 < len(getattr(credentials, field)) <= LONGEST_CREDENTIAL:
            raise LocalProtocolError(f"{field}: 1 to {LONGEST_CREDENTIAL} characters are expected")
    if len(credentials.passphrase) > LONGEST_CREDENTIAL:
        raise LocalProtocolError(f"passphrase: it has more than {LONGEST_CREDENTIAL} characters")


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip()
