"""What the floors know, on its way to the file: who waits for it, and who is told."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from clock import VirtualClock
from venuewire.core.errors import ConfigurationError, NotKept
from venuewire.core.floor import Note, Publication
from venuewire.core.secrets import Account, Credentials
from venuewire.transport.archive import Archive
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises
from venuewire.transport.store import Admit, Change, Remember, Revoke, Store
from venuewire.venues import venue

FUTURES = venue("kraken-futures")
ALICE = Account("alice", Credentials("key", "c2VjcmV0"))


class SlowDisk:
    """Stands in for `Store.write`: writes when it is let, and remembers what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[list[Change]] = []
        self.free = threading.Event()
        self.failure: Exception | None = None
        monkeypatch.setattr(Store, "write", self.write)

    def write(self, changes: Sequence[Change]) -> None:
        assert self.free.wait(10)
        self.batches.append(list(changes))
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    return SlowDisk(monkeypatch)


def hall() -> Hall:
    clock = VirtualClock()
    floor = FUTURES.floor(FUTURES.terms("documented"), [ALICE], clock, Random(0))
    return Hall(FUTURES, floor, Premises(clock, Limits()))


def ticker(bid: int, product: str = "PI_XBTUSD") -> Publication:
    return Publication(channel=f"ticker:{product}", payload=b'{"bid":%d}' % bid)


@asynccontextmanager
async def opened(path: Path | None) -> AsyncIterator[tuple[Archive, Hall]]:
    place = hall()
    archive = Archive(path, {FUTURES.name: place})
    await archive.open()
    try:
        yield archive, place
    finally:
        await archive.close()


def kept(path: Path) -> list[tuple[str | int | None, ...]]:
    store = Store(path)
    try:
        return [record.key for record in store.contents().records]
    finally:
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "venue.db"


async def let_run() -> None:
    """Until every task waits for the disk, or for somebody else."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_was_acknowledged_is_there_after_a_restart(path: Path) -> None:
    async with opened(path) as (archive, place):
        place.publish(ticker(7))
        number = place.notify(Note(note="hello"))
        await archive.settle()
        store, archive._store = archive._store, None  # As if killed here.
        assert store is not None
        await archive._off_loop(store.close)
    async with opened(path) as (_, place):
        assert [noted.id for noted in place.floor.notifications] == [number]
        frame = place.floor.snapshot("ticker", "PI_XBTUSD", place.now())  # type: ignore[attr-defined]
        assert b'"bid":7' in frame


async def test_what_changed_without_anybody_waiting_is_kept_too(path: Path) -> None:
    """A fault notifies by itself."""
    async with opened(path) as (_, place):
        place.floor.notify(Note(note="hello"), place.now())
        place.deliver()
    assert kept(path) == [("note", 1), ("last note",)]


async def test_nobody_is_acknowledged_before_it_is_kept(path: Path, disk: SlowDisk) -> None:
    async with opened(path) as (archive, place):
        place.publish(ticker(1))
        waiting = asyncio.create_task(archive.settle())
        await let_run()
        assert not waiting.done()
        disk.free.set()
        await waiting
        assert [len(batch) for batch in disk.batches] == [1]


async def test_what_comes_while_the_disk_works_goes_in_one_batch(
    path: Path, disk: SlowDisk
) -> None:
    """Of a thing that changed often only its last state."""
    async with opened(path) as (archive, place):
        place.publish(ticker(1))
        first = asyncio.create_task(archive.settle())
        await let_run()
        for bid in range(2, 100):
            place.publish(ticker(bid))
        place.publish(ticker(1, "PI_ETHUSD"))
        rest = [asyncio.create_task(archive.settle()) for _ in range(10)]
        await let_run()
        disk.free.set()
        await asyncio.gather(first, *rest)
        one, other = disk.batches
        assert [len(one), len(other)] == [1, 2]
        latest = other[0]
        assert isinstance(latest, Remember)
        assert latest.value is not None
        assert b'"bid":99' in latest.value


async def test_whoever_asks_late_waits_for_what_is_on_its_way(path: Path, disk: SlowDisk) -> None:
    async with opened(path) as (archive, place):
        place.publish(ticker(1))
        await let_run()
        assert not place.floor.changed
        late = asyncio.create_task(archive.settle())
        await let_run()
        assert not late.done()
        disk.free.set()
        await late
        assert len(disk.batches) == 1
        await archive.settle()
        assert len(disk.batches) == 1


async def test_what_could_not_be_kept_is_said_and_tried_again(path: Path, disk: SlowDisk) -> None:
    disk.free.set()
    async with opened(path) as (archive, place):
        disk.failure = NotKept("the disk is full")
        place.publish(ticker(1))
        archive.enter(Revoke(FUTURES.name, "key", 1.0))
        with pytest.raises(NotKept, match="the disk is full"):
            await archive.settle()
        disk.failure = None
        await archive.settle()
        failed, later = disk.batches
        assert (len(failed), [type(change) for change in later]) == (2, [Remember])


async def test_a_bug_leaves_nobody_waiting(
    path: Path, disk: SlowDisk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.free.set()
    async with opened(path) as (archive, place):
        disk.failure = RuntimeError("a bug that quotes canary")
        place.publish(ticker(1))
        with pytest.raises(NotKept, match="its log tells more"):
            await archive.settle()
        disk.failure = None
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


async def test_whoever_gives_up_waiting_harms_nobody(path: Path, disk: SlowDisk) -> None:
    async with opened(path) as (archive, place):
        place.publish(ticker(1))
        gives_up, stays = (asyncio.create_task(archive.settle()) for _ in range(2))
        await let_run()
        gives_up.cancel()
        await let_run()
        disk.free.set()
        await stays
        assert gives_up.cancelled()


async def test_closing_writes_what_is_left_and_says_if_it_cannot(
    path: Path, disk: SlowDisk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.free.set()
    async with opened(path) as (archive, place):
        disk.failure = NotKept("the disk is full")
        place.publish(ticker(1))
    assert "the disk is full" in caplog.text
    await archive.close()


async def test_the_file_is_open_only_while_the_venue_runs(path: Path) -> None:
    place = hall()
    archive = Archive(path, {FUTURES.name: place})
    with pytest.raises(NotKept, match="open only while the local venue runs"):
        await archive.settle()
    archive.enter(Admit(FUTURES.name, ALICE, 1.0))
    assert kept(path) == []


async def test_without_a_file_nothing_is_waited_for() -> None:
    async with opened(None) as (archive, place):
        place.publish(ticker(1))
        archive.enter(Admit(FUTURES.name, ALICE, 1.0))
        await archive.settle()
        assert place.floor.changed == {}


# Restored.


def write(path: Path, *changes: Change) -> None:
    store = Store(path)
    store.write(changes)
    store.close()


async def test_what_belongs_to_venues_that_are_not_here_stays(path: Path) -> None:
    foreign = (Admit("moon", ALICE, 1.0), Revoke("moon", "a", 1.0), Remember("moon", ("a",), b"1"))
    write(path, *foreign)
    async with opened(path) as (_, place):
        assert list(place.floor.accounts) == ["key"]
    store = Store(path)
    contents = store.contents()
    store.close()
    assert contents.accounts == (("moon", ALICE),)
    assert contents.revoked == (("moon", "a"),)
    assert contents.records == (Remember("moon", ("a",), b"1"),)


async def test_a_configured_account_counts_more_than_a_kept_one(path: Path) -> None:
    write(path, Admit(FUTURES.name, Account("other", Credentials("key", "b3RoZXI=")), 1.0))
    async with opened(path) as (_, place):
        assert place.floor.accounts == {"key": ALICE}


async def test_a_key_that_was_revoked_stays_so_whoever_configures_it(path: Path) -> None:
    write(path, Revoke(FUTURES.name, "key", 1.0))
    async with opened(path) as (_, place):
        assert place.floor.accounts == {}


async def test_an_account_the_venue_cannot_use_is_an_error(path: Path) -> None:
    write(path, Admit(FUTURES.name, Account("bob", Credentials("b", "not base64")), 1.0))
    with pytest.raises(ConfigurationError, match=r"venue\.db: account 'bob' of kraken-futures: "):
        async with opened(path):
            pass
    Store(path).close()  # It was let go.


async def test_what_no_longer_fits_is_said_and_stays_in_the_file(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, Remember(FUTURES.name, ("picture", "ticker", "x" * 100), b'{"frame":{}}'))
    async with opened(path):
        assert "is no product id" in caplog.text
    assert kept(path) == [("picture", "ticker", "x" * 100)]


async def test_opened_again_it_takes_what_the_floors_know_and_not_what_the_file_tells(
    path: Path,
) -> None:
    async with opened(path) as (archive, place):
        place.publish(ticker(1))
        await archive.close()
        place.publish(ticker(2))
        await archive.open()
        frame = place.floor.snapshot("ticker", "PI_XBTUSD", place.now())  # type: ignore[attr-defined]
        assert b'"bid":2' in frame
    async with opened(path) as (_, place):
        frame = place.floor.snapshot("ticker", "PI_XBTUSD", place.now())  # type: ignore[attr-defined]
        assert b'"bid":2' in frame
