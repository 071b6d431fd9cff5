"""A request's query may carry a token: nobody writes it to a log, whoever has turned logs on."""

import logging

import aiohttp
import pytest

from toy_venue import TOY
from venuewire.server import LocalVenue


async def test_no_log_shows_what_was_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("uvicorn", "uvicorn.access", "uvicorn.error", "venuewire"):
        caplog.set_level(logging.DEBUG, logger=name)
    async with LocalVenue(TOY) as venue, aiohttp.ClientSession() as client:
        for path in ("/healthz", "/toy/token", "/nowhere"):
            async with client.get(f"{venue.base}{path}?token=canary") as reply:
                await reply.read()
    assert [record.name for record in caplog.records if "canary" in record.getMessage()] == []
