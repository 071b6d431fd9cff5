"""What a venue published while a link was down is sought elsewhere, and comes after its gap."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from integration.client.staged_venue import PATIENCE, QUICK, Stage, next_of, rest_of
from venuewire import (
    Backfill,
    Backfilled,
    Conflate,
    Down,
    DropOldest,
    Gap,
    LocalVenue,
    Message,
    Session,
    Update,
    connect,
)
from venuewire.client.losses import CONFLATED, FELL_BEHIND

GAP = Gap("news", 0.0, 1.0, "lost")


async def heard_until(session: Session, enough: Callable[[Update], bool]) -> list[Update]:
    heard: list[Update] = []
    async with asyncio.timeout(PATIENCE):
        async for update in session:
            heard.append(update)
            if enough(update):
                return heard
    raise AssertionError("the session ended")


def is_message(data: object) -> Callable[[Update], bool]:
    return lambda update: isinstance(update, Message) and update.data == data


def shape(updates: list[Update]) -> list[Any]:
    """Gaps and fillings by name, messages by kind and data; other updates are left out."""
    shown: list[Any] = []
    for update in updates:
        if isinstance(update, Message):
            shown.append((update.kind, update.data))
        elif isinstance(update, Gap | Backfilled):
            shown.append(type(update).__name__)
    return shown


async def cut_and_return(stage: Stage, session: Session, links: int = 2) -> None:
    """Lose the link, and wait until the venue has agreed again."""
    stage.links[-1].transport.abort()
    await stage.link(links)
    await session.ready(timeout=PATIENCE)
    await session.ping()  # The venue answers in order, and it has been asked for the channels.


async def test_what_was_published_while_the_link_was_down_is_filled_in_from_elsewhere() -> None:
    """Goal: the application hears every trade in order, though its link was cut. Method: a venue's
    REST interface is played by a list of what was published, with its times. A gap may begin
    before the last message that was heard: what came twice is known by its id."""
    published: list[tuple[float, dict[str, str]]] = []
    channel = "/market/match:BTC-USDT"

    async with LocalVenue("kucoin") as venue:

        async def publish(number: int) -> None:
            trade = {"tradeId": str(number)}
            published.append((session._driver.clock().realtime, trade))
            await venue.publish(channel, trade)

        async def backfill(gap: Gap) -> list[dict[str, str]]:
            assert gap.channel == channel
            await asyncio.sleep(0)
            return [trade for at, trade in published if gap.since < at <= gap.until]

        async with connect("kucoin", url=venue.url, backfill=backfill, backoff=QUICK) as session:
            await session.subscribe(channel, timeout=PATIENCE)
            for number in range(3):
                await publish(number)
            heard = await heard_until(session, is_message({"tradeId": "2"}))
            venue.fault("http-503")
            await venue.cut(abort=True)
            heard += await heard_until(session, lambda update: isinstance(update, Down))
            for number in range(3, 6):
                await publish(number)
            venue.clear_faults()
            heard += await heard_until(session, lambda update: isinstance(update, Gap))
            for number in range(6, 9):
                await publish(number)
            heard += await heard_until(session, is_message({"tradeId": "8"}))
    trades = {u.data["tradeId"]: u.kind for u in reversed(heard) if isinstance(u, Message)}
    assert list(reversed(trades)) == [str(number) for number in range(9)]
    assert [*trades.values()] == ["update"] * 3 + ["backfill"] * 3 + ["update"] * 3
    [filled] = [update for update in heard if isinstance(update, Backfilled)]
    assert filled.failure is None
    before, after = heard.index(filled.gap), heard.index(filled)
    assert after - before == filled.count + 1
    kinds = [update.kind for update in heard[before:after] if isinstance(update, Message)]
    assert kinds == ["backfill"] * filled.count


async def test_live_messages_wait_for_what_came_before_them_and_other_channels_do_not() -> None:
    asked: list[Gap] = []
    answer = asyncio.Event()

    async def backfill(gap: Gap) -> list[Any] | None:
        asked.append(gap)
        if gap.channel != "news":
            return None
        await answer.wait()
        return [{"n": 1}, b"2", Message(channel="elsewhere", raw=b"3", received=5.0)]

    async with Stage() as stage, stage.session(backfill=backfill) as session:
        await session.subscribe("news,rest", timeout=5)
        await cut_and_return(stage, session)
        await stage.say("news", 4)
        await stage.say("rest", 5)
        heard = await heard_until(session, is_message(5))
        assert shape(heard) == ["Gap", "Gap", ("update", 5)]
        assert [gap.channel for gap in asked] == ["news", "rest"]
        answer.set()
        heard = await heard_until(session, is_message(4))
        assert shape(heard) == [
            ("backfill", {"n": 1}),
            ("backfill", 2),
            ("backfill", 3),
            "Backfilled",
            ("update", 4),
        ]
        found = [update for update in heard if isinstance(update, Message)]
        assert {message.channel for message in found} == {"news"}
        assert found[0].received > 1e9
        assert found[2].received == 5.0
        assert heard[3] == Backfilled(asked[0], 3)


async def test_a_gap_that_arises_meanwhile_is_filled_afterwards() -> None:
    asked: list[Gap] = []
    answer = asyncio.Event()

    async def backfill(gap: Gap) -> list[Any]:
        asked.append(gap)
        await answer.wait()
        return [len(asked)]

    async with Stage() as stage, stage.session(backfill=backfill) as session:
        await session.subscribe("news", timeout=5)
        await cut_and_return(stage, session)
        await next_of(session, Gap)
        await stage.say("news", "between")
        await cut_and_return(stage, session, 3)
        await stage.say("news", "after")
        await session.ping()
        assert len(asked) == 1
        answer.set()
        heard = await heard_until(session, is_message("after"))
        assert shape(heard) == [
            ("backfill", 1),
            "Backfilled",
            ("update", "between"),
            "Gap",
            ("backfill", 2),
            "Backfilled",
            ("update", "after"),
        ]


async def _raises(_: Gap) -> None:
    raise KeyError(f"quoting {6 * 7}")


async def _never(_: Gap) -> None:
    await asyncio.Event().wait()


async def _cancels_itself(_: Gap) -> None:
    raise asyncio.CancelledError


async def _returns_one(_: Gap) -> dict[str, int]:
    return {"n": 1}


async def _returns_a_number(_: Gap) -> Any:
    return 1


async def _finds_what_is_no_json(_: Gap) -> list[Any]:
    return [object()]


@pytest.mark.parametrize(
    ("hook", "failure"),
    [
        (_raises, "it raised KeyError"),
        (_never, "no answer within 0.05 s"),
        (_cancels_itself, "it raised CancelledError"),
        (_returns_one, "it returned one dict, and not a list of payloads"),
        (_returns_a_number, "it raised TypeError"),
        (_finds_what_is_no_json, "it raised TypeError"),
        (lambda _: None, "it raised TypeError"),
    ],
)
async def test_a_failure_is_told_and_harms_nothing(
    hook: Any, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Stage() as stage, stage.session(backfill=Backfill(hook, timeout=0.05)) as session:
        await session.subscribe("news", timeout=5)
        await cut_and_return(stage, session)
        await stage.say("news", 1)
        heard = await heard_until(session, is_message(1))
        assert shape(heard) == ["Gap", "Backfilled", ("update", 1)]
        [done] = [update for update in heard if isinstance(update, Backfilled)]
        assert (done.count, done.failure) == (0, failure)
    logged = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(logged) == failure.startswith("it raised")
    assert "quoting 42" not in caplog.text


async def test_gaps_of_a_slow_consumer_are_filled_too_but_not_what_it_had_conflated() -> None:
    asked: list[str] = []

    async def backfill(gap: Gap) -> list[Any]:
        asked.append(gap.why)
        return ["found"]

    async with Stage() as stage, stage.session(backfill=backfill) as session:
        await session.subscribe("prices", delivery=Conflate(), timeout=5)
        await session.subscribe("news", delivery=DropOldest(2), timeout=5)
        await stage.say("prices", 1, 2)
        await stage.say("news", 3, 4, 5)
        await session.ping()
        heard = await heard_until(session, is_message(5))
        assert asked == [FELL_BEHIND]
        assert shape(heard) == [
            "Gap",
            ("update", 2),
            "Gap",
            ("backfill", "found"),
            "Backfilled",
            ("update", 4),
            ("update", 5),
        ]
        assert {gap.why for gap in heard if isinstance(gap, Gap)} == {CONFLATED, FELL_BEHIND}


async def test_more_than_there_is_room_for_is_cut_and_told() -> None:
    async def backfill(_: Gap) -> Any:
        return iter(int, 1)  # For ever.

    async with Stage() as stage, stage.session(backfill=backfill, inbox_limit=10) as session:
        await session.subscribe("news", timeout=5)
        await cut_and_return(stage, session)
        heard = await heard_until(session, lambda update: isinstance(update, Backfilled))
        assert heard[-1] == Backfilled(
            next(u for u in heard if isinstance(u, Gap)), 10, "it found more than there is room for"
        )
        assert len([update for update in heard if isinstance(update, Message)]) == 10


async def test_so_many_at_once_and_no_more() -> None:
    running: set[str] = set()
    most = 0

    async def backfill(gap: Gap) -> list[Any]:
        nonlocal most
        running.add(gap.channel)
        most = max(most, len(running))
        await asyncio.sleep(0.001)
        running.remove(gap.channel)
        return []

    channels = ",".join(f"c{number}" for number in range(9))
    hook = Backfill(backfill, concurrency=3)
    async with Stage() as stage, stage.session(backfill=hook) as session:
        await session.subscribe(channels, timeout=5)
        await cut_and_return(stage, session)
        for _ in range(9):
            await next_of(session, Backfilled)
        assert most == 3


async def test_closing_cancels_what_runs_and_the_end_comes_last() -> None:
    cancelled = asyncio.Event()

    async def backfill(_: Gap) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with Stage() as stage:
        async with stage.session(backfill=backfill) as session:
            await session.subscribe("news", timeout=5)
            await cut_and_return(stage, session)
            await stage.say("news", 1)
            await session.ping()
            await next_of(session, Gap)
            await asyncio.sleep(0)
        assert cancelled.is_set()
        heard = await rest_of(session)
        assert shape(heard) == [("update", 1)]
        last = heard[-1]
        assert isinstance(last, Down)
        assert last.retry_in is None
        assert not session._filler._tasks  # type: ignore[union-attr]


async def test_a_gap_heard_after_the_end_is_not_filled() -> None:
    asked: list[Gap] = []

    async def backfill(gap: Gap) -> None:
        asked.append(gap)

    async with Stage() as stage:
        async with stage.session(backfill=backfill) as session:
            await session.subscribe("news", timeout=5)
            await cut_and_return(stage, session)
        assert [type(update) for update in await rest_of(session)][-1] is Down
        assert asked == []


async def test_a_hook_that_will_not_end_does_not_keep_a_session_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("venuewire.client.backfill.CLOSE_TIMEOUT", 0.01)
    end = asyncio.Event()

    async def backfill(_: Gap) -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    async with Stage() as stage:
        async with stage.session(backfill=backfill) as session:
            await session.subscribe("news", timeout=5)
            await cut_and_return(stage, session)
            await next_of(session, Gap)
            await asyncio.sleep(0)
        assert isinstance((await rest_of(session))[-1], Down)
        end.set()
        await asyncio.sleep(0.01)
