"""What an order should wait for."""

import pytest

from venuewire.core.errors import NotLive
from venuewire.core.health import Counters, Health
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict


def health(**changes: object) -> Health:
    values: dict[str, object] = {
        "phase": Phase.READY,
        "verdict": Verdict.ALIVE,
        "evidence": "evidence",
        "link": 1,
        "links": (1,),
        "round_trip": None,
        "frame_age": 1.0,
        "pong_age": None,
        "channels": 0,
        "active": 0,
        "counters": Counters(),
    }
    return Health(**{**values, **changes})  # type: ignore[arg-type]


def test_live_is_ready_beyond_suspicion_and_lately_heard() -> None:
    health().assert_live(1.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"phase": Phase.WAITING}, "waiting"),
        ({"verdict": Verdict.SUSPECT}, "suspect"),
        ({"frame_age": 1.1}, "more than 1 s"),
        ({"frame_age": None}, "more than 1 s"),
    ],
)
def test_anything_else_is_not(changes: dict[str, object], why: str) -> None:
    with pytest.raises(NotLive, match=why):
        health(**changes).assert_live(1.0)
