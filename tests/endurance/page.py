"""docs/explanation/endurance.md: what the campaigns against the running local venue have shown.

Law 1: every figure in it is counted by a run that anybody can repeat; the command stands beside it.
Law 2: each campaign writes its own part and leaves the others as they are.
"""

from pathlib import Path
from typing import Final, Literal, TypeAlias

Part: TypeAlias = Literal["fuzz", "attack", "soak"]

PAGE: Final = Path(__file__, "../../../docs/explanation/endurance.md").resolve()
TITLES: Final[dict[Part, str]] = {
    "fuzz": "Frames and requests without sense",
    "attack": "Attackers beside a probe",
    "soak": "Twelve hours of a team's venue",
}
HEAD: Final = """\
# Endurance

What campaigns against the running local venue have shown, in figures: `venuewire serve` in a
process of its own, real sockets on loopback, clients in other processes. Each part is written by
the command in it, at full size; smaller runs of the same command only tell. A short run of each is
in the tests (`tests/endurance`).
"""
NOT_YET: Final = "Not run yet."


def written(page: str, part: Part, text: str) -> str:
    """The page with this part replaced."""
    parts = {**parts_of(page), part: text.strip("\n")}
    body = [f"## {title}\n\n{parts[name]}\n" for name, title in TITLES.items()]
    return "\n".join([HEAD, *body])


def parts_of(page: str) -> dict[Part, str]:
    """What stands there of each campaign."""
    found: dict[Part, str] = dict.fromkeys(TITLES, NOT_YET)
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        found |= {name: text.strip("\n") for name, each in TITLES.items() if each == title}
    return found


def write(part: Part, text: str) -> None:
    before = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(written(before, part, text))
