"""A link where it has no transport, no longer, or not in time: nothing it is told does harm."""

from random import Random
from typing import Any
from unittest.mock import Mock

from clock import VirtualClock
from plain_dialect import PlainClient
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.transport.client_driver import ClientDriver
from venuewire.transport.client_link import ClientLink, State


class Nobody:
    def put(self, news: Any) -> None: ...
    def told(self, update: Any) -> None: ...
    def round_trip(self, id: int, seconds: float) -> None: ...


def link_of(clock: VirtualClock) -> ClientLink:
    session = ClientSession(PlainClient(), backoff=Backoff(), rng=Random(0))
    driver = ClientDriver(session, Nobody(), clock=clock)
    assert repr(driver) == "ClientDriver(ClientSession(idle, link 0))"
    return ClientLink(1, driver)


def test_without_a_transport_nothing_is_sent_and_every_end_is_an_end() -> None:
    link = link_of(VirtualClock())
    link.send(b"{}")
    link.ping(b"")
    link.close(1000, "")
    assert link.state is State.GONE
    link.abort()
    assert repr(link) == "ClientLink(1, gone)"


def test_an_upgrade_that_comes_too_late_is_hung_up() -> None:
    link = link_of(VirtualClock())
    link.abort()
    transport = Mock()
    link.on_ws_connected(transport)
    assert [call[0] for call in transport.method_calls] == ["disconnect"]
    assert link.state is State.GONE
