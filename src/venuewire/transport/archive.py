"""What a local venue's floors know, kept in a file: from the floors to the store, and back.

Law 1: `settle` returns when everything that had changed by then is kept. Whoever acknowledges
       something to somebody settles first.
Law 2: the event loop never waits for the disk: one thread writes, all that has changed meanwhile
       goes in its next transaction, and of a thing that changed often only its last state.
Law 3: without a file nothing is kept, and nothing is waited for.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar, assert_never

from venuewire.core.errors import ConfigurationError, LocalProtocolError, NotKept
from venuewire.transport.hall import Hall
from venuewire.transport.mishaps import report
from venuewire.transport.store import Admit, Change, Contents, Remember, Revoke, Store

_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)


class Archive:
    def __init__(self, path: Path | None, halls: Mapping[str, Hall]) -> None:
        """`path` is looked at by `open` only."""
        self._path = path
        self._halls = halls
        self._store: Store | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._restored = False

        self.revoked: set[tuple[str, str]] = set()
        """Venue and API key: those that were revoked stay so, whoever names them."""

        # What is to be written next, beside what the floors name; and who waits for it.
        self._entered: list[Change] = []
        self._waiting: list[asyncio.Future[None]] = []
        # What is being written.
        self._writing: asyncio.Task[None] | None = None
        self._awaited: list[asyncio.Future[None]] = []
        if path is not None:
            self._call_on_change(_wait)

    # Open and closed.

    async def open(self) -> None:
        """Give the floors what an earlier process kept. Raises `ConfigurationError`."""
        if self._path is None:
            return
        self._thread = ThreadPoolExecutor(1, "venuewire-archive")
        try:
            self._store = await self._off_loop(Store, self._path)
            if not self._restored:
                self._restore(await self._off_loop(self._store.contents))
        except BaseException:
            await self.close()
            raise
        self._restored = True
        self._call_on_change(self._write)
        for hall in self._halls.values():
            hall.settle = self.settle
        await self.settle()  # What the floors made up for themselves: nothing is signed before.

    async def close(self) -> None:
        """Write what is left. Harmless when repeated."""
        if self._store is not None:
            self._call_on_change(_wait)
            try:
                await self.settle()
            except NotKept as error:
                _logger.error("%s", error)  # noqa: TRY400 - its text is all there is to know
            await self._off_loop(self._store.close)
            self._store = None
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _call_on_change(self, keep: Callable[[], None]) -> None:
        for hall in self._halls.values():
            hall.keep = keep

    # Kept.

    def enter(self, change: Change) -> None:
        """Keep this too, which no floor names. If it cannot be kept, it is dropped."""
        match change:
            case Revoke(venue, api_key):
                self.revoked.add((venue, api_key))
            case Admit(venue, account):
                self.revoked.discard((venue, account.credentials.api_key))
            case Remember():
                pass
            case _:
                assert_never(change)
        if self._store is not None:
            self._entered.append(change)

    async def settle(self) -> None:
        """Return when everything that has changed is kept. Raises `NotKept`."""
        if self._path is None:
            return
        if self._store is None:
            raise NotKept(f"{self._path}: it is open only while the local venue runs")
        if self._is_dirty:
            self._write()
            queue = self._waiting
        elif self._writing is not None:
            queue = self._awaited  # What has changed is on its way.
        else:
            return
        waiter = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        await waiter

    @property
    def _is_dirty(self) -> bool:
        return bool(self._entered) or any(hall.floor.changed for hall in self._halls.values())

    def _write(self) -> None:
        if self._writing is None and self._is_dirty:
            self._writing = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        failed = False
        while self._waiting or (self._is_dirty and not failed):
            failed = not await self._write_once()
        self._writing = None

    async def _write_once(self) -> bool:
        self._awaited, self._waiting = self._waiting, []
        failure = await self._attempt()
        if failure is not None:
            _logger.error("%s", failure)
        awaited, self._awaited = self._awaited, []
        for waiter in awaited:
            if waiter.done():
                continue  # Whoever waited has been canceled.
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(failure)
        return failure is None

    async def _attempt(self) -> NotKept | None:
        """Why it failed, if it did."""
        assert self._store is not None  # noqa: S101 - `close` settles first
        changes: list[Change] = []
        try:
            changes = self._collect()
            await self._off_loop(self._store.write, changes)
        except NotKept as error:
            self._name_again(changes)
            return error
        except Exception as error:  # noqa: BLE001 - a bug of ours must leave nobody waiting
            report(_logger, "keeping what has changed", error)
            return NotKept(f"{self._path}: an error of the local venue; its log tells more")
        return None

    def _collect(self) -> list[Change]:
        changes, self._entered = self._entered, []
        for name, hall in self._halls.items():
            floor = hall.floor
            keys = tuple(floor.changed)
            floor.changed.clear()
            changes += [Remember(name, key, floor.keep(key)) for key in keys]
        return changes

    def _name_again(self, changes: Iterable[Change]) -> None:
        """The next attempt writes them, as they are then."""
        for change in changes:
            if isinstance(change, Remember):
                self._halls[change.venue].floor.changed.setdefault(change.key)

    async def _off_loop(self, do: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, do, *arguments)

    # Restored.

    def _restore(self, contents: Contents) -> None:
        """What belongs to venues that are not here stays in the file."""
        self.revoked.update(contents.revoked)
        for venue, api_key in contents.revoked:
            if (hall := self._halls.get(venue)) is not None:
                hall.floor.revoke(api_key, hall.now())
        for venue, account in contents.accounts:
            if (hall := self._halls.get(venue)) is None:
                continue
            try:
                if account.credentials.api_key not in hall.floor.accounts:  # Else as configured.
                    hall.floor.enroll(account)
            except (ConfigurationError, LocalProtocolError) as error:
                text = f"{self._path}: account {account.name!r} of {venue}: {error}"
                raise ConfigurationError(text) from None
        for record in contents.records:
            if (hall := self._halls.get(record.venue)) is not None:
                self._bring_back(hall, record)

    def _bring_back(self, hall: Hall, record: Remember) -> None:
        assert record.value is not None  # noqa: S101 - as it was read
        try:
            hall.take_back(record.key, record.value)
        except LocalProtocolError as error:
            # Limits may have become narrower; the file keeps it for when they are wide again.
            _logger.warning("%s: %s: %s", self._path, hall.venue.name, error)


def _wait() -> None:
    """What changes while the file is not open is written when it is."""
