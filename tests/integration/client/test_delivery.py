"""From the read loop to the application: by iteration, by callback, and to whoever is too slow."""

import asyncio
import logging

import pytest

from integration.client.staged_venue import Stage, next_of
from venuewire import Down, Gap, LocalProtocolError, Message, Ready, Session, Subscribed
from venuewire.client.losses import FELL_BEHIND


async def test_a_slow_consumer_loses_the_oldest_and_is_told() -> None:
    async with Stage() as stage, stage.session(inbox_limit=16) as session:
        await session.subscribe("news,rest", timeout=5)
        await stage.say("rest", "first")
        await stage.say("news", *range(100))
        await stage.say("rest", "last")
        await session.ping()
        async with asyncio.timeout(5):
            heard = [await anext(aiter(session)) for _ in range(4)]
            assert heard[:3] == [Ready(1), Subscribed("news"), Subscribed("rest")]
            gap = heard[3]
            assert isinstance(gap, Gap)
            assert (gap.channel, gap.why) == ("news", FELL_BEHIND)
            assert gap.since <= gap.until
            messages: list[Message] = []
            lost = [gap]
            while not messages or messages[-1].channel == "news":
                update = await anext(aiter(session))
                if isinstance(update, Message):
                    messages.append(update)
                elif isinstance(update, Gap):
                    lost.append(update)
        assert [gap.channel for gap in lost] == ["news", "rest"]
        numbers = [message.data for message in messages[:-1]]
        assert numbers == list(range(100 - len(numbers), 100))
        assert 0 < len(numbers) <= 16
        assert session.dropped == 102 - len(messages)


async def test_messages_go_to_the_callback_and_the_rest_to_iteration() -> None:
    heard: list[Message] = []
    async with Stage() as stage, stage.session(on_message=heard.append) as session:
        await session.subscribe("news", timeout=5)
        await stage.say("news", 1, 2)
        await session.ping()
        assert [message.data for message in heard] == [1, 2]
        stage.links[0].transport.abort()
        async with asyncio.timeout(5):
            told = [await anext(aiter(session)) for _ in range(3)]
        assert told[:2] == [Ready(1), Subscribed("news")]
        assert isinstance(told[2], Down)


async def test_a_callback_that_raises_is_told_once_and_harms_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[int] = []

    def fail(message: Message) -> None:
        heard.append(message.data)
        raise (KeyError if len(heard) < 3 else ValueError)(f"quoting {message.data + 40}")

    async with Stage() as stage, stage.session(on_message=fail) as session:
        await session.subscribe("news", timeout=5)
        await stage.say("news", 1, 2, 3, 4)
        await session.ping()
        assert heard == [1, 2, 3, 4]
        assert session.health.counters.reconnects == 0
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [error.splitlines()[0] for error in errors] == [
        "on_message failed: KeyError",
        "on_message failed: ValueError",
    ]
    assert "in fail" in errors[0]
    assert "quoting 41" not in caplog.text


async def test_a_callback_may_use_the_session() -> None:
    async with Stage() as stage:
        session: Session

        def want_more(message: Message) -> None:
            session.want(message.data)

        async with stage.session(on_message=want_more) as session:
            await session.subscribe("news", timeout=5)
            await stage.say("news", "more")
            assert await next_of(session, Subscribed) == Subscribed("news")
            assert await next_of(session, Subscribed) == Subscribed("more")


async def test_iteration_may_be_cancelled_and_begun_again_without_loss() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        await next_of(session, Subscribed)
        heard: list[int] = []

        async def listen() -> None:
            async for update in session:
                assert isinstance(update, Message)
                heard.append(update.data)

        for number in range(20):
            listening = asyncio.create_task(listen())
            await stage.say("news", number)
            await asyncio.sleep(0)
            if number % 2:
                await session.ping()
            listening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await listening
        await session.ping()
        while len(heard) < 20:
            message = await next_of(session, Message)
            assert isinstance(message, Message)
            heard.append(message.data)
        assert heard == list(range(20))


async def test_two_tasks_cannot_iterate_at_once() -> None:
    async with Stage() as stage, stage.session() as session:
        await next_of(session, Ready)
        listening = asyncio.create_task(next_of(session, Down))
        await asyncio.sleep(0)
        with pytest.raises(LocalProtocolError, match="one task"):
            await next_of(session, Down)
        stage.links[0].transport.abort()
        await listening


async def test_the_consumer_is_woken_once_for_all_that_arrives_together() -> None:
    async with Stage() as stage, stage.session() as session:
        await session.subscribe("news", timeout=5)
        await next_of(session, Subscribed)
        first = asyncio.create_task(next_of(session, Message))
        await asyncio.sleep(0)
        text = b'{"op":"data","channel":"news"}'
        stage.write((b"\x81" + bytes((len(text),)) + text) * 50)
        await first
        # No turn of the loop lies between these: they waited already.
        coroutine = anext(aiter(session))
        for _ in range(49):
            with pytest.raises(StopIteration) as stop:
                coroutine.__await__().send(None)
            assert isinstance(stop.value.value, Message)
            coroutine = anext(aiter(session))
        coroutine.close()  # type: ignore[attr-defined]
