"""Every venue this installation can speak, both halves over one socket, in both editions."""

import asyncio

import pytest

import venuewire
from integration.client.staged_venue import QUICK, rest_of
from venuewire import Down, Gap, Ready, Subscribed
from venuewire.core.terms import Edition
from venuewire.demo import CREDENTIALS
from venuewire.venues import venues


@pytest.mark.parametrize("edition", ["documented", "observed"])
@pytest.mark.parametrize("name", venues())
async def test_a_session_with_everything_a_venue_has(name: str, edition: Edition) -> None:
    watched = venues()[name].watched
    async with venuewire.LocalVenue(name, edition=edition) as local:
        session = venuewire.connect(
            name, url=local.url, credentials=CREDENTIALS[name], backoff=QUICK
        )
        async with session:
            for channel in watched:
                await session.subscribe(channel, timeout=5)
            assert 0 < await session.ping(timeout=5) < 5
            session.assert_live()
        updates = await rest_of(session)
    assert updates[0] == Ready(1)
    assert {update.channel for update in updates if isinstance(update, Subscribed)} <= set(watched)
    assert [type(update) for update in updates if isinstance(update, Down | Gap)] == [Down]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("name", venues())
async def test_a_session_without_credentials(name: str) -> None:
    async with venuewire.LocalVenue(name) as local:
        try:
            session = venuewire.connect(name, url=local.url, backoff=QUICK)
        except venuewire.ConfigurationError:
            assert name == "kraken-prime"  # It lets in nobody whom it does not know.
            return
        async with session:
            for channel in venues()[name].public:
                await session.subscribe(channel, timeout=5)
            assert 0 < await session.ping(timeout=5) < 5
