"""The fuzzing campaign's part of the page."""

from collections.abc import Sequence
from typing import Final

from endurance.fuzz import Outcome
from endurance.vitals import WARM_UP

BOUND: Final = 0.5
"""Seconds within which 99 of 100 pings of the witnesses are answered while the crowds are there. It
is a bound for venue, crowds and witnesses on two shared cores."""

TEXT: Final = """\
    {command}

**{frames:,} frames** read and **{requests:,} requests** answered, and nothing was wrong. They are
counted by the venue and by its answers: more was sent, as some clients hang up with answers unread.

{table}

The frames are right messages of each venue with one field spoiled: missing, doubled, renamed, of a
wrong type, nested, huge, no number, no Unicode, no JSON; in whatever order, with challenges and
tokens used rightly and wrongly; in every lawful form of framing, and at the end of a connection in
an unlawful one; many in one segment and one in many. The requests are orders to the control API
with one field or parameter spoiled, requests for tokens, odd paths, headers and methods, chunks,
and at the end of a connection lies about length, two lengths at once, refused upgrades, halves.
Rates and what is kept are set so that frames are read and memory is full early (`CONFIGURATION` in
`tests/endurance/fuzz.py`).

What held, all the time:

- The process lived, counted no failure of its own, and wrote nothing on standard error.
- *No wrong session affected.* An honest session at each door, in the same process, pinged and was
  published to without a pause: {rounds:,} rounds. It heard each answer and each publication once,
  in order, and nothing else. (While the control API is asked, faults, cuts and leaps of the clock
  fall on `kucoin-futures`, and the witnesses are at the other doors.) What was for its account
  alone reached nobody else; everything a client received was searched for it.
- What one connection in eight received was read frame by frame: whole frames, JSON in each, nothing
  after a CLOSE.
- *No leak.* After each twentieth of a run, with all gone but the witnesses, memory and descriptors
  were read; a line through them, the first {warm_up:.0%} left out, rises by no more than the
  tolerance.
- *The witnesses are served*: 99 of 100 of their pings are answered within {bound:.0f} ms, with
  venue, crowds and witnesses on the same two cores.
"""


def is_well(outcome: Outcome) -> list[str]:
    """What is not as it should be, beside the objections."""
    found = list(outcome.objections)
    for what, trend in (("memory", outcome.memory), ("descriptors", outcome.descriptors)):
        if not trend.is_flat:
            found.append(f"{what} rose from {trend.first:.1f} to {trend.last:.1f}")
    if outcome.latencies[1] > BOUND:
        found.append(f"the 99th of 100 pings took {outcome.latencies[1] * 1000:.0f} ms")
    return found


def part(command: str, outcomes: Sequence[Outcome]) -> str:
    return TEXT.format(
        command=command,
        frames=sum(one.arrived for one in outcomes if one.kind == "frames"),
        requests=sum(one.arrived for one in outcomes if one.kind == "requests"),
        rounds=sum(one.rounds for one in outcomes),
        table=table(outcomes),
        bound=BOUND * 1000,
        warm_up=WARM_UP,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    names = [f"{one.kind}, {one.edition}" for one in outcomes]
    rows = {
        "sent": [f"{one.sent:,}" for one in outcomes],
        "read by the venue, or answered": [f"{one.arrived:,}" for one in outcomes],
        "different, at least": [f"{one.different:,}" for one in outcomes],
        "connections": [f"{one.cases:,}" for one in outcomes],
        "cut off for breaking RFC 6455": [f"{one.breaches:,}" for one in outcomes],
        "rounds of the witnesses; frames they heard": [
            f"{one.rounds:,}; {one.heard:,}" for one in outcomes
        ],
        "their pings: median, 99th of 100, longest": [
            ", ".join(f"{each * 1000:.0f}" for each in one.latencies) + " ms" for one in outcomes
        ],
        "memory of the venue, MB (tolerance)": [
            f"{one.memory.first:.1f} to {one.memory.last:.1f} ({one.memory.tolerance:.1f})"
            for one in outcomes
        ],
        "its descriptors (tolerance)": [
            f"{one.descriptors.first:.1f} to {one.descriptors.last:.1f}"
            f" ({one.descriptors.tolerance:.0f})"
            for one in outcomes
        ],
        "minutes": [f"{one.seconds / 60:.1f}" for one in outcomes],
    }
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return "\n".join([*lines, *(f"| {what} | {' | '.join(each)} |" for what, each in rows.items())])
