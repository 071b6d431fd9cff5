"""The timed scenarios there are, as data: several faults under one name."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Scenario(Struct, frozen=True):
    name: str
    purpose: str
    """In a few words, without a capital or a period."""
    faults: tuple[str, ...]
    """Specs."""


_ALL: Final = (
    Scenario(
        "flaky-morning",
        "a bad line for five minutes: jitter, lost frames, a dead link, a reset",
        (
            "jitter:seconds=0.5@10+290",
            "lose:rate=0.02@30+120",
            "half-open@60+45",
            "reset@150",
            "reorder:rate=0.1@180+60",
            "mute-pongs@240+40",
        ),
    ),
    Scenario(
        "proxy-restart",
        "all sessions are closed with 1001, and the first to come back are turned away",
        ("close-1001@20", "http-503:times=3@20+30", "slow-handshake:seconds=2@20+40"),
    ),
    Scenario(
        "token-trouble",
        "the door that grants tokens is down, slow, and limits its callers",
        (
            "close-1006@10",
            "token-down@10+15",
            "token-429:retry_after=5,times=2@25+30",
            "token-slow:seconds=3@30+30",
            "token-expired:times=1@60",
            "close-1006@60",
        ),
    ),
    Scenario(
        "quiet-death",
        "links that look open: mute pongs, a frozen channel, a dead direction, a venue that does "
        "not read",
        (
            "mute-pongs@20+60",
            "frozen-channel@100+60",
            "black-hole:way=up@180+60",
            "never-reading@260+60",
        ),
    ),
    Scenario(
        "maintenance-window",
        "a maintenance that is announced, happens, and ends in a crowd",
        ("maintenance:notice=10,downtime=60@10", "rate-limited:times=2@80+30"),
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = {scenario.name: scenario for scenario in _ALL}
