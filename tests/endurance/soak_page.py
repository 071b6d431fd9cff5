"""The soak's part of the page."""

from typing import Final

from endurance.soak import RATE, Outcome
from endurance.vitals import WARM_UP, Trend

TEXT: Final = """\
    {command}

**{hours:.1f} hours** of the venue's clock in {minutes:.1f} minutes, and {leaps} more that leapt by.
Venue and customers are two processes in which all of Python's clocks run {rate:g} times as fast:
every ping, heartbeat, idle rule, token and timeout of that time really came due, on real sockets,
in the code of every day. What is not compressed: the system's own timeouts, and the work itself, so
that a pause of this machine counts {rate:g} times too (some links are lost to that, beside those
that faults take). By an order to the control API sessions and tokens became an hour older in each
of the {rounds} rounds, so that the cut after 24 hours came several times.

Each round: a storm of connections, guests at each venue with new keys that are revoked while they
are there, publications, notifications added and withdrawn, and a fault at one of the venues, which
ends.

| what happened | how often |
|---|---|
| sessions admitted by the venue | {admitted:,} |
{done}

What held: all {sessions} sessions that stay, two at each venue, were live at the end of every
round; the venue counted no failure and wrote nothing on standard error; and nothing grew. After
each round, when only they were left, both processes were measured. A line through that, without the
first {warm_up:.0%}:

| | venue | customers |
|---|---|---|
| memory, MB (it may rise by) | {venue_memory} | {customers_memory} |
| descriptors (they may rise by) | {venue_descriptors} | {customers_descriptors} |
"""


def is_well(outcome: Outcome) -> list[str]:
    """What is not as it should be."""
    found = list(outcome.objections)
    for who in ("venue", "customers"):
        for what, trend in zip(("memory", "descriptors"), getattr(outcome, who), strict=True):
            if not trend.is_flat:
                found.append(f"{who}: {what} rose from {trend.first:.1f} to {trend.last:.1f}")
    return found


def part(command: str, outcome: Outcome) -> str:
    done = [f"| {what} | {count:,} |" for what, count in sorted(outcome.done.items())]
    return TEXT.format(
        command=command,
        hours=outcome.hours,
        minutes=outcome.minutes,
        leaps=outcome.done.get("hours that leapt by", 0),
        rate=RATE,
        rounds=outcome.rounds,
        admitted=outcome.admitted,
        done="\n".join(done),
        sessions=outcome.sessions,
        warm_up=WARM_UP,
        venue_memory=_said(outcome.venue[0]),
        customers_memory=_said(outcome.customers[0]),
        venue_descriptors=_said(outcome.venue[1]),
        customers_descriptors=_said(outcome.customers[1]),
    )


def _said(trend: Trend) -> str:
    return f"{trend.first:.1f} to {trend.last:.1f} ({trend.tolerance:.1f})"
