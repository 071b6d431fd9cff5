"""Each attack for half a second, with fewer attackers; `make attack` is the same in full.

No latency is judged here: every ping of the probe must be answered, and what the attackers leave
behind is looked at.
"""

import pytest

from endurance.attack import run
from endurance.attack_page import is_well, part
from endurance.attackers import ATTACKS


@pytest.mark.parametrize(
    "attack",
    [
        "handshakes that never begin",
        "upgrades whose client is gone",
        "flood whose answers nobody reads",
        "subscriptions without end",
        "fragments without end",
        "TLS handshakes that stall",
    ],
)
def test_an_attack_leaves_nothing_behind(attack: str) -> None:
    assert attack in ATTACKS
    outcome = run(attack, 0.5, 0.1)
    assert outcome.objections == []
    assert sum(outcome.done.values()) > 0
    assert outcome.pings > 0


def test_a_slow_probe_is_told_of() -> None:
    outcome = run("nothing, for comparison", 0.1)
    assert not outcome.done
    slow = type(outcome)(
        attack="flood",
        attackers=3,
        done={"pings": 1000},
        pings=7,
        latencies=(0.001, 0.9, 1.0),
        memory=2**26,
        objections=[],
    )
    assert is_well(slow) == ["flood: the 99th of 100 pings took 900 ms"]
    assert "| flood | 3 | 1,000 pings | 7 | 1.0, 900.0, 1000.0 ms | 64 MB |" in part("x", [slow])
