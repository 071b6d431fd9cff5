"""What is said about errors that nobody else hears of."""

import asyncio

import pytest

from venuewire.cli.loop import report_error, run


def told(caplog: pytest.LogCaptureFixture, *errors: object) -> list[str]:
    async def tell() -> None:
        for error in errors:
            context = {"message": "Fatal error", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    run(tell())
    return [record.getMessage() for record in caplog.records]


def test_an_error_is_told(caplog: pytest.LogCaptureFixture) -> None:
    [text] = told(caplog, RuntimeError("a bug"))
    assert text.startswith("Fatal error")


def test_a_peer_that_leaves_within_its_handshake_is_none(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, ConnectionResetError) == []


def test_an_error_without_an_exception_is_told(caplog: pytest.LogCaptureFixture) -> None:
    report_error(loop := asyncio.new_event_loop(), {"message": "something else"})
    loop.close()
    assert [record.getMessage() for record in caplog.records] == ["something else"]
