"""Links replaced over real sockets, while a venue goes on talking.

The overlap of two links is cut to a fraction of a second here: in one process no link is behind
another by more. What it is for, and when it ends, is shown in virtual time.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import pytest

import venuewire
from integration.client.staged_venue import PATIENCE, QUICK, Stage, StagedVenue, next_of
from venuewire import Down, Gap, LocalVenue, Maintenance, Message, Ready, Rotated, Session
from venuewire.core import rotation, sieve, succession
from venuewire.core.updates import Update
from venuewire.demo import CREDENTIALS
from venuewire.transport.clock import now
from venuewire.venues import venues

OVERLAP: Final = 0.2
TALK_EVERY: Final = 0.005
SPOT: Final = "kraken-spot"
TICKER: Final = "ticker:BTC/USD"


@pytest.fixture(autouse=True)
def _short_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rotation, sieve, succession):
        monkeypatch.setattr(module, "OVERLAP", OVERLAP)


class Talk:
    """A venue that says one number after another, and a session that hears them."""

    def __init__(self, local: LocalVenue, session: Session, channel: str) -> None:
        self.local, self.session, self._channel = local, session, channel
        self.said = 0
        self.sessions = 0
        """That the venue had at a time, at most."""
        self.heard: list[int] = []
        self.told: list[Update] = []

    async def say(self) -> None:
        while True:
            self.said += 1
            self.sessions = max(self.sessions, len(self.local.sessions))
            await self.local.publish(self._channel, {"number": self.said})
            await asyncio.sleep(TALK_EVERY)

    async def listen(self) -> None:
        async for update in self.session:
            self.hear(update)

    def hear(self, update: Update) -> None:
        if isinstance(update, Message):
            self.heard += map(int, re.findall(rb'"number":\s*(\d+)', bytes(update.raw)))
        else:
            self.told.append(update)

    def kinds(self, *kinds: type[Update]) -> list[Update]:
        return [update for update in self.told if isinstance(update, kinds)]


@asynccontextmanager
async def talk(name: str, *, callback: bool = False, **options: Any) -> AsyncIterator[Talk]:
    """Subscribed; at the end each number was heard once, in order, and there is one link."""
    channel = venues()[name].public[0]
    async with LocalVenue(name) as local:
        between: Talk

        def hear(message: Message) -> None:
            between.hear(message)

        if callback:
            options["on_message"] = hear
        credentials = None if name == SPOT else CREDENTIALS[name]  # Its public host has none.
        session = venuewire.connect(
            name, url=local.url, credentials=credentials, backoff=QUICK, **options
        )
        between = Talk(local, session, channel)
        async with session:
            await session.subscribe(channel, timeout=PATIENCE)
            listening = asyncio.create_task(between.listen())
            saying = asyncio.create_task(between.say())
            yield between
            await _cancel(saying)
            await until(lambda: between.heard[-1:] == [between.said])
            await until(lambda: len(local.sessions) == 1)
            assert len(session.health.links) == 1
        await listening
        assert between.heard == list(range(1, between.said + 1))
        assert not between.kinds(Gap)
        assert between.sessions <= 2
        assert between.kinds(Down) == between.told[-1:]  # The one of our leaving.


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - a venue and a session, neither has an event
            await asyncio.sleep(TALK_EVERY)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


# All venues.


@pytest.mark.parametrize("name", venues())
async def test_nothing_is_missed_and_nothing_is_heard_twice(name: str) -> None:
    async with talk(name) as between:
        (left,) = between.local.sessions
        await between.session.rotate(timeout=PATIENCE)
        await until(lambda: left not in between.local.sessions)
    assert between.kinds(Rotated, Ready) == [
        Ready(1),
        Rotated(1, 2, "asked for by the application"),
    ]
    assert between.sessions == 2
    assert between.session.health.counters.rotations == 1


async def test_the_old_link_is_left_with_1000() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=PATIENCE)
        await session.rotate(timeout=PATIENCE)
        left = await stage.link(1)
        await left.wait_closed()
        assert left.close_code == 1000
        await stage.say("news", 1)
        assert isinstance(await next_of(session, Message), Message)


async def test_a_callback_is_given_what_was_held_back_too() -> None:
    async with talk(SPOT, callback=True) as between:
        await between.session.rotate(timeout=PATIENCE)


async def test_links_may_be_replaced_one_right_after_the_other() -> None:
    async with talk(SPOT) as between:
        for _ in range(3):
            await between.session.rotate(timeout=PATIENCE)
    assert between.session.health.counters.rotations == 3


async def test_two_who_ask_at_a_time_wait_for_the_same() -> None:
    async with talk(SPOT) as between:
        ask = between.session.rotate
        first = asyncio.create_task(ask(timeout=PATIENCE))
        await until(lambda: len(between.session.health.links) == 2)
        await asyncio.gather(first, ask(timeout=PATIENCE))
        assert between.session.health.links == (2,)


@pytest.mark.parametrize("age", [0.0, -1.0, float("inf"), float("nan")])
def test_an_age_that_cannot_be_is_refused(age: float) -> None:
    with pytest.raises(venuewire.ConfigurationError, match="rotate_after: seconds above 0, not"):
        venuewire.connect(SPOT, rotate_after=age)


async def test_links_are_replaced_by_their_age() -> None:
    async with talk("kucoin", rotate_after=0.3) as between:
        await until(lambda: len(between.kinds(Rotated)) >= 2)
        assert between.session.health.counters.reconnects == 0


# What goes wrong meanwhile.


@pytest.mark.parametrize("fault", ["refuse-connection", "http-503"])
async def test_where_the_venue_lets_nobody_in_the_old_link_serves_on(fault: str) -> None:
    async with talk(SPOT) as between:
        between.local.fault(fault)
        with pytest.raises(venuewire.NotLive, match=r"links not replaced within 0\.3 s"):
            await between.session.rotate(timeout=0.3)
        between.session.assert_live()
        between.local.clear_faults()
        await until(lambda: bool(between.kinds(Rotated)))


async def test_a_rotation_that_cannot_be_does_not_leave_its_task_waiting() -> None:
    async with LocalVenue(SPOT) as local:
        session = venuewire.connect(SPOT, url=local.url, backoff=venuewire.Backoff(attempts=0))
        async with session:
            await session.ready(PATIENCE)
            local.fault("refuse-connection")
            with pytest.raises(venuewire.NotLive, match="link 1 stays: "):
                await session.rotate(timeout=PATIENCE)
            session.assert_live(PATIENCE)


async def test_an_old_link_that_is_reset_meanwhile_is_at_most_one_gap() -> None:
    """After a gap an image of the present may repeat what is known."""
    async with LocalVenue(SPOT) as local:
        session = venuewire.connect(SPOT, url=local.url, backoff=QUICK)
        async with session:
            between = Talk(local, session, TICKER)
            await session.subscribe(TICKER, timeout=PATIENCE)
            listening = asyncio.create_task(between.listen())
            saying = asyncio.create_task(between.say())
            rotating = asyncio.create_task(session.rotate(timeout=PATIENCE))
            await until(lambda: len(local.sessions) == 2)
            old, _ = local.sessions
            old.close(1006, "", abort=True)
            assert old.link is not None
            old.link.part(1006, "")
            await rotating
            await _cancel(saying)
            await until(lambda: between.heard[-1:] == [between.said])
        await listening
    assert len(between.kinds(Gap)) <= 1
    assert between.heard == sorted(between.heard)
    assert between.kinds(Gap) or between.heard == list(range(1, between.said + 1))
    assert len(between.kinds(Rotated, Ready)) == 2


# Several links.


async def test_each_of_several_links_is_replaced() -> None:
    symbols = [f"COIN{number}-USDT" for number in range(450)]
    async with LocalVenue("kucoin", terms={"symbols": symbols, "max_subscriptions": 400}) as local:
        session = venuewire.connect("kucoin", url=local.url, backoff=QUICK)
        async with session:
            await session.subscribe("/market/ticker:" + ",".join(symbols), timeout=PATIENCE)
            assert len(session.health.links) == 2
            await session.rotate(timeout=PATIENCE)
            assert session.health.links == (3, 4)
            assert session.health.active == 450
            for symbol in (symbols[0], symbols[-1]):
                assert await local.publish(f"/market/ticker:{symbol}", {"number": 1}) == 1
                assert isinstance(await next_of(session, Message), Message)


# Maintenance.


async def test_an_announced_maintenance_is_entered_on_a_fresh_link() -> None:
    async with talk("kraken-futures") as between:
        await between.session.subscribe("notifications_auth", timeout=PATIENCE)
        await between.local.notify(
            "an upgrade",
            type="maintenance",
            priority="high",
            effective_time=int((now().realtime + 20) * 1000),
            expected_downtime_minutes=1,
        )
        await until(lambda: bool(between.kinds(Rotated)))
    (outage,) = between.kinds(Maintenance)
    (rotated,) = between.kinds(Rotated)
    assert isinstance(outage, Maintenance)
    assert outage.downtime == 60
    assert rotated == Rotated(1, 2, "a maintenance is announced")


# Leaving.


async def test_leaving_in_the_middle_leaves_nothing() -> None:
    async with LocalVenue("kucoin") as local:
        async with venuewire.connect("kucoin", url=local.url, backoff=QUICK) as session:
            await session.ready(PATIENCE)
            rotating = asyncio.create_task(session.rotate())
            await until(lambda: len(local.sessions) == 2)
        with pytest.raises(venuewire.NotLive, match="closed by the application"):
            await rotating
        await until(lambda: not local.sessions)
        assert session.health.links == ()


@pytest.mark.parametrize("fetches", [False, True])
@pytest.mark.parametrize("turns", range(6))
async def test_leaving_while_a_successor_is_fetched_for_or_dialed_leaves_nothing(
    turns: int, fetches: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Turns of the loop, since the rotation began: each finds it at another step."""
    async with Stage() as stage:
        async with stage.session(venue=StagedVenue(fetches=fetches)) as session:
            await session.subscribe("news", timeout=PATIENCE)
            rotating = asyncio.create_task(session.rotate())
            for _ in range(turns * turns * turns):
                await asyncio.sleep(0)
        with pytest.raises(venuewire.NotLive):
            await rotating
        assert not session._driver._links
        assert not session._driver._fetches
        async with asyncio.timeout(PATIENCE):
            for link in stage.links:
                await link.wait_closed()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not caplog.records
