"""The attacks' part of the page."""

from collections.abc import Sequence
from typing import Final

from endurance.attack import BOUND, MEMORY, SECONDS, Outcome

TEXT: Final = """\
    {command}

**{count} attacks**, each of {seconds:g} s against a venue of its own with its default limits, by a
process of its own. The probe is an honest session in a third process that pings every 2 ms; each of
its pings was answered, 99 of 100 **within {worst:.0f} ms** even beside the worst (the bound is
{bound:.0f} ms). All three processes share two cores, and the attackers take what they can get of
them. Attackers come back as often as they are thrown out.

{table}

What held, beside the bound: the venue's process lived, counted no failure of its own, wrote nothing
on standard error, never held more than {memory:.0f} MB, and was rid of all attackers afterwards.
"""


def is_well(outcome: Outcome) -> list[str]:
    """What is not as it should be."""
    found = list(outcome.objections)
    if outcome.latencies[1] > BOUND:
        found.append(f"the 99th of 100 pings took {outcome.latencies[1] * 1000:.0f} ms")
    return [f"{outcome.attack}: {each}" for each in found]


def part(command: str, outcomes: Sequence[Outcome]) -> str:
    return TEXT.format(
        command=command,
        count=len(outcomes) - 1,
        seconds=SECONDS,
        worst=max(one.latencies[1] for one in outcomes) * 1000,
        bound=BOUND * 1000,
        memory=MEMORY / 2**20,
        table=table(outcomes),
    )


def table(outcomes: Sequence[Outcome]) -> str:
    lines = [
        "| attack | attackers | what they did | pings | median, 99th of 100, longest | memory |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        done = ", ".join(f"{count:,} {what}" for what, count in one.done.items() if count)
        times = ", ".join(f"{each * 1000:.1f}" for each in one.latencies)
        lines.append(
            f"| {one.attack} | {one.attackers:,} | {done} | {one.pings:,}"
            f" | {times} ms | {one.memory / 2**20:.0f} MB |"
        )
    return "\n".join(lines)
