"""A fuzzing campaign of seconds, and that its instruments see what they are for.

`make fuzz` is the same in full.
"""

import asyncio
import json
from random import Random

import pytest

from endurance import fuzz
from endurance.asking import questions
from endurance.crowd import door_of
from endurance.ear import Ear
from endurance.frames import conversation, frame, xor
from endurance.fuzz import Scope, run
from endurance.lobby import DOORS, Passes
from endurance.served import DEMO, Served
from endurance.speech import Speech, messages
from endurance.values import paths, variations
from endurance.vitals import Vitals, memory_trend
from endurance.witness import Objection, Witnesses
from venuewire.transport.framing import text_frame

PASSES = Passes(DEMO, "token", {})


# The venue.


@pytest.mark.parametrize(
    ("kind", "edition", "count"),
    [("frames", "documented", 8000), ("frames", "observed", 8000), ("requests", "documented", 800)],
)
async def test_nonsense_disturbs_nobody_and_nothing(kind: str, edition: str, count: int) -> None:
    asked = {"kind": kind, "edition": edition, "count": count, "seed": 7, "legs": 1, "jobs": 1}
    outcome = await run(Scope(**asked, connections=6))  # type: ignore[arg-type]
    assert outcome.objections == []
    assert outcome.arrived >= count
    assert outcome.different > count / 2
    assert outcome.descriptors.is_flat
    assert outcome.rounds > 0


async def test_a_case_that_fails_is_made_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def alone(_: Scope, __: int, keep: list[int] | None = None) -> list[str]:
        return ["it fails"] if keep is None or {3, 17} <= set(keep) else []

    monkeypatch.setattr(fuzz, "alone", alone)
    scope = Scope(kind="frames", count=1, seed=1)
    assert await fuzz.shrink(scope, 2) == [3, 17]
    assert "2 of " in capsys.readouterr().err
    assert "CASE=2" in scope.command(2)


# The witnesses.


async def test_a_witness_objects_to_what_is_not_its_own() -> None:
    with Served() as served:
        witnesses = Witnesses(served, frozenset({"kraken-futures"}))
        await witnesses.enter()
        await witnesses.step()
        order = {"venue": "kraken-futures", "channel": "ticker:PI_WITNESS", "payload": {"last": 0}}
        await asyncio.to_thread(served.call, "POST", "publish", order)
        with pytest.raises(Objection, match="in round 2"):
            await witnesses.step()
        await witnesses.leave()


async def test_a_witness_objects_to_being_cut() -> None:
    with Served() as served:
        witnesses = Witnesses(served, frozenset({"kucoin"}))
        await witnesses.enter()
        await asyncio.to_thread(served.call, "POST", "cut", {"abort": True})
        with pytest.raises(Objection):
            await witnesses.step()
        await witnesses.leave()


@pytest.mark.parametrize(
    ("said", "objection"),
    [
        (text_frame(b'{"a":1}') * 3, None),
        (text_frame(b'{"a":'), "not JSON"),
        (b"\xc1\x02{}", "begins with 0xc1"),
        (b"\x88\x02\x03\xe8" + text_frame(b"{}"), "after CLOSE"),
        (b"\x88\x1d\x03\xf3an error of the local venue", "error of the local venue"),
    ],
)
def test_an_ear_hears_what_is_wrong_however_it_is_cut(said: bytes, objection: str | None) -> None:
    whole, ear = Ear().hear(said), Ear()
    found = [ear.hear(said[place : place + 1]) for place in range(len(said))]
    assert whole == next(filter(None, found), None)
    assert (whole is None) is (objection is None)
    assert objection is None or objection in (whole or "")


@pytest.mark.parametrize(("leak", "flat"), [(0, True), (100_000, True), (1_000_000, False)])
def test_a_leak_is_a_trend(leak: int, flat: bool) -> None:
    noise = Random(1)
    measured = [Vitals(at, 70 * 2**20 + at * leak + noise.randrange(2**20), 20) for at in range(20)]
    assert memory_trend(measured).is_flat is flat


# What is said.


@pytest.mark.parametrize("door", DOORS)
def test_a_conversation_is_its_seed(door: str) -> None:
    def said(seed: int) -> list[bytes]:
        speech = Speech(1, door, PASSES)
        return [wire for group in conversation(Random(seed), speech) for wire, _ in group]

    assert said(1) == said(1)
    assert said(1) != said(2)
    assert list(questions(Random(1))) == list(questions(Random(1)))


@pytest.mark.parametrize("door", DOORS)
def test_every_field_of_every_message_is_spoiled(door: str) -> None:
    for message in messages(door, PASSES):
        spoiled = [around.head + b"null" + around.tail for around in variations(message)]
        read = [json.loads(each) for each in spoiled if _is_json(each)]
        for path in paths(message):
            assert any(_at(each, path) is None for each in read), path


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _at(value: object, path: tuple[str | int, ...]) -> object:
    try:
        for key in path:
            value = value[key]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return ...
    return value


@pytest.mark.parametrize("size", [0, 1, 5, 125, 126, 65535, 65536])
def test_frames_are_masked_as_the_standard_has_it(size: int) -> None:
    rng = Random(size)
    for _ in range(40):
        payload = rng.randbytes(size)
        wire, bare = frame(rng, payload)
        length = 2 if size < 126 else 4 if size < 65536 else 10
        mask = wire[length : length + 4]
        assert bare == wire[:1] + payload
        assert wire[1] & 0x80
        assert xor(wire[length + 4 :], mask) == payload


def test_every_door_has_its_cases() -> None:
    assert {door_of(number) for number in range(len(DOORS))} == set(DOORS)
