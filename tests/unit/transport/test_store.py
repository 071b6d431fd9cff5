"""The state file: what is written is there, and what is not ours is left alone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from venuewire.core.errors import ConfigurationError, NotKept
from venuewire.core.secrets import Account, Credentials
from venuewire.transport.store import (
    APPLICATION_ID,
    MIGRATIONS,
    Admit,
    Contents,
    Remember,
    Revoke,
    Store,
)

CANARY = "canary-secret-of-alice"
ALICE = Account("alice", Credentials("key-a", CANARY), frozenset({"b", "a"}), "digest")
BOB = Account("bob", Credentials("key-b", "secret-b", key_version="2"), frozenset())
NOTHING = Contents((), (), ())

VERSION_1 = """
    CREATE TABLE accounts (
        venue TEXT NOT NULL, api_key TEXT NOT NULL, name TEXT NOT NULL, api_secret TEXT NOT NULL,
        passphrase_digest TEXT NOT NULL, key_version TEXT NOT NULL, permissions TEXT NOT NULL,
        added REAL NOT NULL, PRIMARY KEY (venue, api_key)
    );
    CREATE TABLE revocations (
        venue TEXT NOT NULL, api_key TEXT NOT NULL, revoked REAL NOT NULL,
        PRIMARY KEY (venue, api_key)
    );
    CREATE TABLE records (
        venue TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, UNIQUE (venue, key)
    );
    INSERT INTO accounts VALUES
        ('toy', 'key-a', 'alice', 'canary-secret-of-alice', 'digest', '3', '["a","b"]', 5.5);
    INSERT INTO revocations VALUES ('toy', 'key-b', 6.5);
    INSERT INTO records VALUES ('toy', '["state","news",null,7]', x'7b7d');
    PRAGMA application_id = 1448560978;
    PRAGMA user_version = 1;
"""
"""As that version wrote it. Every later version gets such a text, and none is ever changed."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "venue.db"


def database(path: Path, script: str) -> None:
    """Another program's, or another version's, file."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    path.chmod(0o600)


def written(path: Path, *batches: list[Admit | Revoke | Remember]) -> Contents:
    """What is there after these transactions and a restart."""
    store = Store(path)
    for batch in batches:
        store.write(batch)
    store.close()
    return contents(path)


def contents(path: Path) -> Contents:
    store = Store(path)
    try:
        return store.contents()
    finally:
        store.close()


# What is written is there.


def test_a_new_file_is_empty_and_its_owners_alone(path: Path) -> None:
    assert contents(path) == NOTHING
    assert path.stat().st_mode & 0o777 == 0o600
    assert contents(path) == NOTHING


def test_an_empty_file_is_as_good_as_none(path: Path) -> None:
    path.touch(0o600)
    assert contents(path) == NOTHING


def test_accounts_come_and_go(path: Path) -> None:
    seen = written(
        path, [Admit("toy", ALICE, 1.0), Admit("toy", BOB, 2.0)], [Admit("other", ALICE, 3.0)]
    )
    assert seen.accounts == (("toy", ALICE), ("toy", BOB), ("other", ALICE))
    assert written(path, [Revoke("toy", "key-a", 4.0)]) == Contents(
        (("toy", BOB), ("other", ALICE)), (("toy", "key-a"),), ()
    )


def test_a_key_that_is_admitted_again_is_no_longer_revoked(path: Path) -> None:
    written(path, [Admit("toy", ALICE, 1.0), Revoke("toy", "key-a", 2.0)])
    assert written(path, [Admit("toy", ALICE, 3.0)]) == Contents((("toy", ALICE),), (), ())


def test_a_key_that_was_never_admitted_can_be_revoked(path: Path) -> None:
    """It may be named elsewhere: in a configuration, or be a demo account's."""
    assert written(path, [Revoke("toy", "demo", 1.0)]).revoked == (("toy", "demo"),)


def test_records_come_in_the_order_of_their_last_change(path: Path) -> None:
    first, second = ("state", "news", None, 1), ("note", 2)
    seen = written(
        path,
        [Remember("toy", first, b"1"), Remember("toy", second, b"2")],
        [Remember("toy", first, b"3"), Remember("toy", ("gone",), b"4")],
        [Remember("toy", ("gone",), None), Remember("other", first, b"5")],
    )
    assert seen.records == (
        Remember("toy", second, b"2"),
        Remember("toy", first, b"3"),
        Remember("other", first, b"5"),
    )


def test_all_of_a_batch_is_written_or_nothing(path: Path) -> None:
    store = Store(path)
    bad = Admit("toy", Account(None, Credentials("k", "s")), 1.0)  # type: ignore[arg-type]
    with pytest.raises(NotKept, match=r"venue\.db: NOT NULL constraint failed"):
        store.write([Admit("toy", ALICE, 1.0), bad])
    assert store.contents() == NOTHING
    store.write([Admit("toy", BOB, 1.0)])
    assert store.contents().accounts == (("toy", BOB),)
    store.close()


def test_a_full_disk_is_said_and_what_fits_later_is_kept(path: Path) -> None:
    store = Store(path)
    store.write([Admit("toy", ALICE, 1.0)])
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(NotKept, match="full"):
        store.write([Remember("toy", ("big",), b"x" * 100_000)])
    store.write([Remember("toy", ("small",), b"1")])
    store.close()
    seen = contents(path)
    assert seen.accounts == (("toy", ALICE),)
    assert seen.records == (Remember("toy", ("small",), b"1"),)


def test_each_transaction_is_on_the_disk_when_it_is_acknowledged(path: Path) -> None:
    store = Store(path)
    settings = ("journal_mode", "synchronous", "locking_mode", "secure_delete")
    found = [store._database.execute(f"PRAGMA {one}").fetchone()[0] for one in settings]
    assert found == ["wal", 2, "exclusive", 1]
    store.close()


def test_a_revoked_secret_is_overwritten(path: Path) -> None:
    written(path, [Admit("toy", ALICE, 1.0)])
    assert CANARY.encode() in path.read_bytes()
    written(path, [Revoke("toy", "key-a", 2.0)])
    left = [each.read_bytes() for each in path.parent.iterdir()]
    assert not any(CANARY.encode() in each for each in left)


def test_secrets_are_in_no_repr() -> None:
    seen = Contents((("toy", ALICE),), (("toy", CANARY),), ())
    shown = f"{seen!r} {Admit('toy', ALICE, 1.0)!r} {Revoke('toy', CANARY, 1.0)!r}"
    assert CANARY not in shown


# Versions.


def test_an_old_version_is_brought_up_to_date(path: Path) -> None:
    """From version 1; from version 0, an empty file, see above."""
    database(path, VERSION_1)
    assert contents(path) == Contents(
        (("toy", ALICE),),
        (("toy", "key-b"),),
        (Remember("toy", ("state", "news", None, 7), b"{}"),),
    )


def test_every_version_but_the_first_has_its_test() -> None:
    assert len(MIGRATIONS) == 1, "write down the file of the version that is now old, see VERSION_1"
    assert APPLICATION_ID == 1448560978


def test_migrations_are_run_in_order_and_once(path: Path) -> None:
    written(path, [Admit("toy", ALICE, 1.0)])
    later = (*MIGRATIONS, ("CREATE TABLE a (b)",), ("INSERT INTO a VALUES (1)",))
    for _ in range(2):
        store = Store(path, later)
        assert store._database.execute("SELECT b FROM a").fetchall() == [(1,)]
        assert store._database.execute("PRAGMA user_version").fetchone() == (3,)
        assert store.contents().accounts == (("toy", ALICE),)
        store.close()


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    written(path, [Admit("toy", ALICE, 1.0)])
    with pytest.raises(ConfigurationError, match="no such table"):
        Store(path, (*MIGRATIONS, ("CREATE TABLE a (b)", "INSERT INTO nowhere VALUES (1)")))
    store = Store(path)
    assert store._database.execute("PRAGMA user_version").fetchone() == (1,)
    assert not store._database.execute("SELECT * FROM sqlite_master WHERE name = 'a'").fetchall()
    store.close()


# What is not ours.


def _newer(path: Path) -> None:
    Store(path, (*MIGRATIONS, ("CREATE TABLE a (b)",))).close()


def _someone_elses(path: Path) -> None:
    database(path, "CREATE TABLE accounts (name);")


def _someone_elses_without_tables(path: Path) -> None:
    database(path, "PRAGMA application_id = 7; PRAGMA user_version = 1;")


def _text(path: Path) -> None:
    path.write_text("hello, this is a text and no database; " * 20)
    path.chmod(0o600)


def _truncated(path: Path) -> None:
    written(path, [Remember("toy", ("big",), b"x" * 100_000)])
    path.write_bytes(path.read_bytes()[:20_000])


def _readable(path: Path) -> None:
    written(path, [])
    path.chmod(0o640)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_newer, "version 2 is newer than this Venuewire, which knows 1"),
        (_someone_elses, "another program's database"),
        (_someone_elses_without_tables, "another program's database"),
        (_text, "file is not a database"),
        (_truncated, "malformed"),
        (_readable, "other users may open it; run `chmod 600 "),
    ],
)
def test_what_is_not_ours_is_refused_and_left_as_it_was(
    path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(path)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=reason) as caught:
        contents(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert path.read_bytes() == before


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "Is a directory"),
        (tmp_path / "nowhere" / "venue.db", "No such file or directory"),
        (Path("/dev/null"), "not a regular file"),
    ):
        with pytest.raises(ConfigurationError, match=reason):
            Store(path)


def test_a_file_belongs_to_one_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("venuewire.transport.store.BUSY_TIMEOUT", 0.01)
    first = Store(path)
    with pytest.raises(ConfigurationError, match="another process has it open"):
        Store(path)
    first.write([Admit("toy", ALICE, 1.0)])
    first.close()
    assert contents(path).accounts == (("toy", ALICE),)
