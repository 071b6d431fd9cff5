"""What becomes of frames when several faults meet, and when they come and go."""

from random import Random

import pytest

from toy_venue import TOY
from venuewire.core.idiom import Role
from venuewire.core.venue import Venue
from venuewire.faults.gate import Gate
from venuewire.faults.rule import (
    DROP,
    PASS,
    UNTOUCHED,
    Answer,
    Delay,
    Direction,
    Exceed,
    Fate,
    HangUp,
    Lane,
    Replace,
    Slice,
)
from venuewire.faults.spec import parse
from venuewire.faults.troubles import Troubles
from venuewire.venues import venues

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM
KUCOIN, SPOT, FUTURES = (venues()[n] for n in ("kucoin", "kraken-spot", "kraken-futures"))

PONG = b'{"id":"7","type":"pong"}'
ACK = b'{"id":"8","type":"ack"}'
MESSAGE = b'{"topic":"/a:b","type":"message","subject":"s","data":1}'
SUBSCRIBE = b'{"id":"8","type":"subscribe","topic":"/market/ticker:BTC-USDT"}'


def troubled(*specs: str, venue: Venue = KUCOIN, at: float = 0.0) -> Troubles:
    troubles = Troubles(venue, Random(1))
    for number, spec in enumerate(specs, 1):
        troubles.add(parse(spec), number, at)
    return troubles


def gate(*specs: str, venue: Venue = KUCOIN) -> Gate:
    return troubled(*specs, venue=venue).gate(0.0)


def test_without_faults_nothing_happens() -> None:
    assert gate().judge(DOWN, PONG, 1.0) is UNTOUCHED


def test_delays_add_up_and_the_first_other_verdict_counts() -> None:
    judged = gate("latency:seconds=1", "latency:seconds=2", "mute-pongs", "duplicate:rate=1")
    assert judged.judge(DOWN, PONG, 1.0) == Fate(DROP, 3.0)
    assert judged.judge(DOWN, ACK, 1.0) == Fate(Replace((ACK, ACK)), 3.0)
    assert judged.judge(UP, PONG, 1.0) == Fate(PASS, 3.0)


def test_what_may_be_overtaken_by_one_fault_may_be_overtaken() -> None:
    judged = gate("latency:seconds=1", "late-acks:seconds=2")
    assert judged.judge(DOWN, ACK, 1.0) == Fate(PASS, 3.0, overtakable=True)


def test_a_fault_begins_and_ends_while_links_are_open() -> None:
    troubles = troubled("half-open@10+5")
    opened = troubles.gate(0.0)
    fates = [opened.judge(UP, PONG, at).verdict for at in (9.9, 10.0, 14.9, 15.0)]
    assert fates == [PASS, DROP, DROP, PASS]
    troubles.add(parse("half-open"), 2, 20.0)
    assert opened.judge(UP, PONG, 21.0).verdict is DROP
    assert troubles.clear(2) == 1
    assert opened.judge(UP, PONG, 22.0) is UNTOUCHED
    assert troubles.clear() == 1
    assert not len(troubles)


def test_what_a_link_remembers_outlives_other_faults() -> None:
    troubles = troubled("frozen-channel")
    opened = troubles.gate(0.0)
    assert opened.judge(DOWN, MESSAGE, 1.0).verdict is PASS
    troubles.add(parse("latency"), 2, 1.0)
    assert opened.judge(DOWN, MESSAGE, 1.0).verdict is DROP
    assert troubles.gate(1.0).judge(DOWN, MESSAGE, 1.0).verdict is PASS


def test_a_venue_that_does_not_read_reads_later_or_never() -> None:
    assert gate("never-reading").judge(UP, SUBSCRIBE, 5.0).verdict is DROP
    judged = gate("never-reading@0+30")
    assert judged.judge(UP, SUBSCRIBE, 5.0) == Fate(PASS, 25.0)
    assert judged.judge(DOWN, PONG, 5.0) is UNTOUCHED
    assert not troubled("never-reading@0+30").reads(5.0)
    assert troubled("never-reading@0+30").reads(30.0)


def test_the_order_is_kept_except_by_what_may_be_overtaken() -> None:
    lane = Lane()
    assert lane.due(Fate(delay=2.0), 10.0) == 12.0
    assert lane.due(Fate(), 11.0) == 12.0
    assert lane.due(Fate(delay=0.5, overtakable=True), 11.0) == 11.5
    assert lane.due(Fate(), 13.0) == 13.0


@pytest.mark.parametrize(
    ("spec", "direction", "payload", "verdict"),
    [
        ("black-hole:way=up", DOWN, PONG, PASS),
        ("latency:way=up", DOWN, PONG, PASS),
        ("jitter:way=up", DOWN, PONG, PASS),
        ("lose:rate=1,way=up", DOWN, PONG, PASS),
        ("lose:rate=0", DOWN, PONG, PASS),
        ("slice:size=3", DOWN, PONG, Slice(3, 0.001)),
        ("slice:size=3", UP, PONG, PASS),
        ("throttle", UP, PONG, PASS),
        ("unknown-frames", UP, PONG, PASS),
        ("cut-after:seconds=10", DOWN, PONG, PASS),
        ("cut-after:seconds=1", DOWN, PONG, HangUp(abort=True)),
        ("rate-limited", UP, SUBSCRIBE, Exceed()),
        ("bad-symbol:coin=ETH", UP, SUBSCRIBE, PASS),
        ("wrong-pongs", DOWN, PONG, Replace((b'{"id":"99907","type":"pong"}',))),
        ("wrong-pongs", UP, PONG, PASS),
        ("garble:rate=1,way=up", DOWN, PONG, PASS),
        ("key-revoked", UP, SUBSCRIBE, PASS),
    ],
)
def test_verdicts(spec: str, direction: Direction, payload: bytes, verdict: object) -> None:
    assert gate(spec).judge(direction, payload, 5.0).verdict == verdict


def test_a_refusal_answers_the_request_it_is_about() -> None:
    refused = gate("subscribe-509:times=1")
    first = refused.judge(UP, SUBSCRIBE, 1.0).verdict
    assert isinstance(first, Answer)
    assert b'"id":"8"' in first.payload
    assert b"509" in first.payload
    assert refused.judge(UP, SUBSCRIBE, 1.0).verdict is PASS
    assert refused.judge(DOWN, ACK, 1.0).verdict is PASS


def test_times_count_for_the_venue_and_not_for_a_link() -> None:
    troubles = troubled("subscribe-509:times=1")
    assert troubles.gate(0.0).judge(UP, SUBSCRIBE, 1.0).verdict is not PASS
    assert troubles.gate(0.0).judge(UP, SUBSCRIBE, 1.0).verdict is PASS


def test_an_acknowledgment_waits_for_data() -> None:
    judged = gate("data-before-ack")
    assert judged.judge(DOWN, MESSAGE, 1.0).verdict is PASS
    assert judged.judge(DOWN, ACK, 1.0).verdict is DROP
    assert judged.judge(DOWN, ACK, 1.0).verdict is PASS
    assert judged.judge(DOWN, MESSAGE, 1.0).verdict == Replace((MESSAGE, ACK))


def test_a_channel_may_be_frozen_alone() -> None:
    judged = gate("frozen-channel:channel=/other")
    assert [judged.judge(DOWN, MESSAGE, 1.0).verdict for _ in range(2)] == [PASS, PASS]


def test_control_frames_are_known_at_any_venue() -> None:
    judged = gate("half-open", venue=TOY)
    assert judged.judge(UP, b"", 1.0, Role.CLOSE).verdict is DROP
    assert gate("slow-close", venue=TOY).judge(DOWN, b"", 1.0, Role.CLOSE) == Fate(PASS, 10.0)
    assert gate("slow-close", venue=TOY).judge(DOWN, b"{}", 1.0) is UNTOUCHED
    for rule in ("duplicate:rate=1", "slice", "garble:rate=1", "unsolicited-error"):
        judged = gate(rule, venue=FUTURES)
        assert judged.judge(DOWN, b"7", 1.0, Role.PONG) is UNTOUCHED
    mistaken = gate("wrong-pongs", venue=FUTURES).judge(DOWN, b"7", 1.0, Role.PONG)
    assert mistaken.verdict == Replace((b"99907",))


def test_a_garbled_frame_differs_in_one_byte_and_a_truncated_one_is_shorter() -> None:
    garbled = gate("garble:rate=1").judge(DOWN, PONG, 1.0).verdict
    assert isinstance(garbled, Replace)
    assert sum(a != b for a, b in zip(garbled.payloads[0], PONG, strict=True)) == 1
    cut = gate("truncate:rate=1").judge(DOWN, PONG, 1.0).verdict
    assert isinstance(cut, Replace)
    assert PONG.startswith(cut.payloads[0])
    assert len(cut.payloads[0]) < len(PONG)
    assert gate("truncate:rate=1").judge(DOWN, b"", 1.0).verdict is PASS


def test_throttled_frames_come_ever_later() -> None:
    judged = gate("throttle:rate=10")
    assert Delay(1.0) == Delay(1.0)
    assert [judged.judge(DOWN, b"x" * 10, 5.0).delay for _ in range(3)] == [1.0, 2.0, 3.0]
    assert judged.judge(DOWN, b"x" * 10, 50.0).delay == 1.0


def test_a_bad_symbol_is_translated_both_ways() -> None:
    judged = gate("bad-symbol")
    asked = judged.judge(UP, SUBSCRIBE, 1.0).verdict
    assert asked == Replace((SUBSCRIBE.replace(b"BTC", b"NOBTC"),))
    said = b'{"id":"8","type":"error","code":404,"data":"topic /market/ticker:NOBTC-USDT"}'
    assert judged.judge(DOWN, said, 1.0).verdict == Replace((said.replace(b"NO", b""),))
    assert judged.judge(DOWN, PONG, 1.0).verdict is PASS


def test_a_spoiled_token_or_proof_is_spoiled_and_nothing_else() -> None:
    shown = b'{"method":"subscribe","params":{"channel":"executions","token":"secret"},"req_id":1}'
    spoiled = gate("token-expired:times=1", venue=SPOT)
    assert spoiled.judge(UP, shown, 1.0).verdict == Replace((shown.replace(b"secret", b"expired"),))
    assert spoiled.judge(UP, shown, 1.0).verdict is PASS
    proof = b'{"event":"subscribe","feed":"fills","signed_challenge":"abc"}'
    forged = gate("challenge-refused", venue=FUTURES).judge(UP, proof, 1.0).verdict
    assert forged == Replace((proof.replace(b"abc", b"bm90IHRoaXM="),))


def test_a_challenge_is_the_first_links_for_ever() -> None:
    troubles = troubled("challenge-replayed", venue=FUTURES)
    first, second = (b'{"event":"challenge","message":"%d"}' % n for n in (1, 2))
    assert troubles.gate(0.0).judge(DOWN, first, 1.0).verdict == Replace((first,))
    assert troubles.gate(0.0).judge(DOWN, second, 2.0).verdict == Replace((first,))
    assert troubles.gate(0.0).judge(UP, first, 2.0).verdict is PASS
