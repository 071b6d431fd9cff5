"""Faults no program can imitate: packets that vanish, a venue that stops, between two real systems.

Goal: each venue's session, tuned as it is by default, notices within the bound of ARCHITECTURE.md's
liveness table, and is whole again after the fault. Method: all five at once, over one wire, because
what is measured is waiting. A fault lasts until the slowest has noticed; meanwhile the others dial
in vain, as they would.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from signal import SIGCONT, SIGSTOP
from typing import Final

import pytest
from msgspec import Struct

from real.namespaces import VENUE, Wire
from real.processes import ClientProcess, Told, VenueProcess
from venuewire.venues import venues

pytestmark = pytest.mark.real

BOUNDS: Final = {
    "kraken-spot": 3.0 + 3.0,  # Silence, then a `ping` unanswered.
    "kraken-futures": 3 * 1.0 + 5.0,  # Heartbeats learned, then a PING unanswered.
    "kraken-prime": 10.0 + 5.0 + 5.0,  # A `Ping` is due; unanswered; the next one too.
    "kucoin": 9.0 + 9.0 + 9.0,
    "kucoin-futures": 9.0 + 9.0 + 9.0,
}
"""Seconds from the fault to `Down`, in the order in which they will notice."""
GRACE: Final = 2.0
STARTING: Final = 10.0
"""Seconds to be subscribed to everything."""
SETTLING: Final = 10.3
"""Seconds from then to the fault. Kraken Futures' heartbeats are learned; KuCoin has just pinged,
and Kraken Prime too: that is their worst moment."""
LONGEST_WAIT: Final = 2.0
"""Seconds between two attempts; usually it grows to thirty, which would only be waited for here."""
HEALING: Final = 10.0 + LONGEST_WAIT + GRACE
"""Seconds from the end of the fault: the attempt that was under way may be lost with it, which
takes its ten seconds of patience to see."""


class Ordeal(Struct, frozen=True):
    """What became of one session; times in seconds. A text tells what did not happen."""

    down: Told | str
    noticed: float
    """From the fault to `Down`."""
    back: float | str
    """From the end of the fault to the `Ready` whose channels the venue agreed to."""
    gaps: frozenset[str]
    """Channels that told of one since the fault."""


@contextmanager
def stopped(venue: VenueProcess) -> Iterator[None]:
    """Its system still accepts connections, and acknowledges what nobody reads."""
    venue.signal(SIGSTOP)
    try:
        yield
    finally:
        venue.signal(SIGCONT)


FAULTS: Final[dict[str, Callable[[Wire, VenueProcess], AbstractContextManager[None]]]] = {
    "up": lambda wire, _: wire.dropping("up"),
    "down": lambda wire, _: wire.dropping("down"),
    "both": lambda wire, _: wire.dropping("both"),
    "route": lambda wire, _: wire.without_route(),
    "unplugged": lambda wire, _: wire.unplugged(),
    "stopped": lambda _, venue: stopped(venue),
}


@pytest.fixture(scope="module", params=FAULTS)
def ordeals(request: pytest.FixtureRequest) -> Iterator[dict[str, Ordeal]]:
    """One fault suffered by all five sessions, by venue."""
    with Wire() as wire, VenueProcess(f"{VENUE}:9010", at=wire.at_venue) as venue:
        urls = venue.endpoints()
        sessions = {name: {"url": urls[name], "backoff_limit": LONGEST_WAIT} for name in BOUNDS}
        with ClientProcess(sessions, at=wire.at_client) as client:
            for name in BOUNDS:
                whole(client, name, after=0.0, limit=STARTING)
            time.sleep(SETTLING)
            with FAULTS[request.param](wire, venue):
                began = time.monotonic()
                downs = {name: noticing(client, name, began) for name in BOUNDS}
                healed = time.monotonic()
            suffered = {name: ordeal(client, name, began, downs[name], healed) for name in BOUNDS}
            print(table(request.param, suffered))
            yield suffered


def whole(client: ClientProcess, name: str, *, after: float, limit: float) -> float:
    return client.until_subscribed(name, venues()[name].watched, after=after, limit=limit)


def noticing(client: ClientProcess, name: str, began: float) -> Told | str:
    rest = began + BOUNDS[name] + 3 * GRACE - time.monotonic()
    try:
        return client.first(name, "Down", after=began, limit=max(0.0, rest))
    except AssertionError as error:
        return str(error)


def ordeal(
    client: ClientProcess, name: str, began: float, down: Told | str, healed: float
) -> Ordeal:
    back: float | str
    rest = max(0.0, healed + HEALING - time.monotonic())
    try:
        back = whole(client, name, after=healed, limit=rest) - healed
    except AssertionError as error:
        back = str(error)
    gaps = client.gaps(name, after=began, count=len(venues()[name].watched))
    noticed = down.at - began if isinstance(down, Told) else float("inf")
    return Ordeal(down, noticed, back, gaps)


def table(fault: str, ordeals: dict[str, Ordeal]) -> str:
    """What `pytest -rP` shows."""
    rows = [f"{'fault':10} {'venue':15} {'bound':>6} {'noticed':>8} {'back':>6}  cause"]
    for name, each in ordeals.items():
        back = f"{each.back:6.2f}" if isinstance(each.back, float) else " never"
        cause = each.down.fields["cause"] if isinstance(each.down, Told) else "none"
        times = f"{BOUNDS[name]:6.1f} {each.noticed:8.2f} {back}"
        rows.append(f"{fault:10} {name:15} {times}  {cause}")
    return "\n".join(rows)


@pytest.mark.parametrize("name", BOUNDS)
def test_it_is_noticed_within_the_bound(ordeals: dict[str, Ordeal], name: str) -> None:
    down = ordeals[name].down
    assert isinstance(down, Told), down
    assert down.fields["cause"] in {"silent", "lost"}
    assert ordeals[name].noticed <= BOUNDS[name] + GRACE


@pytest.mark.parametrize("name", BOUNDS)
def test_it_heals(ordeals: dict[str, Ordeal], name: str) -> None:
    """Ready, every channel agreed to again, and a `Gap` told for each."""
    assert isinstance(ordeals[name].back, float), ordeals[name].back
    assert ordeals[name].gaps == set(venues()[name].watched)
