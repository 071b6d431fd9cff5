"""What a venue that does not read, or does not answer, can make a client's link hold or wait."""

import asyncio
from random import Random
from typing import Any
from unittest.mock import Mock, call

import pytest
from picows import WSMsgType

from clock import VirtualClock
from plain_dialect import PlainClient
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.transport import client_link
from venuewire.transport.client_driver import ClientDriver
from venuewire.transport.client_link import ClientLink, State


class Nobody:
    def put(self, news: Any) -> None: ...
    def told(self, update: Any) -> None: ...
    def round_trip(self, id: int, seconds: float) -> None: ...


def opened() -> tuple[ClientLink, Mock]:
    session = ClientSession(PlainClient(), backoff=Backoff(), rng=Random(0))
    link, transport = ClientLink(1, ClientDriver(session, Nobody(), clock=VirtualClock())), Mock()
    link.on_ws_connected(transport)
    assert link.state is State.OPEN
    return link, transport


def ping(link: ClientLink, payload: bytes) -> None:
    frame = Mock(msg_type=WSMsgType.PING, fin=True, rsv1=0, rsv2=0, rsv3=0, last_in_buffer=True)
    frame.get_payload_as_bytes.return_value = payload
    link.on_ws_frame(Mock(), frame)


def test_a_venue_that_reads_nothing_is_sent_no_pongs() -> None:
    link, transport = opened()
    ping(link, b"1")
    link.pause_writing()
    ping(link, b"2")
    link.resume_writing()
    ping(link, b"3")
    assert transport.send_pong.mock_calls == [call(b"1"), call(b"3")]


async def test_a_close_that_is_not_answered_is_an_abort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_link, "CLOSE_TIMEOUT", 0.0)
    link, transport = opened()
    link.close(1000, "")
    assert link.state is State.CLOSING
    assert transport.disconnect.mock_calls == []
    await asyncio.sleep(0.01)
    assert transport.disconnect.mock_calls == [call(graceful=False)]
