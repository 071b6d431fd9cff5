"""A connection's first protocol, where its transport does what only a busy system does."""

import asyncio
import errno
from typing import Any, cast

import pytest

from venuewire.transport.clock import now
from venuewire.transport.door_sniffer import DoorSniffer
from venuewire.transport.doors import DoorPlan
from venuewire.transport.hall import Hall
from venuewire.transport.limits import Limits
from venuewire.transport.premises import Premises


class Reset(asyncio.Transport):
    """Its client is gone, and nobody has told it: what is written leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def abort(self) -> None:
        self.aborted = True


async def test_whoever_is_gone_before_it_is_refused_is_no_failure_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Found by `make fuzz`, once in 150,000 requests."""
    plan: DoorPlan[Hall] = DoorPlan([])
    premises, transport = Premises(now, Limits()), Reset()
    sniffer = DoorSniffer(premises, plan, cast("Any", None))
    sniffer.connection_made(transport)
    said = b"\x16\x03\x01 is no request"
    sniffer.get_buffer(-1)[: len(said)] = said
    sniffer.buffer_updated(len(said))
    assert transport.written.startswith(b"HTTP/1.1 400 ")
    assert transport.aborted
    assert not [each for each in caplog.records if each.levelname != "INFO"]
    sniffer.connection_lost(None)
    assert not len(premises.guests)
    premises.deadlines.close()
