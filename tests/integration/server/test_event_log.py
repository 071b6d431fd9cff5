"""Whatever is in the journal is a line of the log too, by the same name, with the same fields; and
all that an operator would ask about afterwards is in both."""

import json
import logging
from collections.abc import Iterator
from typing import Any, get_args

import aiohttp
import pytest

from integration.server.test_orders import subscribed
from raw_peer import RawPeer, frame, until, upgrade
from toy_venue import TOY
from venuewire.cli.log import Events
from venuewire.server import LocalVenue
from venuewire.transport.journal import What
from venuewire.transport.limits import Limits

SECRET = "canary-of-the-log"


class Lines(Events):
    """As `serve --log-format json` writes them, kept."""

    def __init__(self) -> None:
        super().__init__("json")
        self.told: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(json.loads(self._line(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, handler = logging.getLogger("venuewire"), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


async def forbidden(venue: LocalVenue) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"{venue.base}/control/cut",
            headers={"Host": "evil.example", "Authorization": f"Bearer {SECRET}"},
        ) as reply,
    ):
        assert reply.status == 401


async def refused_by_the_venue(venue: LocalVenue) -> None:
    async with await RawPeer.connect(venue.base) as peer:
        peer.send(upgrade("/toy/v1"))
        assert (await peer.reply())[0] == 429


async def never_reading(venue: LocalVenue) -> None:
    slow = await subscribed(venue, "flood")
    slow.read_nothing()
    while venue.tally.slow == 0:
        await venue.publish("flood", '"' + "x" * 1_000_000 + '"')
    await until(lambda: not venue.sessions)
    await slow.aclose()


async def test_all_that_happens_is_logged_and_journaled_alike(lines: Lines) -> None:
    limits = Limits(queued_bytes=100_000)
    venue = LocalVenue(
        TOY, terms={"max_sessions": 1}, limits=limits, control_token="sixteen-or-more-letters"
    )
    async with venue:
        peer = await subscribed(venue)
        await refused_by_the_venue(venue)
        await forbidden(venue)
        peer.send(frame(b'{"op":"unsubscribe","channel":"news"}'))
        await peer.frame()
        assert await venue.withdraw(await venue.notify("soon"))
        await venue.age(5)
        await venue.advance(5)
        await venue.cut(4000, "bye")
        await peer.aclose()
        await until(lambda: not venue.sessions)
        await never_reading(venue)
        await venue.add_account("alice", venue="toy")
        await venue.revoke_account("alice", venue="toy")
        venue.fault("latency@600")
        venue.clear_faults()
        venue.set_limits(Limits())
        venue.drain()
        venue.drain(on=False)
        await venue.reconfigure(venue.configuration)
        venue.stay("a file is no good")
        journal = venue.journal()
    logged = [line["event"] for line in lines.told if "event" in line]
    of_several = {"worker_began", "worker_lost"}  # See integration/workers.
    assert {event["what"] for event in logged} == set(get_args(What)) - of_several
    assert logged[: len(journal)] == [json.loads(json.dumps(shown(event))) for event in journal]
    refused = [event for event in logged if event["what"] == "refused"]
    assert [(event.get("venue", ""), event["code"]) for event in refused] == [
        ("toy", 429),
        ("", 401),
    ]
    assert refused[1]["reason"] == "that is not the token"
    assert SECRET not in json.dumps(lines.told)


def shown(event: Any) -> Any:
    """As JSON has it, which leaves out what does not belong to its kind."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return {name: value for name, value in fields.items() if value not in {"", None}}


async def test_who_finds_no_room_or_cannot_be_understood_is_journaled_once_a_second() -> None:
    async with LocalVenue(TOY, limits=Limits(connections=1)) as venue:
        first = await RawPeer.upgraded(venue.base, "/toy/v1")
        for _ in range(5):
            async with await RawPeer.connect(venue.base) as peer:
                assert (await peer.reply())[0] == 503
        told = [event for event in venue.journal() if event.what == "refused"]
        assert 1 <= len(told) < 5
        assert (told[0].venue, told[0].peer, told[0].code) == ("", "127.0.0.1", 503)
        assert told[0].reason == "there are too many connections"
        await first.aclose()
