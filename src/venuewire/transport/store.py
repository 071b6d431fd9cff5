"""The file in which a local venue keeps what must outlive its process: SQLite, with one writer.

Law 1: what `write` has returned from outlives `kill -9` and a loss of power: one transaction, the
       write-ahead log, and `synchronous=FULL`.
Law 2: a file belongs to one process at a time; the second is told so.
Law 3: a file of a newer version, of another program, or open to other users is refused, and left as
       it was.
Law 4: it blocks while the disk works: nothing here is called on an event loop.
Law 5: signing secrets stand in it as they are, since a signature cannot be verified otherwise; so
       only its owner may read it (mode 600), and what is deleted is overwritten.
"""

import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeAlias, assert_never

import msgspec
from msgspec import Struct

from venuewire.core.errors import ConfigurationError, NotKept
from venuewire.core.floor import RecordKey
from venuewire.core.secrets import Account, Credentials

APPLICATION_ID: Final = 0x56574952
"""`VWIR`, in SQLite's header: tells our files from other programs'."""
BUSY_TIMEOUT: Final = 2.0
"""Seconds that a process just killed may take to let go of the file."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE accounts (
            venue TEXT NOT NULL,
            api_key TEXT NOT NULL,
            name TEXT NOT NULL,
            api_secret TEXT NOT NULL,
            passphrase_digest TEXT NOT NULL,
            key_version TEXT NOT NULL,
            permissions TEXT NOT NULL, -- a JSON list
            added REAL NOT NULL, -- seconds since the epoch
            PRIMARY KEY (venue, api_key)
        )
        """,
        """
        CREATE TABLE revocations (
            venue TEXT NOT NULL,
            api_key TEXT NOT NULL,
            revoked REAL NOT NULL, -- seconds since the epoch
            PRIMARY KEY (venue, api_key)
        )
        """,
        """
        CREATE TABLE records ( -- in the order in which they last changed, by rowid
            venue TEXT NOT NULL,
            key TEXT NOT NULL, -- a JSON list
            value BLOB NOT NULL, -- JSON, in the venue's own form
            UNIQUE (venue, key)
        )
        """,
    ),
)
"""Statements from each version to the next; version 0 is an empty file. Only ever added to."""


class Remember(Struct, frozen=True):
    """What a floor calls by `key` is now this; None when it is nothing any more."""

    venue: str
    key: RecordKey
    value: bytes | None


class Admit(Struct, frozen=True):
    """Let this account in from now on, also if its key was revoked before."""

    venue: str
    account: Account
    at: float
    """Seconds since the epoch."""


class Revoke(Struct, frozen=True):
    """Let nobody in by this key, whoever names it."""

    venue: str
    api_key: str
    at: float
    """Seconds since the epoch."""

    def __repr__(self) -> str:
        return f"Revoke({self.venue})"


Change: TypeAlias = Remember | Admit | Revoke


class Contents(Struct, frozen=True):
    """All of a file. Of each list, what came or changed last comes last."""

    accounts: tuple[tuple[str, Account], ...]
    """With the venue they belong to."""
    revoked: tuple[tuple[str, str], ...]
    """Venue and API key."""
    records: tuple[Remember, ...]

    def __repr__(self) -> str:
        return f"Contents({len(self.accounts)} accounts, {len(self.records)} records)"


class Store:
    def __init__(self, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
        """Open, create if need be, and migrate. Raises `ConfigurationError`."""
        self._path = path
        self._migrations = migrations
        _claim(path)
        with self._explained():
            self._database = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
        try:
            with self._explained():
                self._prepare()
        except ConfigurationError:
            self.close()
            raise

    def contents(self) -> Contents:
        """Raises `ConfigurationError` when it cannot be read."""
        with self._explained():
            return Contents(
                tuple(map(_account, self._rows("SELECT * FROM accounts ORDER BY rowid"))),
                tuple(self._rows("SELECT venue, api_key FROM revocations ORDER BY rowid")),
                tuple(map(_record, self._rows("SELECT * FROM records ORDER BY rowid"))),
            )

    def write(self, changes: Iterable[Change]) -> None:
        """All of them, or none: raises `NotKept`."""
        try:
            with self._transaction("IMMEDIATE"):
                for change in changes:
                    self._write(change)
        except sqlite3.Error as error:
            raise NotKept(f"{self._path}: {error}") from None

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._database.close()

    # Opening.

    def _prepare(self) -> None:
        self._check_owner()
        for pragma in (
            "locking_mode = EXCLUSIVE",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
        ):
            self._database.execute(f"PRAGMA {pragma}")
        with self._transaction("EXCLUSIVE"):
            self._migrate()

    def _check_owner(self) -> None:
        version, owner = self._number("user_version"), self._number("application_id")
        fresh = not self._rows("SELECT 1 FROM sqlite_master LIMIT 1")
        if owner != APPLICATION_ID and not (fresh and owner == version == 0):
            raise ConfigurationError(f"{self._path}: this is another program's database")
        if version > len(self._migrations):
            raise ConfigurationError(
                f"{self._path}: version {version} is newer than this Venuewire,"
                f" which knows {len(self._migrations)}"
            )

    def _migrate(self) -> None:
        version, newest = self._number("user_version"), len(self._migrations)
        for migration in self._migrations[version:]:
            for statement in migration:
                self._database.execute(statement)
        if version < newest:
            self._database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._database.execute(f"PRAGMA user_version = {newest}")

    def _number(self, pragma: str) -> int:
        number: int = self._rows(f"PRAGMA {pragma}")[0][0]
        return number

    # Statements.

    def _write(self, change: Change) -> None:
        run = self._database.execute
        match change:
            case Remember(venue, key, None):
                run("DELETE FROM records WHERE venue = ? AND key = ?", (venue, _text(key)))
            case Remember(venue, key, value):
                run("REPLACE INTO records VALUES (?, ?, ?)", (venue, _text(key), value))
            case Admit():
                run("DELETE FROM revocations WHERE venue = ? AND api_key = ?", _whose(change))
                run("REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _row(change))
            case Revoke(at=at):
                run("DELETE FROM accounts WHERE venue = ? AND api_key = ?", _whose(change))
                run("REPLACE INTO revocations VALUES (?, ?, ?)", (*_whose(change), at))
            case _:
                assert_never(change)

    def _rows(self, statement: str) -> list[Any]:
        return self._database.execute(statement).fetchall()

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        self._database.execute(f"BEGIN {kind}")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # It may have been rolled back already.
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, msgspec.DecodeError) as error:
            busy = "locked" in str(error)
            reason = "another process has it open" if busy else str(error)
            raise ConfigurationError(f"{self._path}: {reason}") from None


def _claim(path: Path) -> None:
    """Create the file for its owner alone, or see that it is so. Raises `ConfigurationError`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    try:
        mode = os.fstat(descriptor).st_mode
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(mode):
        raise ConfigurationError(f"{path}: this is not a regular file")
    if mode & 0o077:
        raise ConfigurationError(
            f"{path}: it holds secrets and other users may open it; run `chmod 600 {path}`"
        )


# Values, and rows.


def _text(key: RecordKey) -> str:
    return msgspec.json.encode(key).decode()


def _whose(change: Admit | Revoke) -> tuple[str, str]:
    match change:
        case Admit(venue, account):
            return venue, account.credentials.api_key
        case Revoke(venue, api_key):
            return venue, api_key
        case _:
            assert_never(change)


def _row(change: Admit) -> tuple[str | float, ...]:
    account, credentials = change.account, change.account.credentials
    return (
        change.venue,
        credentials.api_key,
        account.name,
        credentials.api_secret,
        account.passphrase_digest,
        credentials.key_version,
        msgspec.json.encode(sorted(account.permissions)).decode(),
        change.at,
    )


def _account(row: Any) -> tuple[str, Account]:
    venue, api_key, name, api_secret, digest, key_version, permissions, _ = row
    credentials = Credentials(api_key, api_secret, key_version=key_version)
    granted = msgspec.json.decode(permissions, type=frozenset[str])
    return venue, Account(name, credentials, granted, digest)


def _record(row: Any) -> Remember:
    venue, key, value = row
    return Remember(venue, msgspec.json.decode(key, type=RecordKey), value)
